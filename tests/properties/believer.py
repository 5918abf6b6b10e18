"""A client that believes what it is told, line by line, and notices what cannot be (RFC 9051 §7, RFC 7162).

It keeps what a client with a cache keeps: which UIDs there are, their flags, and HIGHESTMODSEQ by the rules
of RFC 7162 §6. Whatever else it needs is asked of the server, never of the model.
"""

import re
from dataclasses import dataclass, field

from room.imapserver.serving import Client

__all__ = ["Believer", "Cache", "uid_set"]

_COUNTED = re.compile(r"\* (\d+) (EXISTS|EXPUNGE)")
_FETCHED = re.compile(r"\* (\d+) (UID)?FETCH \((.*)\)")
_UID = re.compile(r"UID (\d+)")
_FLAGS = re.compile(r"FLAGS \(([^)]*)\)")
_MODSEQ = re.compile(r"MODSEQ \((\d+)\)")
_VANISHED = re.compile(r"\* VANISHED (\(EARLIER\) )?(\S+)")
_HIGHEST = re.compile(r"OK \[HIGHESTMODSEQ (\d+)\]")
_STATUS = re.compile(r"\* STATUS (\S+) \(([^)]*)\)")
# RFC 9051 §7.5.1: removals may not be told while the client counts in numbers.
_COUNTING = ("FETCH", "STORE", "SEARCH")


def uid_set(text: str) -> list[int]:
    """Read a set of UIDs."""
    uids: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition(":")
        uids += range(int(first), int(last or first) + 1)
    return uids


@dataclass
class Cache:
    """What outlives a connection.

    Attributes:
        flags: Of each message by UID; None where they were not told.
        highest: HIGHESTMODSEQ.
    """

    uidvalidity: int = 0
    flags: dict[int, frozenset[str] | None] = field(default_factory=dict)
    highest: int = 0


class Believer:
    """One connection with a mailbox selected.

    Attributes:
        numbers: UIDs by message number; None where only EXISTS was told.
        statuses: What STATUS last said of other mailboxes, since they were taken.
    """

    def __init__(self, client: Client, *, uid_only: bool, pushes: bool = False) -> None:
        self.client = client
        self.uid_only = uid_only
        self.pushes = pushes
        self.numbers: list[int | None] = []
        self.count = 0
        self.cache = Cache()
        self.statuses: dict[str, dict[str, int]] = {}
        self.overflowed = False
        self._modseqs: list[int] = []
        self._highest: int | None = None
        self._is_counting = False

    async def ask(self, command: str, literal: bytes | None = None) -> list[str]:
        """Say a command, take its answer in, and return its lines."""
        words = command.split()
        self._is_counting = words[0] in _COUNTING and not self.pushes
        if literal is None:
            lines = await self.client.ask(command)
        else:
            lines = await self.client.ask(f"{command} {{{len(literal)}+}}\r\n{literal.decode()}")
        assert lines, "the server closed the connection"
        for line in lines:
            self._hear(line)
        # RFC 7162 §6: a code counts even if higher modseqs were seen.
        if self._highest is not None:
            self.cache.highest = self._highest
        elif self._modseqs:
            self.cache.highest = max(self.cache.highest, *self._modseqs)
        self._modseqs, self._highest = [], None
        return lines

    def appended(self, uid: int, flags: frozenset[str]) -> None:
        """Take note of where an own message went, which APPENDUID said."""
        if uid not in self.cache.flags:
            self.cache.flags[uid] = flags
        if self.numbers.count(None) == 1 and uid not in self.numbers:
            self.numbers[self.numbers.index(None)] = uid
        known = [each for each in self.numbers if each is not None]
        assert known == sorted(known), "UIDs ascend with message numbers (RFC 9051 §2.3.1.1)"

    def begin(self, lines: list[str]) -> None:
        """Take the view after SELECT with what the cache knows, which has to be all of it."""
        assert len(self.cache.flags) == self.count, lines
        if not self.uid_only:
            self.numbers = [*sorted(self.cache.flags)]

    @property
    def known(self) -> list[int]:
        """UIDs that have a number, or all that are known where there are no numbers."""
        if self.uid_only:
            return sorted(self.cache.flags)
        return [uid for uid in self.numbers if uid is not None]

    def _hear(self, line: str) -> None:
        if (counted := _COUNTED.fullmatch(line)) is not None:
            self._hear_count(int(counted[1]), counted[2])
        elif (fetched := _FETCHED.fullmatch(line)) is not None:
            self._hear_fetch(int(fetched[1]), is_uid=fetched[2] is not None, items=fetched[3])
        elif (vanished := _VANISHED.fullmatch(line)) is not None:
            self._hear_vanished(uid_set(vanished[2]), earlier=vanished[1] is not None)
        elif (status := _STATUS.fullmatch(line)) is not None:
            words = status[2].split()
            values = dict(zip(words[::2], map(int, words[1::2]), strict=True))
            self.statuses.setdefault(status[1], {}).update(values)
        elif "[NOTIFICATIONOVERFLOW]" in line:
            self.overflowed = True
        if (highest := _HIGHEST.search(line)) is not None:
            self._highest = int(highest[1])

    def _hear_count(self, number: int, what: str) -> None:
        if what == "EXISTS":
            assert number >= self.count, "EXISTS never takes a message away"
            if not self.uid_only:
                self.numbers += [None] * (number - self.count)
            self.count = number
            return
        assert not self._is_counting, "EXPUNGE while the client counts"
        assert not self.uid_only, "EXPUNGE to a client without numbers"
        assert 1 <= number <= self.count, "EXPUNGE of a number nobody knows"
        uid = self.numbers.pop(number - 1)
        self.count -= 1
        if uid is not None:
            self.cache.flags.pop(uid, None)

    def _hear_fetch(self, number: int, *, is_uid: bool, items: str) -> None:
        assert is_uid == self.uid_only, "FETCH or UIDFETCH"
        uid = number
        if not is_uid:
            assert 1 <= number <= self.count, "FETCH of a number nobody knows"
            told = _UID.search(items)
            known = self.numbers[number - 1]
            if told is None and known is None:
                return
            uid = int(told[1]) if told is not None else known or 0
            assert known in (None, uid), f"message {number} was {known} and is {uid}"
            self.numbers[number - 1] = uid
        if (flags := _FLAGS.search(items)) is not None:
            self.cache.flags[uid] = frozenset(flags[1].split())
        if (modseq := _MODSEQ.search(items)) is not None:
            self._modseqs.append(int(modseq[1]))

    def _hear_vanished(self, uids: list[int], *, earlier: bool) -> None:
        for uid in uids:
            if earlier:
                assert uid not in self.numbers, "VANISHED (EARLIER) of what the client counts"
            else:
                assert not self._is_counting, "VANISHED while the client counts"
                if not self.uid_only:
                    # RFC 7162 §3.2.10.2: each takes one away; of some only EXISTS was told.
                    at = self.numbers.index(uid if uid in self.numbers else None)
                    del self.numbers[at]
                self.count -= 1
            self.cache.flags.pop(uid, None)
