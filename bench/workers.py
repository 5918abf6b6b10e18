"""One worker beside two on the same work: deliveries and IMAP commands a second, from two client processes.

The clients share the machine's processors with the server: where there are two, a second worker has little
to win. Rounds alternate, so that a busy neighbour is everybody's.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import cycle, islice

from bench.imap import Client
from bench.mail import message
from bench.server import LocalServer, Report
from bench.smtp import deliver

WORKERS, ROUNDS = (1, 2), 3
_CLIENTS = 2
_MAILBOX = 1000
# What mail programs ask again and again.
_COMMANDS = (
    b"NOOP",
    b"UID FETCH 1:50 (UID FLAGS)",
    b"UID FETCH 500:520 (UID FLAGS ENVELOPE RFC822.SIZE)",
    b"STATUS Sent (MESSAGES UNSEEN UIDNEXT)",
    b"UID SEARCH UNSEEN",
    b"UID FETCH 700:702 (BODY.PEEK[])",
)


def _deliver(port: int, count: int, connections: int, number: int) -> int:
    asyncio.run(deliver(port, count, 2 << 10, connections, number * count))
    return count


async def _converse(port: int, count: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def ask(command: bytes) -> None:
        writer.write(b"t %b\r\n" % command)
        while not (line := await reader.readline()).startswith(b"t "):
            if line.endswith(b"}\r\n"):
                await reader.readexactly(int(line[line.rindex(b"{") + 1 : -3]))
        if not line.startswith(b"t OK"):
            raise RuntimeError(line)

    await reader.readline()
    await ask(b"LOGIN mox@localhost moxmoxmox")
    await ask(b"SELECT INBOX")
    for command in islice(cycle(_COMMANDS), count):
        await ask(command)
    writer.close()


async def _converse_all(port: int, count: int, connections: int) -> None:
    await asyncio.gather(*(_converse(port, count // connections) for _ in range(connections)))


def _command(port: int, count: int, connections: int, _number: int) -> int:
    asyncio.run(_converse_all(port, count, connections))
    return count


def _per_second(clients: ProcessPoolExecutor, work: Callable[[int], int]) -> float:
    began = time.perf_counter()
    done = sum(clients.map(work, range(_CLIENTS)))
    return done / (time.perf_counter() - began)


def _fill(server: LocalServer) -> None:
    client = Client(server.imap)
    for at in range(0, _MAILBOX, 100):
        batch = [message(number, 2000 + number % 7 * 1500) for number in range(at, at + 100)]
        client(b"APPEND INBOX " + b" ".join(b"{%d+}\r\n%b" % (len(each), each) for each in batch))


def measure_workers(report: Report, scale: float) -> None:
    """Measure each in turn, on fresh servers; report medians."""
    figures: dict[tuple[str, int], list[float]] = {}
    deliveries, commands = max(40, round(1000 * scale)), max(120, round(6000 * scale))
    with ProcessPoolExecutor(_CLIENTS) as clients:
        for workers in WORKERS * (ROUNDS if scale >= 1 else 1):
            with LocalServer(workers=workers) as server:
                for connections in (5, 25):
                    rate = _per_second(clients, partial(_deliver, server.smtp, deliveries, connections))
                    figures.setdefault((f"deliveries_c{connections * _CLIENTS}", workers), []).append(rate)
            with LocalServer(workers=workers) as server:
                _fill(server)
                for connections in (1, 10):
                    rate = _per_second(clients, partial(_command, server.imap, commands, connections))
                    figures.setdefault((f"imap_commands_c{connections * _CLIENTS}", workers), []).append(rate)
    for (name, workers), rates in figures.items():
        report(f"workers_{workers}_{name}", statistics.median(rates), "/s")
    for name in dict.fromkeys(name for name, _ in figures):
        one, two = (statistics.median(figures[name, workers]) for workers in WORKERS)
        report(f"workers_2_to_1_{name}", two / one, "x")
