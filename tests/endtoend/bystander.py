"""A client that delivers one small message after the other, while somebody else does something."""

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

__all__ = ["Bystander", "Conversation", "bystander"]

_NUMBERS = itertools.count(1)


class Conversation:
    """An SMTP client that says what it is told, to the octet."""

    def __init__(self, port: int, address: str, *, timeout_s: float = 100) -> None:
        """Connect from an address, and say EHLO."""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout_s, (address, 0))
        self._replies = self._socket.makefile("rb")
        self.expect(220)
        self.say(b"EHLO mail.test.example\r\n", 250)

    def write(self, octets: bytes) -> None:
        """Send octets."""
        self._socket.sendall(octets)

    def reply(self) -> bytes:
        """Return the last line of the next reply; empty at the end of the connection."""
        while (line := self._replies.readline())[3:4] == b"-":
            pass
        return line

    def expect(self, *codes: int) -> bytes:
        """Return the next reply, which has one of these codes."""
        line = self.reply()
        assert line[:3] in {b"%d" % code for code in codes}, line
        return line

    def say(self, octets: bytes, *codes: int) -> bytes:
        """Send octets and expect a reply."""
        self.write(octets)
        return self.expect(*codes)

    def deliver(self, sender: str, recipients: Sequence[str], content: bytes) -> bytes:
        """Send a message by DATA; return what is said of it."""
        self.say(f"MAIL FROM:<{sender}>\r\n".encode(), 250)
        for each in recipients:
            self.say(f"RCPT TO:<{each}>\r\n".encode(), 250)
        self.say(b"DATA\r\n", 354)
        self.write(content.replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n")
        return self.reply()

    def close(self) -> None:
        """End without a word."""
        self._replies.close()
        self._socket.close()


@dataclass(slots=True)
class Bystander:
    """What it saw.

    Attributes:
        latencies: Seconds for each message, from MAIL to the last reply.
        taken: Subjects of messages that were acknowledged.
    """

    latencies: list[float] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Return the latency that so many are below."""
        return sorted(self.latencies)[int((len(self.latencies) - 1) * share)]


@contextlib.contextmanager
def bystander(port: int, *, address: str, sender: str, recipient: str) -> Iterator[Bystander]:
    """Deliver a message about every 150 ms until the end of the block."""
    seen, ends = Bystander(), threading.Event()

    def deliver() -> None:
        try:
            client = Conversation(port, address)
            while not ends.wait(0.14):
                subject = f"bystander {next(_NUMBERS)}"
                content = f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\n\r\nhello".encode()
                began = time.monotonic()
                answer = client.deliver(sender, [recipient], content)
                seen.latencies.append(time.monotonic() - began)
                assert answer.startswith(b"250 "), answer
                seen.taken.append(subject)
            client.close()
        except (OSError, AssertionError) as error:
            seen.trouble.append(repr(error))

    thread = threading.Thread(target=deliver)
    thread.start()
    try:
        yield seen
    finally:
        ends.set()
        thread.join(120)
