"""DANE, MTA-STS and REQUIRETLS together: a table of what each combination asks for."""

from datetime import timedelta

import pytest

from moxkit import dane
from moxkit.dns import Tlsa
from moxkit.domain import parse_domain
from moxkit.mtasts import Mode, Policy
from moxkit.smtpclient import Refused, TlsPolicy, TlsUse, Verification, decide_tls

HOST = parse_domain("mx.mox.example")
RECORD = Tlsa(3, 1, 1, bytes(32))
NONE = dane.Found(dane.Status.NONE)
USABLE = dane.Found(dane.Status.USABLE, (RECORD,), HOST, (HOST, parse_domain("mox.example")))
UNUSABLE = dane.Found(dane.Status.UNUSABLE, base=HOST, names=(HOST,))
BROKEN = dane.Found(dane.Status.TEMPERROR, problem="servfail")


def sts(mode: Mode, mx: str = "mx.mox.example") -> Policy:
    return Policy(mode, timedelta(days=1), (mx,))


REQUIRED, OPPORTUNISTIC = TlsUse.REQUIRED, TlsUse.OPPORTUNISTIC
ENFORCE, TESTING, OTHER = sts(Mode.ENFORCE), sts(Mode.TESTING), sts(Mode.ENFORCE, "other.example")


@pytest.mark.parametrize(
    ("found", "policy", "requires_tls", "use", "verification"),
    [
        (NONE, None, None, OPPORTUNISTIC, Verification.NONE),
        (NONE, TESTING, None, OPPORTUNISTIC, Verification.NONE),
        (NONE, sts(Mode.NONE), None, OPPORTUNISTIC, Verification.NONE),
        (NONE, ENFORCE, None, REQUIRED, Verification.WEBPKI),
        (NONE, ENFORCE, True, REQUIRED, Verification.WEBPKI),
        (USABLE, None, None, REQUIRED, Verification.DANE),
        (USABLE, ENFORCE, None, REQUIRED, Verification.DANE),
        (USABLE, None, True, REQUIRED, Verification.DANE),
        (UNUSABLE, None, None, REQUIRED, Verification.NONE),
        (UNUSABLE, ENFORCE, None, REQUIRED, Verification.WEBPKI),
        # RFC 8689 §5: the sender would rather have it delivered.
        (NONE, OTHER, False, OPPORTUNISTIC, Verification.NONE),
        (USABLE, ENFORCE, False, OPPORTUNISTIC, Verification.NONE),
        (BROKEN, None, False, OPPORTUNISTIC, Verification.NONE),
    ],
)
def test_what_is_asked_for(
    found: dane.Found,
    policy: Policy | None,
    requires_tls: bool | None,
    use: TlsUse,
    verification: Verification,
) -> None:
    decided = decide_tls(HOST, found=found, sts=policy, requires_tls=requires_tls)
    assert isinstance(decided, TlsPolicy)
    assert (decided.use, decided.verification) == (use, verification)
    assert decided.names[0] == HOST


@pytest.mark.parametrize(
    ("found", "policy", "requires_tls", "permanent", "enhanced", "report"),
    [
        (BROKEN, None, None, False, "4.7.5", "dnssec-invalid"),
        (BROKEN, ENFORCE, True, False, "4.7.5", "dnssec-invalid"),
        (NONE, OTHER, None, False, "4.7.5", "validation-failure"),
        (USABLE, OTHER, None, False, "4.7.5", "validation-failure"),
        (NONE, None, True, True, "5.7.30", ""),
        (NONE, TESTING, True, True, "5.7.30", ""),
        (UNUSABLE, None, True, True, "5.7.30", ""),
    ],
)
def test_what_is_refused(
    found: dane.Found,
    policy: Policy | None,
    requires_tls: bool | None,
    permanent: bool,
    enhanced: str,
    report: str,
) -> None:
    decided = decide_tls(HOST, found=found, sts=policy, requires_tls=requires_tls)
    assert isinstance(decided, Refused)
    assert (decided.is_permanent, decided.enhanced, decided.report) == (permanent, enhanced, report)
    assert decided.text


def test_a_policy_in_testing_only_reports_a_host_it_does_not_name() -> None:
    decided = decide_tls(HOST, found=NONE, sts=sts(Mode.TESTING, "other.example"))
    assert isinstance(decided, TlsPolicy)
    assert decided.sts_mismatch
