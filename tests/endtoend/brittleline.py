"""A line to a server's port that can be cut and mended, as a browser's is when its train is in a tunnel."""

import contextlib
import select
import socket
import socketserver
import threading
from collections.abc import Iterator

__all__ = ["BrittleLine", "brittle_line"]


class BrittleLine(socketserver.ThreadingTCPServer):
    """Passes connections on while it is whole.

    Attributes:
        port: Where it begins.
    """

    daemon_threads = True

    def __init__(self, there: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.port: int = self.server_address[1]
        self.there = there
        self.is_cut = threading.Event()

    def cut(self) -> None:
        """End all connections; those to come end at once."""
        self.is_cut.set()

    def mend(self) -> None:
        """Pass connections on again."""
        self.is_cut.clear()


class _Passing(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        line, here = self.server, self.request
        assert isinstance(line, BrittleLine)
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", line.there)) as there:
            while not line.is_cut.is_set():
                for ready in select.select([here, there], [], [], 0.05)[0]:
                    octets = ready.recv(1 << 16)
                    if not octets:
                        return
                    (there if ready is here else here).sendall(octets)


@contextlib.contextmanager
def brittle_line(there: int) -> Iterator[BrittleLine]:
    """Lay a line to a port of this machine."""
    with BrittleLine(there) as line:
        thread = threading.Thread(target=line.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield line
        finally:
            line.cut()
            line.shutdown()
            thread.join()
