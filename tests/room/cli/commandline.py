"""What tests of the command line share: a command that ran, and the function that runs one."""

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Outcome", "Run"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command came to."""

    status: int
    out: str
    err: str


class Run(Protocol):
    """Runs a command."""

    def __call__(self, *arguments: str) -> Outcome: ...
