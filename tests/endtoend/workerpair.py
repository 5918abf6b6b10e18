"""A server with two workers, of which a test can say who takes the next connection."""

import contextlib
import imaplib
import re
import time
from contextlib import AbstractContextManager
from pathlib import Path

from endtoend.localserve import PASSWORD, USER, Localserve
from endtoend.workers import children_of, only

__all__ = ["FIRST", "SECOND", "Pair"]

FIRST, SECOND = 0, 1


class Pair(Localserve):
    """A server with two workers; connections go to the one that is asked for."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, workers=2)
        self.opened: list[imaplib.IMAP4] = []

    @property
    def workers(self) -> list[int]:
        """The processes, by number."""
        assert self.process is not None
        numbered, environment = {}, b""
        for pid in children_of(self.process.pid):
            # The parent tells each its number.
            with contextlib.suppress(OSError):  # It is being killed.
                environment = Path(f"/proc/{pid}/environ").read_bytes()
            if (found := re.search(rb"MOX_HANDOVER=\d+ (\d)", environment)) is not None:
                numbered[int(found[1])] = pid
        return [numbered[number] for number in sorted(numbered)]

    def only(self, number: int) -> AbstractContextManager[None]:
        """Have one worker take what comes; the other stands still."""
        workers = self.workers
        return only(workers[number], workers)

    def reader(self, number: int, user: str = USER) -> imaplib.IMAP4:
        with self.only(number):
            client = imaplib.IMAP4("127.0.0.1", self.imap, timeout=20)
            self.opened.append(client)
            client.login(user, PASSWORD)
            return client

    def wait_for_workers(self, replaced: int) -> None:
        """Wait until another process is there for one, and ready."""
        end = time.monotonic() + 30
        while len(self.workers) < 2 or replaced in self.workers:
            assert time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.02)
        self.wait_for_ready(3)

    def wait_for_ready(self, count: int) -> None:
        """Wait until so many processes were ready, since the beginning."""
        end = time.monotonic() + 30
        while self.log.read_text().count('m="ready to ') < count:
            assert time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.02)
