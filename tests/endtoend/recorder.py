"""A mail host that keeps books: what it took, when it said so, and what it kept to itself."""

import contextlib
import random
import re
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Recorder", "Taken", "serve_recorder", "serve_silence"]

_SUBJECT = re.compile(rb"^Subject: (.*)\r$", re.MULTILINE)


@dataclass(slots=True)
class Taken:
    """A message that was taken.

    Attributes:
        heard_at: When the client had heard of it, for it went on to say something, on the monotonic clock;
            None if it never did.
    """

    subject: str
    heard_at: float | None = None


@dataclass
class Recorder:
    """What happened.

    Attributes:
        taken: In order.
        moods: How often, of a thousand, it says 451, closes instead of an answer to the content, or waits.
    """

    taken: list[Taken] = field(default_factory=list)
    moods: dict[str, int] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    connections: int = 0

    def is_in_the_mood(self, mood: str) -> bool:
        """Say whether it is time for something odd."""
        return self.chance.randrange(1000) < self.moods.get(mood, 0)


class _Handler(socketserver.StreamRequestHandler):
    recorder: Recorder

    def setup(self) -> None:
        self.request.settimeout(60)
        super().setup()
        self.has_recipient = False
        self.latest: Taken | None = None

    def handle(self) -> None:
        self.recorder.connections += 1
        with contextlib.suppress(OSError):
            self.wfile.write(b"220 recorder.example ESMTP\r\n")
            while line := self.rfile.readline(2000):
                if self.latest is not None:
                    self.latest.heard_at, self.latest = time.monotonic(), None
                if not self._answer(line.rstrip()):
                    return

    def _answer(self, line: bytes) -> bool:
        """Do a command; return whether to go on."""
        match line[:4].upper():
            case b"EHLO":
                self.wfile.write(b"250-recorder.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            case b"RCPT" if b"<bad" in line:
                self.wfile.write(b"550 5.1.1 nobody of that name\r\n")
            case b"RCPT" if self.recorder.is_in_the_mood("451"):
                self.wfile.write(b"451 4.3.0 not now\r\n")
            case b"RCPT":
                self.has_recipient = True
                self.wfile.write(b"250 2.1.5 ok\r\n")
            case b"DATA" if self.has_recipient:
                return self._take()
            case b"DATA":
                self.wfile.write(b"503 5.5.1 no recipients\r\n")
            case b"QUIT":
                self.wfile.write(b"221 2.0.0 bye\r\n")
                return False
            case _:
                self.wfile.write(b"250 2.0.0 ok\r\n")
        return True

    def _take(self) -> bool:
        self.has_recipient = False
        self.wfile.write(b"354 go\r\n")
        content = b""
        while (line := self.rfile.readline(2000)) != b".\r\n":
            if not line:
                return False
            content += line
        found = _SUBJECT.search(content)
        subject = "" if found is None else found[1].decode()
        if self.recorder.is_in_the_mood("wait"):
            time.sleep(0.05)
        self.latest = Taken(subject)
        self.recorder.taken.append(self.latest)
        if self.recorder.is_in_the_mood("close"):
            return False
        self.wfile.write(b"250 2.0.0 taken\r\n")
        return True


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 1000


@contextlib.contextmanager
def serve_recorder(recorder: Recorder, address: str, port: int) -> Iterator[None]:
    """Take mail at an address."""
    handler = type("Handler", (_Handler,), {"recorder": recorder})
    server = _Server((address, port), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def serve_silence(address: str, port: int) -> Iterator[None]:
    """Let the system accept connections at an address, and never say a word."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address, port))
        listening.listen(1000)
        yield
