"""Why the policy of an author's domain did not count for a recipient (RFC 7489 §6.7, RFC 9990 §3.1.6)."""

from mox.delivery.received import Judged
from mox.filtering import Reason
from mox.verification import Verification
from moxkit import dmarc

__all__ = ["overrides_of"]


def overrides_of(found: Verification, judged: Judged) -> tuple[str, ...]:
    """Return the words of reports for it (RFC 7489 appendix C); none if DMARC asked for nothing."""
    result = found.dmarc
    if result is None or result.status is not dmarc.Status.FAIL:
        return ()
    if result.published_policy is dmarc.Policy.NONE:
        return ()
    overrides = []
    if judged.verdict.reason == Reason.LIST_ALLOW:
        overrides.append("mailing_list")
    if any(fact.check == "forward" for fact in judged.verdict.facts):
        overrides.append("forwarded")
    if not result.use:
        overrides.append("sampled_out")
    return tuple(overrides)
