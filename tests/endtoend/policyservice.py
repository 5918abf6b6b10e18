"""What Postfix asks before it answers (its policy delegation protocol): greylisting."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator

__all__ = ["serve_policies"]


class _Handler(socketserver.StreamRequestHandler):
    seen: set[str]

    def handle(self) -> None:
        asked: dict[str, str] = {}
        for line in self.rfile:
            name, _, value = line.decode().rstrip("\n").partition("=")
            if name:
                asked[name] = value
                continue
            self.wfile.write(f"action={self._decide(asked)}\n\n".encode())
            asked = {}

    def _decide(self, asked: dict[str, str]) -> str:
        """Greylist by sender and recipient."""
        key = f"{asked['sender']} {asked['recipient']}"
        if key in self.seen:
            return "DUNNO"
        self.seen.add(key)
        return "451 4.7.1 Greylisted, come back later"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextlib.contextmanager
def serve_policies() -> Iterator[int]:
    """Serve greylisting; yields the port."""

    class Handler(_Handler):
        seen: set[str] = set()  # noqa: RUF012  this class is this service's

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
