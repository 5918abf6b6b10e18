"""The outcome for one signature field."""

from dataclasses import dataclass

from moxkit.dkim.problem import Problem, Status
from moxkit.dkim.record import Record
from moxkit.dkim.signature import Signature

__all__ = ["Result"]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one signature.

    Attributes:
        status: ``pass`` alone means that `signature.domain` takes responsibility for the message.
        signature: As parsed; None if the field could not be parsed.
        record: The key record, if one was found.
        authentic: Whether the answer about the key was validated with DNSSEC.
        problem: Why the status is not ``pass``; with a key in test mode the status is ``none`` nevertheless.
        field: The whole signature field, as in the message.
    """

    status: Status
    signature: Signature | None = None
    record: Record | None = None
    authentic: bool = False
    problem: Problem | None = None
    field: bytes = b""
