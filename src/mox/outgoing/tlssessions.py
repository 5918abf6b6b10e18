"""What attempts to connect say about TLS, as results for TLS reports (RFC 8460 §4.3, §4.4). Pure.

Each session counts twice: under the policy of the recipient's domain (MTA-STS, or none), and under that of
the host (DANE, or none). What is a failure under one can be a success under the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mox.outgoing.stspolicies import KnownPolicy
from moxkit import dane, mtasts
from moxkit.domain import Domain
from moxkit.smtpclient import TlsFailure, Verification
from moxkit.tlsrpt import FailureDetails, Policy, PolicyResult, PolicyType, ResultType, add

__all__ = ["Noted", "Session", "results_of"]

_STS_REPORTS = frozenset({"sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid"})


@dataclass(frozen=True, slots=True)
class Session:
    """An attempt to connect to a host for a domain.

    Attributes:
        domain: Of the recipients.
        host: One of its mail hosts.
        sts: What the domain asks for.
        found: What DNS says of the host's certificates.
        failures: Of TLS on the way.
        is_encrypted: There is a connection with TLS.
        sts_mismatch: The policy does not name the host.
    """

    domain: Domain
    host: Domain
    sts: KnownPolicy
    found: dane.Found
    failures: tuple[TlsFailure, ...] = ()
    is_encrypted: bool = False
    sts_mismatch: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """A result, and whose it is.

    Attributes:
        policy_domain: Gets the report.
        recipient_domain: Whose mail it was about.
        is_host: The policy is that of a mail host.
        result: Counts of one session.
    """

    policy_domain: str
    recipient_domain: str
    is_host: bool
    result: PolicyResult


def results_of(session: Session) -> tuple[Noted, ...]:
    """Return what a session adds to the results of its domain and host; nothing if TLS was not reached."""
    domain, host = session.domain.ascii, session.host.ascii
    of_domain = _count(_domain_policy(session), list(_domain_failures(session)), session)
    of_host = _count(_host_policy(session), list(_host_failures(session)), session)
    noted = (Noted(domain, domain, False, of_domain), Noted(host, domain, True, of_host))
    return tuple(each for each in noted if each.result != PolicyResult(each.result.policy))


def _count(policy: Policy, failures: list[FailureDetails], session: Session) -> PolicyResult:
    failed = any(each.failed_sessions for each in failures)
    return add(
        PolicyResult(policy),
        # A DANE failure is none of the domain's policy; but then there is no session to count either.
        successful_sessions=int(session.is_encrypted and not failed),
        failed_sessions=int(failed),
        failures=failures,
    )


def _domain_policy(session: Session) -> Policy:
    policy = _asked(session)
    if policy is not None:
        strings = tuple(line for line in session.sts.text.splitlines() if line)
        return Policy(PolicyType.STS, session.domain.ascii, strings, policy.mx)
    kind = PolicyType.STS if session.sts.report in _STS_REPORTS else PolicyType.NONE
    return Policy(kind, session.domain.ascii)


def _asked(session: Session) -> mtasts.Policy | None:
    """Return the policy of the domain; one of mode none asks for nothing (RFC 8461 §5)."""
    policy = session.sts.policy
    return None if policy is None or policy.mode is mtasts.Mode.NONE else policy


def _host_policy(session: Session) -> Policy:
    if session.found.status is dane.Status.NONE:
        return Policy(PolicyType.NONE, session.host.ascii)
    strings = tuple(
        f"{record.usage} {record.selector} {record.matching_type} {record.data.hex()}"
        for record in session.found.records
    )
    return Policy(PolicyType.TLSA, session.host.ascii, strings)


def _domain_failures(session: Session) -> Iterator[FailureDetails]:
    if session.sts.report in _STS_REPORTS:
        yield _detail(session, session.sts.report)
    if session.sts_mismatch:
        yield _detail(session, ResultType.VALIDATION_FAILURE, "the policy does not name the host")
    is_bound = _asked(session) is not None
    for failure in session.failures:
        if failure.judged_by is not Verification.DANE:
            yield _of_failure(session, failure, is_bound=is_bound)


def _host_failures(session: Session) -> Iterator[FailureDetails]:
    match session.found.status:
        case dane.Status.TEMPERROR:
            yield _detail(session, ResultType.DNSSEC_INVALID)
        case dane.Status.UNUSABLE:
            yield _detail(session, ResultType.TLSA_INVALID)
        case dane.Status.NONE | dane.Status.USABLE:
            pass
    is_bound = session.found.status is not dane.Status.NONE
    for failure in session.failures:
        if failure.judged_by is not (Verification.WEBPKI if is_bound else Verification.DANE):
            yield _of_failure(session, failure, is_bound=is_bound)


def _detail(session: Session, result_type: str, reason: str = "") -> FailureDetails:
    return FailureDetails(
        result_type=result_type,
        failed_sessions=1,
        receiving_mx_hostname=session.host.ascii,
        reason_code=reason,
    )


def _of_failure(session: Session, failure: TlsFailure, *, is_bound: bool) -> FailureDetails:
    # Without a policy nobody has promised TLS: that there is none is worth telling, and no failed session.
    is_counted = is_bound or failure.result_type != ResultType.STARTTLS_NOT_SUPPORTED
    return FailureDetails(
        result_type=failure.result_type,
        failed_sessions=int(is_counted),
        sending_mta_ip=failure.local_address,
        receiving_mx_hostname=session.host.ascii,
        receiving_mx_helo=failure.server_name,
        receiving_ip=str(failure.address),
        reason_code=failure.reason,
    )
