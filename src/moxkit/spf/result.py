"""What an evaluation says: the words of RFC 7208 §2.6, and the value that carries them."""

from dataclasses import dataclass
from enum import StrEnum

from moxkit.domain import Domain

__all__ = ["Identity", "Result", "Status"]


class Status(StrEnum):
    """Result of an evaluation (RFC 7208 §2.6, RFC 8601 §2.7.2)."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105  a word of the RFC
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Identity(StrEnum):
    """Whose domain was evaluated (RFC 7208 §2.3, §2.4)."""

    MAILFROM = "mailfrom"
    HELO = "helo"


@dataclass(frozen=True, slots=True)
class Result:
    """What SPF says about a sender.

    Attributes:
        domain: What was evaluated; None when there was none to evaluate.
        mechanism: That matched, as written in the record and without qualifier (``ip4:192.0.2.0/24``);
            ``default`` when none did, empty when it did not come to that.
        problem: Why there is no better result, for people; empty when there is no problem.
        explanation: What the domain has to say about a fail (RFC 7208 §6.2): printable ASCII, at most 800
            characters, and a stranger's words; empty when there is none.
        authentic: Whether DNSSEC has validated everything that `status` rests on.
    """

    status: Status
    identity: Identity
    domain: Domain | None
    mechanism: str = ""
    problem: str = ""
    explanation: str = ""
    authentic: bool = False
