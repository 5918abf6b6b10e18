"""Signing in: new TLS connections with and without client certificate, and logins, each to the end of LOGOUT.

The client shares the processors with the server; beside each rate stands the server's processor time.
"""

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.server import PASSWORD, USER, LocalServer, Report

from moxkit.net import ImplicitTLS, LineConn, TLSContext, client_context, connect
from moxkit.testing import make_certificate

__all__ = ["add_key", "measure_signin", "run_visits", "visit"]

_AT_ONCE = 8


def measure_signin(server: LocalServer, report: Report, scale: float) -> None:
    """Measure four ways in, over IMAP with immediate TLS and without."""
    count = max(40, int(800 * scale))
    certificate = make_certificate("bench", "p256", client=True)
    add_key(server, certificate[0])
    plain, with_certificate = client_context(), client_context([certificate])
    login = f'a LOGIN "{USER}" "{PASSWORD}"'.encode()
    ways: list[tuple[str, Callable[[], Awaitable[None]]]] = [
        ("handshake", lambda: visit(server.imaps, plain, b"* OK")),
        ("handshake_client_certificate", lambda: visit(server.imaps, with_certificate, b"* PREAUTH")),
        ("tls_login", lambda: visit(server.imaps, plain, b"* OK", login)),
        ("plain_login", lambda: visit(server.imap, None, b"* OK", login)),
    ]
    for name, way in ways:
        before = server.cpu_s()
        elapsed = asyncio.run(run_visits(way, count))
        report(f"signin_{name}", count / elapsed, "/s")
        report(f"signin_{name}_server_cpu", (server.cpu_s() - before) / count * 1e6, "us")


async def run_visits(way: Callable[[], Awaitable[None]], count: int) -> float:
    """Return how long it takes to do it so often, several at once."""
    left = iter(range(count))

    async def worker() -> None:
        for _ in left:
            await way()

    await way()
    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))
    return time.perf_counter() - began


async def visit(port: int, context: TLSContext | None, greeting: bytes, *commands: bytes) -> None:
    """Connect, read the greeting, say commands and LOGOUT."""
    tls = None if context is None else ImplicitTLS(context, "localhost")
    conn = await connect("127.0.0.1", port, timeout=20, tls=tls)
    try:
        line = await conn.readline(10_000)
        if not line.startswith(greeting):
            raise RuntimeError(f"unexpected greeting: {line!r}")
        for command in (*commands, b"z LOGOUT"):
            await _ask(conn, command)
    finally:
        conn.close()


async def _ask(conn: LineConn, command: bytes) -> None:
    tag = command[:1] + b" "
    conn.write(command + b"\r\n")
    while not (line := await conn.readline(10_000)).startswith(tag):
        if not line:
            raise RuntimeError("connection closed")
    if not line.startswith(tag + b"OK"):
        raise RuntimeError(f"refused: {line!r}")


def add_key(server: LocalServer, pem: bytes) -> None:
    """Let a client certificate sign in."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "certificate.pem")
        file.write_bytes(pem)
        with file.open("rb") as opened:
            subprocess.run(
                server.mox("config", "tlspubkey", "add", USER), stdin=opened, check=True, capture_output=True
            )
