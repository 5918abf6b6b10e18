"""Deliveries: per second and latency, by size and number of connections."""

import asyncio
import time

from bench.mail import message
from bench.server import LocalServer, Report

CASES = [(2 << 10, 1, 300), (2 << 10, 10, 1000), (2 << 10, 50, 1500), (50 << 10, 10, 300), (5 << 20, 10, 30)]


async def _send(port: int, numbers: list[int], size: int, latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def reply(code: bytes) -> None:
        while (line := await reader.readline())[3:4] == b"-":
            pass
        if not line.startswith(code):
            raise RuntimeError(f"expected {code!r}, got {line!r}")

    await reply(b"220")
    writer.write(b"EHLO bench.example\r\n")
    await reply(b"250")
    while numbers:
        content = message(numbers.pop(), size)
        writer.write(b"MAIL FROM:<a@bench.example>\r\nRCPT TO:<mox@localhost>\r\nDATA\r\n")
        for code in (b"250", b"250", b"354"):
            await reply(code)
        began = time.perf_counter()
        writer.writelines((content, b".\r\n"))
        await writer.drain()
        await reply(b"250")
        latencies.append(time.perf_counter() - began)
    writer.close()


async def deliver(port: int, count: int, size: int, connections: int, first: int = 0) -> list[float]:
    """Deliver messages over parallel connections; return the seconds from content to reply of each."""
    numbers, latencies = list(range(first, first + count)), list[float]()
    await asyncio.gather(*(_send(port, numbers, size, latencies) for _ in range(connections)))
    return sorted(latencies)


def measure_smtp(server: LocalServer, report: Report, scale: float) -> None:
    """Run the cases one after the other on one server."""
    first = 0
    for size, connections, most in CASES:
        count = max(connections, round(most * scale))
        began = time.perf_counter()
        latencies = asyncio.run(deliver(server.smtp, count, size, connections, first))
        took = time.perf_counter() - began
        first += count
        name = f"smtp_{size >> 10}k_c{connections}"
        report(f"{name}_per_s", count / took, "/s")
        report(f"{name}_p50", latencies[len(latencies) // 2] * 1000, "ms")
        report(f"{name}_p99", latencies[int(len(latencies) * 0.99)] * 1000, "ms")
