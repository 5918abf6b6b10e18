"""What sessions are in TLS reports: a success here and a failure there (RFC 8460 §4.3, §4.4)."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from mox.outgoing import KnownPolicy, Session, results_of
from moxkit import dane
from moxkit.dns import Tlsa
from moxkit.domain import parse_domain
from moxkit.mtasts import parse_policy
from moxkit.smtpclient import TlsFailure, Verification
from moxkit.tlsrpt import Policy, PolicyResult

DOMAIN, HOST = parse_domain("other.example"), parse_domain("mx.other.example")
TEXT = "version: STSv1\r\nmode: enforce\r\nmx: *.other.example\r\nmax_age: 86400\r\n"
STS = KnownPolicy(parse_policy(TEXT.encode()), TEXT)
NOTHING = KnownPolicy(parse_policy(b"version: STSv1\nmode: none\nmax_age: 86400\n"))
NONE = dane.Found(dane.Status.NONE)
USABLE = dane.Found(dane.Status.USABLE, (Tlsa(3, 1, 1, b"\xab\xcd"),), HOST, (HOST,))
ADDRESS = ip_address("192.0.2.1")
EXPIRED = TlsFailure(
    "certificate-expired",
    ADDRESS,
    judged_by=Verification.WEBPKI,
    local_address="192.0.2.9",
    server_name="mx.other.example",
)
MISMATCH = TlsFailure("validation-failure", ADDRESS, "no match", True, judged_by=Verification.DANE)
ALERT = TlsFailure("validation-failure", ADDRESS, "tls-remote-alert-handshake_failure")
PLAIN = TlsFailure("starttls-not-supported", ADDRESS)


def session(*failures: TlsFailure, sts: KnownPolicy = KnownPolicy(), found: dane.Found = NONE) -> Session:  # noqa: B008  frozen
    is_encrypted = not any(each.judged_by is Verification.NONE or each.mattered for each in failures)
    return Session(DOMAIN, HOST, sts, found, failures, is_encrypted)


def counts(each: Session) -> dict[str, tuple[int, int, list[tuple[str, int]]]]:
    return {
        noted.result.policy.type: (
            noted.result.successful_sessions,
            noted.result.failed_sessions,
            [(failure.result_type, failure.failed_sessions) for failure in noted.result.failures],
        )
        for noted in results_of(each)
    }


def test_results_name_the_policy_and_whose_it_is() -> None:
    of_domain, of_host = results_of(session(sts=STS, found=USABLE))
    assert (of_domain.policy_domain, of_domain.recipient_domain, of_domain.is_host) == (
        "other.example",
        "other.example",
        False,
    )
    assert of_domain.result == PolicyResult(
        Policy("sts", "other.example", tuple(TEXT.split("\r\n")[:-1]), ("*.other.example",)), 1
    )
    assert (of_host.policy_domain, of_host.recipient_domain, of_host.is_host) == (
        "mx.other.example",
        "other.example",
        True,
    )
    assert of_host.result == PolicyResult(Policy("tlsa", "mx.other.example", ("3 1 1 abcd",)), 1)


def test_without_policies_both_count_the_same() -> None:
    assert [noted.result for noted in results_of(session())] == [
        PolicyResult(Policy("no-policy-found", "other.example"), 1),
        PolicyResult(Policy("no-policy-found", "mx.other.example"), 1),
    ]


def test_failures_say_where_they_were_seen() -> None:
    noted, _ = results_of(session(EXPIRED, sts=STS))
    [failure] = noted.result.failures
    assert (failure.sending_mta_ip, failure.receiving_ip) == ("192.0.2.9", "192.0.2.1")
    assert (failure.receiving_mx_hostname, failure.receiving_mx_helo) == ("mx.other.example",) * 2


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        # An authority's judgement is about MTA-STS, a record's about DANE.
        (
            session(EXPIRED, sts=STS, found=USABLE),
            {"sts": (0, 1, [("certificate-expired", 1)]), "tlsa": (1, 0, [])},
        ),
        (session(MISMATCH, sts=STS, found=USABLE), {"tlsa": (0, 1, [("validation-failure", 1)])}),
        # TLS that does not work is everybody's.
        (
            session(ALERT, sts=STS, found=USABLE),
            {"sts": (0, 1, [("validation-failure", 1)]), "tlsa": (0, 1, [("validation-failure", 1)])},
        ),
        # Who promises nothing has not failed without TLS, and may hear of it.
        (session(PLAIN), {"no-policy-found": (0, 0, [("starttls-not-supported", 0)])}),
        (
            session(PLAIN, found=USABLE),
            {
                "no-policy-found": (0, 0, [("starttls-not-supported", 0)]),
                "tlsa": (0, 1, [("starttls-not-supported", 1)]),
            },
        ),
        # Records that are of no use, or cannot be had (RFC 8460 §4.3.2.1).
        (
            session(found=dane.Found(dane.Status.UNUSABLE, base=HOST)),
            {"no-policy-found": (1, 0, []), "tlsa": (0, 1, [("tlsa-invalid", 1)])},
        ),
        (
            replace(session(found=dane.Found(dane.Status.TEMPERROR)), is_encrypted=False),
            {"tlsa": (0, 1, [("dnssec-invalid", 1)])},
        ),
        # Policies likewise (RFC 8460 §4.3.2.2).
        *(
            (
                replace(session(sts=KnownPolicy(report=report))),
                {"sts": (0, 1, [(report, 1)]), "no-policy-found": (1, 0, [])},
            )
            for report in ("sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid")
        ),
        (
            replace(session(sts=STS), sts_mismatch=True),
            {"sts": (0, 1, [("validation-failure", 1)]), "no-policy-found": (1, 0, [])},
        ),
        # A policy that asks for nothing (RFC 8461 §5).
        (session(PLAIN, sts=NOTHING), {"no-policy-found": (0, 0, [("starttls-not-supported", 0)])}),
        # A host that was not reached says nothing of TLS.
        (replace(session(), is_encrypted=False), {}),
    ],
)
def test_what_counts_under_which_policy(
    seen: Session, expected: dict[str, tuple[int, int, list[tuple[str, int]]]]
) -> None:
    assert counts(seen) == expected
