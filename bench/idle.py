"""Many idling sessions: memory of each, and how soon they hear of a message."""

import asyncio
import time

from bench.server import PASSWORD, USER, LocalServer, Report
from bench.smtp import deliver

SESSIONS = 1000


class _Idler(asyncio.Protocol):
    def __init__(self) -> None:
        self._script = [f'a LOGIN "{USER}" "{PASSWORD}"\r\n'.encode(), b"b SELECT INBOX\r\n", b"c IDLE\r\n"]
        self._buffer = b""
        self.heard: dict[int, float] = {}
        self.is_idle = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        *lines, self._buffer = (self._buffer + data).split(b"\r\n")
        for line in lines:
            if line.endswith(b" EXISTS"):
                self.heard.setdefault(int(line.split()[1]), now)
            elif line.startswith((b"* OK [CAPABILITY", b"a OK", b"b OK")) and self._script:
                self._transport.write(self._script.pop(0))  # type: ignore[attr-defined]  # TCP can write
            elif line.startswith(b"+") and not self.is_idle.done():
                self.is_idle.set_result(None)


async def _measure(server: LocalServer, report: Report, sessions: int) -> None:
    loop, at_once = asyncio.get_running_loop(), asyncio.Semaphore(20)

    async def connect() -> _Idler:
        async with at_once:
            _, idler = await loop.create_connection(_Idler, "127.0.0.1", server.imap)
            await asyncio.wait_for(idler.is_idle, 60)
            return idler

    idlers = [await connect()]
    before = server.pss_kb()
    idlers += await asyncio.gather(*(connect() for _ in range(sessions - 1)))
    await asyncio.sleep(2)
    report("idle_memory_per_session", (server.pss_kb() - before) / max(1, sessions - 1), "kB")
    for name, listeners in (("one", idlers[:1]), ("all", idlers)):
        delays = await _notify(server, listeners, first=1 if name == "one" else 21)
        report(f"idle_heard_by_{name}_p50", delays[len(delays) // 2] * 1000, "ms")


async def _notify(server: LocalServer, listeners: list[_Idler], first: int) -> list[float]:
    """Deliver one by one; return the seconds from each 250 to EXISTS heard, 0 if it was heard before."""
    delays = []
    for number in range(first, first + 20):
        await deliver(server.smtp, 1, 2048, 1, first=10**6 + number)
        sent = time.perf_counter()
        while not all(number in idler.heard for idler in listeners):
            if time.perf_counter() - sent > 20:
                raise RuntimeError(f"message {number} was not heard of")
            await asyncio.sleep(0.001)
        delays += [max(0.0, idler.heard[number] - sent) for idler in listeners]
    return sorted(delays)


def measure_idle(server: LocalServer, report: Report, scale: float) -> None:
    """Open the sessions, then deliver."""
    asyncio.run(_measure(server, report, max(10, round(SESSIONS * scale))))
