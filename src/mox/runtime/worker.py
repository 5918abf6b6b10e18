"""Which of the processes of a server this one is."""

from dataclasses import dataclass

__all__ = ["Worker"]


@dataclass(frozen=True, slots=True)
class Worker:
    """One of several processes that serve together.

    Attributes:
        number: From 0; the first one does what is done once for all.
        count: Of all of them.
    """

    number: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        """Whether it does what is done once for all: queue, housekeeping, web sites, commands."""
        return self.number == 0

    @property
    def is_shared(self) -> bool:
        """Whether others change the same data."""
        return self.count > 1
