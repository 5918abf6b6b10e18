"""Two workers, four clients that change one mailbox at random: all believe the same in the end."""

import random
import re
import sys
import threading

import pytest

from endtoend.workerpair import FIRST, Pair

pytestmark = [
    pytest.mark.endtoend,
    pytest.mark.skipif(sys.platform == "win32", reason="there one process serves"),
]


class Watcher(threading.Thread):
    """A client that changes a mailbox at random, and believes what it is told of it."""

    def __init__(self, pair: Pair, number: int, seed: int) -> None:
        super().__init__()
        self.client = pair.reader(number)
        self.chance = random.Random(seed)
        self.crash: Exception | None = None
        # Flags of each message, by its number; None where they were not told yet.
        self.flags: list[str | None] = []
        self.ask("SELECT INBOX")

    def ask(self, command: str, literal: bytes = b"") -> None:
        """Send a command, take note of all that comes until its answer."""
        self.client.send(
            b"a " + command.encode() + (b" {%d+}\r\n" % len(literal) + literal if literal else b"") + b"\r\n"
        )
        while not (line := self.client.readline().decode()).startswith("a "):
            self.note(line)
        assert line.startswith("a OK"), (command, line)

    def note(self, line: str) -> None:
        """Take note of an untagged response."""
        if (found := re.match(r"\* (\d+) EXISTS", line)) is not None:
            assert int(found[1]) >= len(self.flags), line
            self.flags += [None] * (int(found[1]) - len(self.flags))
        elif (found := re.match(r"\* (\d+) EXPUNGE", line)) is not None:
            del self.flags[int(found[1]) - 1]
        elif (found := re.match(r"\* (\d+) FETCH .*FLAGS \(([^)]*)\)", line)) is not None:
            self.flags[int(found[1]) - 1] = " ".join(sorted(found[2].split()))

    def run(self) -> None:
        """Change something, again and again."""
        try:
            for _ in range(150):
                self.act()
        except Exception as error:  # noqa: BLE001  told by the test's own thread
            self.crash = error

    def act(self) -> None:
        """Change something."""
        chance, count = self.chance, len(self.flags)
        if count < 5 or chance.random() < 0.35:
            self.ask("APPEND INBOX", b"Subject: x\r\n\r\nhello\r\n")
        elif chance.random() < 0.6:
            flag = chance.choice(["\\Seen", "\\Flagged", "\\Answered", "one", "two"])
            self.ask(f"STORE {chance.randint(1, count)} {chance.choice('+-')}FLAGS ({flag})")
        elif chance.random() < 0.7:
            self.ask(f"STORE {chance.randint(1, count)} +FLAGS (\\Deleted)")
            self.ask("EXPUNGE")
        else:
            self.ask("NOOP")


def test_both_believe_the_same_in_the_end(pair: Pair) -> None:
    seed = random.SystemRandom().randrange(1 << 32)
    watchers = [Watcher(pair, number % 2, seed + number) for number in range(4)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join(120)
        assert watcher.crash is None, (seed, watcher.crash)
    for watcher in watchers:
        watcher.ask("NOOP")
    fresh = Watcher(pair, FIRST, seed)
    fresh.ask("FETCH 1:* (FLAGS)")
    assert len(fresh.flags) > 5
    for watcher in watchers:
        assert len(watcher.flags) == len(fresh.flags), seed
        believed = [known or there for known, there in zip(watcher.flags, fresh.flags, strict=True)]
        told = sum(known is not None for known in watcher.flags)
        assert believed == fresh.flags, seed
        assert told > 5, seed
