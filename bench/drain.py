"""The two ends of sending that others see: messages accepted at submission, messages taken by smtp-sink.

Needs Debian's postfix for smtp-sink; without it, that part is left out.
"""

import asyncio
import base64
import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.mail import message
from bench.server import PASSWORD, USER, LocalServer, Report

from mox.outgoing import Connections, DirectDelivery, StsPolicies, TlsResults
from mox.runtime import Clock
from moxkit.https import HttpsError, Response, Stage
from moxkit.smtpclient import Dialer
from moxkit.testing import FakeResolver

__all__ = ["direct_delivery", "measure_submission", "smtp_sink"]

_CONNECTIONS = 10


@contextlib.contextmanager
def smtp_sink() -> Iterator[int | None]:
    """Run Postfix's sink on loopback; yields its port, or None if it is not installed."""
    program = shutil.which("smtp-sink", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    process = subprocess.Popen([program, *user, f"127.0.0.1:{port}", "1000"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(10)


@contextlib.asynccontextmanager
async def direct_delivery(
    directory: Path, clock: Clock, pool: ThreadPoolExecutor, *, port: int, domains: int
) -> AsyncIterator[DirectDelivery]:
    """Deliver to hosts of their own names on one port of this machine; DNS answers at once."""
    zone = "\n".join(
        f"d{n}.example MX 10 mx.d{n}.example\nmx.d{n}.example A 127.0.0.1" for n in range(domains)
    )
    resolver = FakeResolver(zone)
    policies = StsPolicies(directory=directory, clock=clock, pool=pool, resolver=resolver, get=_nowhere)
    results, connections = TlsResults(directory=directory, clock=clock, pool=pool), Connections(clock)
    try:
        yield DirectDelivery(
            resolver=resolver,
            policies=policies,
            dialer=Dialer("bench.example", (), clock.now, port=port),
            connections=connections,
            tls_results=results,
        )
    finally:
        await connections.close()
        await results.close()
        await policies.close()


async def _nowhere(url: str, *, max_octets: int) -> Response:
    raise HttpsError(Stage.CONNECT, url)


def measure_submission(report: Report, count: int) -> None:
    """Submit messages of 2 KB over ten connections to a server that holds them."""
    with LocalServer() as server:
        # Nothing goes out meanwhile.
        subprocess.run(server.mox("queue", "holdrules", "add"), check=True, capture_output=True)
        before = server.cpu_s()
        took = asyncio.run(_submit_all(server.offset + 587, list(range(count))))
        report("submission_accepted_per_s", count / took, "/s")
        report("submission_server_cpu", (server.cpu_s() - before) / count * 1e6, "us")


async def _submit_all(port: int, numbers: list[int]) -> float:
    ready, go = asyncio.Semaphore(0), asyncio.Event()
    running = [asyncio.ensure_future(_submit(port, numbers, ready, go)) for _ in range(_CONNECTIONS)]
    for _ in range(_CONNECTIONS):
        await ready.acquire()
    # Signing in is not what is measured.
    began = time.perf_counter()
    go.set()
    await asyncio.gather(*running)
    return time.perf_counter() - began


async def _submit(port: int, numbers: list[int], ready: asyncio.Semaphore, go: asyncio.Event) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def expect(code: bytes) -> None:
        while (line := await reader.readline())[3:4] == b"-":
            pass
        if not line.startswith(code):
            raise RuntimeError(f"expected {code!r}, got {line!r}")

    await expect(b"220")
    secret = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
    for command, code in ((b"EHLO bench.example\r\n", b"250"), (b"AUTH PLAIN " + secret + b"\r\n", b"235")):
        writer.write(command)
        await expect(code)
    ready.release()
    await go.wait()
    while numbers:
        number = numbers.pop()
        to = f"x@d{number % 100}.example"
        writer.write(f"MAIL FROM:<{USER}>\r\nRCPT TO:<{to}>\r\nDATA\r\n".encode())
        for code in (b"250", b"250", b"354"):
            await expect(code)
        writer.writelines((_authored(number), b".\r\n"))
        await expect(b"250")
    writer.close()


def _authored(number: int) -> bytes:
    """Return a message that is from the account."""
    lines = message(number, 2048).split(b"\r\n")
    return b"\r\n".join(
        f"From: {USER}".encode() if line.lower().startswith(b"from:") else line for line in lines
    )
