"""The checks of a message, in their order (reference junk-and-reputation.md §1): each pure, each small.

A check says what it saw (a `Fact`), decides (a `Decision`), or asks for evidence that was not gathered yet
(`Wanted`): what costs something is only paid for senders that nothing cheaper decided on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mox.filtering.evidence import Evidence, PassToken
from mox.filtering.verdict import Fact, Outlook, Reason

__all__ = ["CHECKS", "Decision", "Said", "Wanted"]

_MB = 1 << 20
# Of messages, and of octets, for each class of network.
_MESSAGES_A_MINUTE, _MESSAGES_A_DAY = (500, 1500, 4500), (10_000, 30_000, 90_000)
_OCTETS_A_MINUTE, _OCTETS_A_DAY = (
    (1000 * _MB, 3000 * _MB, 9000 * _MB),
    (3000 * _MB, 9000 * _MB, 27_000 * _MB),
)
# Where nothing is known of the author or of whom the author writes through.
_WEAK_METHODS = frozenset({"dkimspf", "ip1", "ip2", "ip3", "none"})
# Mail that has something against it has to be less like junk.
_STRICT_THRESHOLD = 0.25
_VAGUE = (451, "4.3.0", "error processing, try again later")


class Wanted(StrEnum):
    """Evidence that a check asks for; names of fields of `Evidence`."""

    RATES = "rates"
    REPUTATION = "reputation"
    CONTENT = "content"
    LISTINGS = "listings"


@dataclass(frozen=True, slots=True)
class Decision:
    """The end.

    Attributes:
        reply: Code, enhanced code and text; None: accepted.
    """

    reason: str
    reply: tuple[int, str, str] | None
    fact: Fact


Said = Fact | Decision | Wanted | None
Check = Callable[[Evidence], Said]


def _good(check: str, text: str) -> Fact:
    return Fact(check, Outlook.GOOD, text)


def _bad(check: str, text: str) -> Fact:
    return Fact(check, Outlook.BAD, text)


def _neutral(check: str, text: str) -> Fact:
    return Fact(check, Outlook.NEUTRAL, text)


def _accept(reason: str, fact: Fact) -> Decision:
    return Decision(reason, None, fact)


def check_rates(evidence: Evidence) -> Said:
    """How much came from where this comes from."""
    if not evidence.sender.networks:
        return None
    if evidence.rates is None:
        return Wanted.RATES
    for period, seen, most_messages, most_octets in (
        ("minute", evidence.rates.minute, _MESSAGES_A_MINUTE, _OCTETS_A_MINUTE),
        ("day", evidence.rates.day, _MESSAGES_A_DAY, _OCTETS_A_DAY),
    ):
        for network, (messages, octets), most, largest in zip(
            evidence.sender.networks, seen, most_messages, most_octets, strict=True
        ):
            if messages >= most or octets + evidence.size > largest:
                text = f"{messages} messages from {network.value} in the last {period}, the most is {most}"
                reply = (452, "4.2.2", "too much mail from your network, try again later")
                return Decision(Reason.HIGH_RATE, reply, _bad("rate", text))
    return None


def check_list(evidence: Evidence) -> Said:
    """A mailing list that a ruleset trusts."""
    placement = evidence.placement
    if not placement.is_list or placement.ruleset is None:
        return None
    domain = placement.ruleset.list_allow_domain
    return _accept(Reason.LIST_ALLOW, _good("list", f"from {domain}, which a ruleset trusts as a list"))


def check_forward(evidence: Evidence) -> Said:
    """Mail that a trusted forwarder sends on."""
    if not evidence.placement.is_forward:
        return None
    return _neutral("forward", "forwarded, as a ruleset says: DMARC, network and forwarder do not count")


def check_dmarc(evidence: Evidence) -> Said:
    """What the author's domain asks for."""
    sender = evidence.sender
    if sender.dmarc_rejects:
        text = f"{sender.author_domain} asks to refuse mail that it does not vouch for"
        reply = (550, "5.7.26", "rejecting per DMARC policy of the domain in From")
        return Decision(Reason.DMARC_POLICY, reply, _bad("dmarc", text))
    if sender.dmarc == "pass":
        return _good("dmarc", f"{sender.author_domain} vouches for it")
    if sender.dmarc == "none":
        return _neutral("dmarc", "the author's domain has no policy")
    return _bad("dmarc", f"result {sender.dmarc}")


def check_required_authentication(evidence: Evidence) -> Said:
    """A destination that takes authenticated mail only."""
    text = evidence.recipient.destination.message_auth_required_smtp_error
    if not text or evidence.sender.is_author_validated:
        return None
    fact = _bad("authentication", "the address takes mail with aligned SPF or DKIM only")
    if evidence.sender.dmarc == "temperror":
        reply = (451, "4.7.26", f"authentication could not be checked for now: {text}")
    else:
        reply = (550, "5.7.26", text)
    return Decision(Reason.MSG_AUTH_REQUIRED, reply, fact)


def check_reputation(evidence: Evidence) -> Said:
    """What earlier mail says of the sender."""
    known = evidence.reputation
    if known is None:
        return Wanted.REPUTATION
    text = f"{known.text} ({known.method}, {'conclusive' if known.is_conclusive else 'inconclusive'})"
    if known.is_junk is None:
        return _neutral("reputation", text)
    fact = _bad("reputation", text) if known.is_junk else _good("reputation", text)
    if not known.is_conclusive:
        return fact
    return Decision(known.method, _VAGUE if known.is_junk else None, fact)


def check_report(evidence: Evidence) -> Said:
    """A report about mail authentication, to an address for these."""
    if evidence.report is None:
        return None
    if evidence.report:
        return _accept(Reason.REPORTING, _good("report", "a valid report, to an address that takes reports"))
    return _bad("report", "the address takes reports, and this is none that can be used")


def _is_weakly_known(evidence: Evidence) -> bool:
    return evidence.reputation is not None and evidence.reputation.method in _WEAK_METHODS


def check_spf(evidence: Evidence) -> Said:
    """What the return path's domain says of the client."""
    spf = evidence.sender.spf
    if spf not in {"fail", "softfail"}:
        return _good("spf", "result pass") if spf == "pass" else _neutral("spf", f"result {spf}")
    fact = _bad("spf", f"result {spf}: the domain does not send from there")
    return Decision(Reason.SPF_POLICY, _VAGUE, fact) if _is_weakly_known(evidence) else fact


def _has_no_name(evidence: Evidence) -> bool:
    # Of forwarded mail the client is not the sender's.
    sender = evidence.sender
    return bool(sender.networks) and not sender.has_reverse_name and _is_weakly_known(evidence)


def check_reverse_name(evidence: Evidence) -> Said:
    """Whether the client's address has a name."""
    if evidence.sender.has_reverse_name:
        return _good("reverse name", "the address has a name that leads back to it")
    if not evidence.sender.networks:
        return None
    fact = _bad("reverse name", "the address has no name that leads back to it")
    known = evidence.reputation
    if _is_weakly_known(evidence) and known is not None and known.is_junk:
        return Decision(Reason.IPREV, _VAGUE, fact)
    return fact


def check_subject_pass(evidence: Evidence) -> Said:
    """A word in the subject that was given to a sender who was refused."""
    if not evidence.settings.subject_pass or evidence.pass_token is PassToken.ABSENT:
        return None
    if evidence.pass_token is PassToken.VALID:
        return _accept(Reason.SUBJECTPASS, _good("subject pass", "the subject has a valid token"))
    return _bad("subject pass", f"the token in the subject is {evidence.pass_token}")


def content_limit(evidence: Evidence) -> tuple[float, str]:
    """Return the probability from which mail is junk, and why it is lower than usual, if it is."""
    limit = evidence.settings.junk_threshold or 0.0
    why = ""
    if _has_no_name(evidence):
        why = "the client has no name"
    elif not evidence.sender.is_tls:
        why = "it came without TLS"
    elif not evidence.placement.is_forward and not evidence.recipient.is_named:
        why = "the recipient is neither in To nor in Cc"
    if not why or limit <= _STRICT_THRESHOLD:
        return limit, ""
    return _STRICT_THRESHOLD, why


def check_content(evidence: Evidence) -> Said:
    """What the words are like."""
    if evidence.settings.junk_threshold is None:
        return None
    content = evidence.content
    if content is None:
        return Wanted.CONTENT
    limit, why = content_limit(evidence)
    text = f"junk probability {content.probability:.2f}, limit {limit:.2f}"
    text += f" since {why}" if why else ""
    if content.words:
        text += ": " + ", ".join(f"{word} {probability:.2f}" for word, probability in content.words)
    if content.probability <= limit:
        return _good("content", text)
    if not content.is_significant and not _has_no_name(evidence):
        return _neutral("content", f"{text} (too few messages learned to count)")
    return _refuse_softly(
        evidence, Reason.JUNK_CONTENT_STRICT if why else Reason.JUNK_CONTENT, text, "content"
    )


def check_block_lists(evidence: Evidence) -> Said:
    """Whether a block list has the client; only of those that nothing else is known of."""
    if evidence.listings is None:
        return Wanted.LISTINGS if evidence.lists and evidence.sender.networks else None
    listed = next((listing for listing in evidence.listings if listing.is_listed), None)
    if listed is None:
        zones = ", ".join(listing.zone for listing in evidence.listings)
        return _good("block lists", f"not on {zones}") if zones else None
    text = f"on {listed.zone}" + (f": {listed.explanation}" if listed.explanation else "")
    return _refuse_softly(evidence, Reason.DNS_BLOCKLISTED, text, "block lists")


def _refuse_softly(evidence: Evidence, reason: Reason, text: str, check: str) -> Decision:
    """Refuse, or tell a real sender the way in."""
    fact, content = _bad(check, text), evidence.content
    known = evidence.reputation
    is_mild = reason is Reason.DNS_BLOCKLISTED or (
        content is not None and content.probability < (evidence.settings.junk_threshold or 0.0) - 0.2
    )
    if (
        evidence.settings.subject_pass
        and evidence.sender.dmarc == "pass"
        and known is not None
        and known.method == "none"
        and is_mild
    ):
        # The text is completed with a token by who can make one.
        return Decision(Reason.GIVE_SUBJECTPASS, (550, "5.7.1", ""), fact)
    return Decision(reason, _VAGUE, fact)


def accept(_evidence: Evidence) -> Said:
    """Nothing was found against it."""
    return _accept(Reason.NO_BAD_SIGNALS, _good("end", "nothing speaks against it"))


CHECKS: tuple[Check, ...] = (
    check_rates,
    check_list,
    check_forward,
    check_dmarc,
    check_required_authentication,
    check_reputation,
    check_report,
    check_spf,
    check_reverse_name,
    check_subject_pass,
    check_content,
    check_block_lists,
    accept,
)
