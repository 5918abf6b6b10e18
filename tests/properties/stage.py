"""What random histories of IMAP sessions are played with: one server, a small model, three players."""

import asyncio
import tempfile
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from properties.believer import Believer
from room.imapserver.serving import ImapHouse

__all__ = ["FLAGS", "LETTER", "MODES", "WATCHES", "Box", "Player", "Stage"]

T = TypeVar("T")

LETTER = b"Subject: x\r\n\r\nbody\r\n"
FLAGS = ("\\Seen", "\\Flagged", "\\Deleted", "word")
MODES = ("", "CONDSTORE", "QRESYNC", "UIDONLY", "QRESYNC UIDONLY")
# What NOTIFY is asked for; `other` stands for the mailbox that nobody has selected.
WATCHES = {
    "none": "NONE",
    "selected": "SET (selected (MessageNew MessageExpunge FlagChange))"
    " (mailboxes other (MessageNew MessageExpunge FlagChange))",
    "items": "SET (selected (MessageNew (UID FLAGS MODSEQ) MessageExpunge FlagChange))",
    "delayed": "SET (selected-delayed (MessageNew MessageExpunge FlagChange))"
    " (personal (MessageNew MessageExpunge))",
    "no flags": "SET (selected (MessageNew MessageExpunge)) (mailboxes other (MessageNew MessageExpunge))",
    "others": "SET (personal (MessageNew MessageExpunge FlagChange))",
}


@dataclass
class Box:
    """What the model knows of a mailbox."""

    uidnext: int = 1
    messages: dict[int, frozenset[str]] = field(default_factory=dict)

    def add(self, flags: frozenset[str]) -> int:
        uid, self.uidnext = self.uidnext, self.uidnext + 1
        self.messages[uid] = flags
        return uid


@dataclass
class Player:
    """A session, and what the model knows about it.

    Attributes:
        watch: The name of what NOTIFY was asked for; empty before.
        other_uidnext: Of the other mailbox when somebody else added to it last, since that was checked.
    """

    mode: str
    believer: Believer
    watch: str = ""
    other_uidnext: int = 0

    @property
    def counts(self) -> bool:
        """Whether message numbers mean something: they do not where removals are told at any time."""
        return "UIDONLY" not in self.mode and self.watch not in ("selected", "items", "no flags")

    @property
    def hears_all(self) -> bool:
        """Whether everything is told at the next NOOP."""
        return self.watch in ("", "selected", "items", "delayed")


class Stage:
    """One server for all histories."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.pool = ThreadPoolExecutor(4)
        self.house = ImapHouse(Path(self.directory.name), self.pool)
        self.histories = 0

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    def close(self) -> None:
        self.run(self.house.close())
        self.pool.shutdown()
        self.loop.close()
        self.directory.cleanup()
