"""The outcome of validating a chain."""

from dataclasses import dataclass
from enum import StrEnum

from moxkit import dkim
from moxkit.arc.sets import ArcSet
from moxkit.arc.status import Status

__all__ = ["Problem", "ProblemKind", "Result"]


class ProblemKind(StrEnum):
    """Why a chain failed, in the order of the checks (RFC 8617 §5.2)."""

    TOO_LARGE = "too-large"
    TOO_MANY_SETS = "too-many-sets"
    SYNTAX = "syntax"
    CHAIN_FAILED = "chain-failed"
    STRUCTURE = "structure"
    MESSAGE_SIGNATURE = "message-signature"
    SEAL = "seal"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason for failing.

    Attributes:
        kind: For programs.
        text: For people.
        instance: Of the set that has it; None if it is no single one.
        cause: What is wrong with the signature, where one did not pass.
    """

    kind: ProblemKind
    text: str
    instance: int | None = None
    cause: dkim.Problem | None = None

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the chain of a message.

    Attributes:
        status: Whether the sets can be believed; ``fail`` counts as no chain at all.
        sets: The sets from the first to the last; with ``fail`` only if they could be told apart.
        oldest_pass: Since which instance the message is unchanged, 0 for ever; None unless ``pass``.
        authentic: Whether the keys of all seals and of the last message signature came with DNSSEC.
        problem: Why the status is ``fail``.
        highest_instance: The highest instance number that is there, also in a broken chain.
    """

    status: Status
    sets: tuple[ArcSet, ...] = ()
    oldest_pass: int | None = None
    authentic: bool = False
    problem: Problem | None = None
    highest_instance: int = 0
