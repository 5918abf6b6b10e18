"""A way to a mail host that breaks in the middle of a message, or before its last answer: each once."""

import contextlib
import select
import socket
import socketserver
import threading
from collections.abc import Iterator

__all__ = ["serve_cutting"]

_ANSWER_IN = 5.0


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextlib.contextmanager
def serve_cutting(address: str, host: str, port: int) -> Iterator[None]:
    """Pass connections to an address on to a host; yields while it does.

    The first message to ``cutearly…`` breaks off before its end was sent. The first to ``cutlate…`` gets
    through, but the sender does not hear of it.
    """
    done: set[bytes] = set()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((host, port)) as there:
                _pass_on(self.request, there, done)

    server = _Server((address, port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _pass_on(here: socket.socket, there: socket.socket, done: set[bytes]) -> None:
    said = b""
    while True:
        for ready in select.select([here, there], [], [], 60)[0]:
            octets = ready.recv(65536)
            if not octets:
                return
            if ready is there:
                here.sendall(octets)
                continue
            said += octets
            if b"\r\nSubject:" in said and _first(b"cutearly", said, done):
                return
            there.sendall(octets)
            if said.endswith(b"\r\n.\r\n") and _first(b"cutlate", said, done):
                there.settimeout(_ANSWER_IN)
                there.recv(1000)
                return


def _first(word: bytes, said: bytes, done: set[bytes]) -> bool:
    if b"<" + word not in said or word in done:
        return False
    done.add(word)
    return True
