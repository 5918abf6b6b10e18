"""Adding results up: equal policies become one, equal failures one, and no count falls below zero."""

from collections.abc import Iterable
from dataclasses import replace

from moxkit.tlsrpt.report import FailureDetails, PolicyResult

__all__ = ["add", "merge"]


def add(
    result: PolicyResult,
    *,
    successful_sessions: int = 0,
    failed_sessions: int = 0,
    failures: Iterable[FailureDetails] = (),
) -> PolicyResult:
    """Add sessions to those of a policy.

    Args:
        result: What was counted so far.
        successful_sessions: More of them; negative to take back what turned out to have failed, as when the
            other side's alert comes after the handshake.
        failed_sessions: More of them, or fewer.
        failures: Their details; their counts are not added to `failed_sessions`, since a session can fail in
            several ways, and not have details (RFC 8460 §4.4).
    """
    return PolicyResult(
        result.policy,
        max(0, result.successful_sessions + successful_sessions),
        max(0, result.failed_sessions + failed_sessions),
        _sum_failures([*result.failures, *failures]),
    )


def merge(results: Iterable[PolicyResult]) -> tuple[PolicyResult, ...]:
    """Make one of all results with an equal policy, in the order in which policies come first."""
    groups: dict[object, list[PolicyResult]] = {}
    for result in results:
        groups.setdefault(result.policy, []).append(result)
    return tuple(map(_merge_group, groups.values()))


def _merge_group(results: list[PolicyResult]) -> PolicyResult:
    return add(
        PolicyResult(results[0].policy),
        successful_sessions=sum(result.successful_sessions for result in results),
        failed_sessions=sum(result.failed_sessions for result in results),
        failures=[failure for result in results for failure in result.failures],
    )


def _sum_failures(failures: Iterable[FailureDetails]) -> tuple[FailureDetails, ...]:
    counts: dict[FailureDetails, int] = {}
    for failure in failures:
        key = replace(failure, failed_sessions=0)
        counts[key] = counts.get(key, 0) + failure.failed_sessions
    return tuple(replace(key, failed_sessions=max(0, count)) for key, count in counts.items())
