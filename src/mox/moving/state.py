"""What is known of an import at a moment, and what is new in it: for pages and terminals that come and go.

Nothing is queued for anybody. Who follows remembers what it was told and asks what differs: a slow one misses
intermediate counts and no result, and one that reconnects is told all of it.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from mox.moving.job import Counted, Ended, Failed, Problem, Step, Told

__all__ = ["Aborted", "Count", "Done", "Event", "Follower", "ImportState", "Phase", "Progress", "ReadOctets"]

_MOST_PROBLEMS = 1000


class Phase(StrEnum):
    """Where an import is."""

    READING = "reading"
    THREADING = "threading"
    FILING = "filing"
    DONE = "done"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True)
class ImportState:
    """An import at a moment.

    Attributes:
        version: Grows with each change.
        counts: Messages by mailbox, in the order in which the archive has them.
        problems: What was passed over or put right, in sentences.
        problems_left_out: How many more there were.
        read_octets: Of the archive; `total_octets` is its size, 0 if that is not known.
        skipped: Messages that the account had, if that was asked for.
        reason: Why it was aborted.
    """

    version: int
    phase: Phase
    counts: Mapping[str, int]
    problems: tuple[str, ...]
    problems_left_out: int
    read_octets: int
    total_octets: int
    skipped: int
    reason: str

    @property
    def is_over(self) -> bool:
        """Nothing changes any more."""
        return self.phase in {Phase.DONE, Phase.ABORTED}

    @property
    def messages(self) -> int:
        """How many there are, in all mailboxes."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Count:
    """A mailbox has so many messages by now."""

    mailbox: str
    messages: int


@dataclass(frozen=True, slots=True)
class ReadOctets:
    """So much of the archive was read."""

    octets: int
    total: int


@dataclass(frozen=True, slots=True)
class Done:
    """All is in the account."""

    messages: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Aborted:
    """Nothing was changed."""

    reason: str


Event = Count | Problem | ReadOctets | Step | Done | Aborted
_TITLES = {Phase.THREADING: "matching messages with threads", Phase.FILING: "adding messages to the account"}


class Progress:
    """Takes note of what an import tells, and lets others follow; on the loop."""

    def __init__(self, total_octets: int) -> None:
        self._version = 0
        self._phase = Phase.READING
        self._counts: dict[str, int] = {}
        self._problems: list[str] = []
        self._left_out = 0
        self._read_octets = 0
        self._total_octets = total_octets
        self._skipped = 0
        self._reason = ""
        self._waiting: asyncio.Event = asyncio.Event()
        self.followers = 0

    @property
    def state(self) -> ImportState:
        """What is known now."""
        return ImportState(
            self._version,
            self._phase,
            dict(self._counts),
            tuple(self._problems),
            self._left_out,
            self._read_octets,
            self._total_octets,
            self._skipped,
            self._reason,
        )

    def hear(self, told: Told) -> None:
        """Take note."""
        match told:
            case Counted(counts=counts, read_octets=octets):
                self._counts.update(counts)
                self._read_octets = octets
            case Problem(text=text):
                self.add_problem(text)
            case Step():
                self._phase = Phase.THREADING
            case Ended(skipped=skipped, counts=counts):
                self._counts.update(counts)
                self._skipped = skipped
            case Failed(text=text):
                self._reason = text
        self._wake()

    def add_problem(self, text: str) -> None:
        """Take note of a problem; of very many, the first are kept."""
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems.append(text)
        else:
            self._left_out += 1
        self._wake()

    def enter(self, phase: Phase, reason: str = "") -> None:
        """Go on to a phase; the last one stays."""
        self._phase = phase
        self._reason = reason
        self._wake()

    def _wake(self) -> None:
        self._version += 1
        self._waiting.set()
        self._waiting = asyncio.Event()

    async def wait(self, version: int) -> ImportState:
        """Return the state once it is newer than a version; at once when all is over."""
        while self._version <= version and self._phase not in {Phase.DONE, Phase.ABORTED}:
            await self._waiting.wait()
        return self.state

    @contextmanager
    def following(self) -> Iterator["Follower"]:
        """Let somebody follow."""
        self.followers += 1
        try:
            yield Follower(self)
        finally:
            self.followers -= 1


class Follower:
    """What one who follows was told.

    Attributes:
        is_over: There will be no more.
    """

    def __init__(self, progress: Progress) -> None:
        self.is_over = False
        self._progress = progress
        self._version = -1
        self._counts: dict[str, int] = {}
        self._problems = 0
        self._phase = Phase.READING
        self._octets = 0

    async def news(self) -> list[Event]:
        """Return all that is known, then what is new, once there is something; may be cancelled."""
        state = await self._progress.wait(self._version)
        self._version, self.is_over = state.version, state.is_over
        return self._news(state)

    def _news(self, state: ImportState) -> list[Event]:
        events: list[Event] = [
            Count(name, count) for name, count in state.counts.items() if self._counts.get(name) != count
        ]
        events += [Problem(text) for text in state.problems[self._problems :]]
        if state.read_octets != self._octets:
            events.append(ReadOctets(state.read_octets, state.total_octets))
        if state.phase is not self._phase:
            if (title := _TITLES.get(state.phase)) is not None:
                events.append(Step(title))
            elif state.phase is Phase.DONE:
                events.append(Done(state.messages, state.skipped))
            else:
                events.append(Aborted(state.reason))
        self._counts, self._problems = dict(state.counts), len(state.problems)
        self._phase, self._octets = state.phase, state.read_octets
        return events
