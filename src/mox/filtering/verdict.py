"""What becomes of a message for one recipient, and every fact that led there."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Fact", "Outlook", "Reason", "Verdict"]


class Reason(StrEnum):
    """What decided, apart from the methods of reputation; stands in a header and in metrics."""

    HIGH_RATE = "high-rate"
    LIST_ALLOW = "list-allow"
    DMARC_POLICY = "dmarc-policy"
    MSG_AUTH_REQUIRED = "msg-auth-required"
    REPORTING = "reporting"
    SPF_POLICY = "spf-policy"
    IPREV = "iprev"
    SUBJECTPASS = "subjectpass"
    GIVE_SUBJECTPASS = "give-subjectpass"
    JUNK_CONTENT = "junk-content"
    JUNK_CONTENT_STRICT = "junk-content-strict"
    DNS_BLOCKLISTED = "dns-blocklisted"
    NO_BAD_SIGNALS = "no-bad-signals"


class Outlook(StrEnum):
    """What a fact speaks for."""

    GOOD = "good"
    BAD = "bad"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was looked at.

    Attributes:
        check: What was looked at, in a word or two.
        outlook: What it speaks for.
        text: What was seen, for people; holds the limit where there is one.
        decided: Nothing after it was looked at.
    """

    check: str
    outlook: Outlook
    text: str
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision.

    Attributes:
        accepts: The message is taken, and filed in `mailbox`.
        mailbox: Where it goes; also if a ruleset takes what would be refused.
        meant_for: Where it would go if its sender were known; differs from `mailbox` in Introbox.
        reason: What decided.
        code: Of the reply; 250 if it is accepted.
        text: Of the reply. Senders of junk learn little from it.
        facts: All that was looked at, in order.
        is_reject: It would have been refused, but a ruleset takes it.
        nearest: What would have made the decision another one; empty if nothing simple would.
    """

    accepts: bool
    mailbox: str
    meant_for: str
    reason: str
    code: int
    enhanced: str
    text: str
    facts: tuple[Fact, ...]
    is_reject: bool = False
    nearest: tuple[str, ...] = ()

    def trace(self) -> tuple[dict[str, object], ...]:
        """Return the decision as it is stored with the message."""
        steps: list[dict[str, object]] = [
            {
                "check": fact.check,
                "outlook": str(fact.outlook),
                "text": fact.text,
                **({"decided": True} if fact.decided else {}),
            }
            for fact in self.facts
        ]
        result = "accept" if self.accepts else "refuse"
        steps.append(
            {"check": "verdict", "result": result, "reason": self.reason, "nearest": list(self.nearest)}
        )
        return tuple(steps)
