"""IMAP on a large mailbox: load, SELECT, FETCHes, bodies plain and over TLS."""

import socket
import ssl
import time
from collections.abc import Callable
from itertools import count

from bench.mail import message
from bench.server import PASSWORD, USER, LocalServer, Report

MESSAGES = 10_000


class Client:
    """A blocking client that reads an answer whole before looking at it."""

    def __init__(self, port: int, *, tls: bool = False) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self._socket = context.wrap_socket(self._socket)
        self._tags = count()
        self._socket.recv(4096)
        self(f'LOGIN "{USER}" "{PASSWORD}"'.encode())

    def __call__(self, command: bytes) -> bytes:
        tag = b"t%d" % next(self._tags)
        self._socket.sendall(b"%b %b\r\n" % (tag, command))
        pieces, last = [], b""
        while not (last.endswith(b"\r\n") and last[last.rfind(b"\n", 0, -1) + 1 :].startswith(tag + b" ")):
            octets = self._socket.recv(1 << 18)
            if not octets:
                raise ConnectionError("closed by the server")
            pieces.append(octets)
            last = (last + octets)[-4096:]
        if b" OK" not in last[last.rfind(b"\n", 0, -1) + 1 :]:
            raise RuntimeError(last[-200:])
        return b"".join(pieces)


def timed(function: Callable[[], bytes], times: int = 5) -> tuple[float, bytes]:
    """Return the median of seconds, and the last answer."""
    spent, answer = [], b""
    for _ in range(times):
        began = time.perf_counter()
        answer = function()
        spent.append(time.perf_counter() - began)
    return sorted(spent)[times // 2], answer


def measure_imap(server: LocalServer, report: Report, scale: float) -> None:
    """Load a mailbox, then ask it all kinds of things."""
    total = max(200, round(MESSAGES * scale))
    client = Client(server.imap)
    spent = 0.0
    for at in range(0, total, 100):
        batch = [message(number, 2000 + number % 7 * 1500) for number in range(at, at + 100)]
        items = b" ".join(b"(\\Seen) {%d+}\r\n%b" % (len(content), content) for content in batch)
        began = time.perf_counter()
        client(b"APPEND INBOX " + items)
        spent += time.perf_counter() - began
    report("imap_append_per_s", total / spent, "/s")
    report("imap_login_select", timed(lambda: Client(server.imap)(b"SELECT INBOX"))[0] * 1000, "ms")
    client(b"SELECT INBOX")
    for name, items in (
        ("flags", b"(UID FLAGS)"),
        ("metadata", b"(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"),
        ("headers", b"(BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE)])"),
    ):
        took, answer = timed(lambda items=items: client(b"FETCH 1:* " + items))  # type: ignore[misc]  # bound now
        if answer.count(b" FETCH (") != total:
            raise RuntimeError(f"{name}: {answer.count(b' FETCH (')} answers")
        report(f"imap_fetch_{name}", took * 1000, "ms")
    for name, port, tls in (("plain", server.imap, False), ("tls", server.imaps, True)):
        reading = Client(port, tls=tls)
        reading(b"SELECT INBOX")
        took, answer = timed(lambda reading=reading: reading(b"FETCH 1:* (BODY.PEEK[])"), 3)  # type: ignore[misc]  # likewise
        report(f"imap_bodies_{name}", len(answer) / took / 1e6, "MB/s")
    report("imap_search_unseen", timed(lambda: client(b"SEARCH UNSEEN"))[0] * 1000, "ms")
    report("imap_search_subject", timed(lambda: client(b'SEARCH SUBJECT "measurement 77"'))[0] * 1000, "ms")
