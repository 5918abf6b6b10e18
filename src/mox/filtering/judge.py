"""From evidence to a verdict: the checks in order, and what would have changed it. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from mox.filtering.checks import CHECKS, Decision, Wanted, content_limit
from mox.filtering.evidence import Evidence, PassToken, Reputation
from mox.filtering.verdict import Fact, Verdict

__all__ = ["judge"]

_ACCEPTED = (250, "2.1.5", "delivered")


def judge(evidence: Evidence) -> Verdict | Wanted:
    """Judge a message for one recipient.

    Returns:
        The verdict, or what has to be gathered first; then judge again.
    """
    found = _run(evidence)
    if isinstance(found, Wanted):
        return found
    facts, decision = found
    mailbox, meant_for = _mailbox(evidence)
    accepts, is_reject = decision.reply is None, False
    ruleset = evidence.placement.ruleset
    if not accepts and ruleset is not None and ruleset.accept_rejects_to_mailbox:
        accepts = is_reject = True
        mailbox = ruleset.accept_rejects_to_mailbox
    code, enhanced, text = decision.reply if decision.reply is not None and not accepts else _ACCEPTED
    return Verdict(
        accepts=accepts,
        mailbox=mailbox,
        meant_for=meant_for,
        reason=str(decision.reason),
        code=code,
        enhanced=enhanced,
        text=text,
        facts=facts,
        is_reject=is_reject,
        nearest=tuple(_nearest(evidence, accepts=decision.reply is None)),
    )


def _run(evidence: Evidence) -> tuple[tuple[Fact, ...], Decision] | Wanted:
    facts: list[Fact] = []
    for check in CHECKS:
        said = check(evidence)
        if isinstance(said, Wanted):
            return said
        if isinstance(said, Decision):
            return (*facts, replace(said.fact, decided=True)), said
        if said is not None:
            facts.append(said)
    raise AssertionError("the last check decides")


def _mailbox(evidence: Evidence) -> tuple[str, str]:
    """Return where the message goes, and where it would go if the sender were known."""
    meant_for, known = evidence.placement.mailbox, evidence.reputation
    is_stranger = known is not None and known.method not in {"msgfromfull", "msgtofull"}
    if (
        evidence.settings.introbox
        and meant_for.lower() == "inbox"
        and is_stranger
        and not evidence.placement.is_forward
        and not evidence.report
    ):
        return evidence.settings.introbox, meant_for
    return meant_for, meant_for


# --- what would have changed it

# What costs much is not gathered for this alone.
_NOT_LOOKED_AT = frozenset({Wanted.CONTENT, Wanted.LISTINGS})

_KNOWN_FRIEND = Reputation("msgtofull", False, True, "")


def _nearest(evidence: Evidence, *, accepts: bool) -> Iterator[str]:
    """Yield in words which single facts, had they been others, would have turned the decision."""
    for text, change in _CHANGES if not accepts else _CHANGES_OF_ACCEPTED:
        other = change(evidence)
        if other is None or other == evidence:
            continue
        found = _run(other)
        if isinstance(found, Wanted):
            if found in _NOT_LOOKED_AT and not accepts:
                yield f"{text}, unless its words or block lists speak against it"
        elif (found[1].reply is None) is not accepts:
            yield text
    yield from _nearest_probability(evidence, accepts=accepts)


def _nearest_probability(evidence: Evidence, *, accepts: bool) -> Iterator[str]:
    content = evidence.content
    if content is None or evidence.settings.junk_threshold is None:
        return
    limit, _ = content_limit(evidence)
    probability = limit if not accepts else min(1.0, limit + 0.01)
    other = replace(evidence, content=replace(content, probability=probability, is_significant=True))
    found = _run(other)
    if not isinstance(found, Wanted) and (found[1].reply is None) is not accepts:
        yield (
            f"{'refused' if accepts else 'accepted'} if the junk probability were "
            f"{'above' if accepts else 'at most'} {limit:.2f} instead of {content.probability:.2f}"
        )


def _vouched_for(evidence: Evidence) -> Evidence:
    sender = replace(evidence.sender, is_author_validated=True, dmarc="pass", dmarc_rejects=False)
    return replace(evidence, sender=sender)


def _with_spf(evidence: Evidence, spf: str) -> Evidence:
    return replace(evidence, sender=replace(evidence.sender, spf=spf))


def _unlisted(evidence: Evidence) -> Evidence | None:
    if evidence.listings is None:
        return None
    return replace(evidence, listings=tuple(replace(each, is_listed=False) for each in evidence.listings))


Change = Callable[[Evidence], Evidence | None]

_CHANGES: tuple[tuple[str, Change], ...] = (
    ("accepted if DKIM or SPF had passed for the domain in From", _vouched_for),
    ("accepted if SPF had passed", lambda e: _with_spf(e, "pass")),
    (
        "accepted if the client's address had a name",
        lambda e: replace(e, sender=replace(e.sender, has_reverse_name=True)),
    ),
    ("accepted if it had come over TLS", lambda e: replace(e, sender=replace(e.sender, is_tls=True))),
    (
        "accepted if the recipient stood in To or Cc",
        lambda e: replace(e, recipient=replace(e.recipient, is_named=True)),
    ),
    ("accepted if the client were on no block list", _unlisted),
    ("accepted if the subject had a valid token", lambda e: replace(e, pass_token=PassToken.VALID)),
    ("accepted if you had written to the sender before", lambda e: replace(e, reputation=_KNOWN_FRIEND)),
)
_CHANGES_OF_ACCEPTED: tuple[tuple[str, Change], ...] = (
    ("refused if SPF had failed", lambda e: _with_spf(e, "fail")),
    (
        "refused if DMARC asked for it",
        lambda e: replace(e, sender=replace(e.sender, dmarc="fail", dmarc_rejects=True)),
    ),
)
