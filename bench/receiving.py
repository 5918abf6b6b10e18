"""Mail from the internet, with all checks on: per second, latency, processor time, and where it goes.

SPF, DKIM (RSA of 2048 bits), DMARC and the reverse name are asked of an nsd on this machine; the account has
rulesets, remembers senders that were judged, and its filter has learned. Half of the warm senders are known;
of the others, and of all cold ones, the words decide. Needs Debian's nsd; without it this is left out.
"""

import asyncio
import os
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvloop
from bench.junk import typical_message
from bench.receivingworld import CLIENTS, Letter, client_address, letters, serve_dns, warm_domain
from bench.server import LocalServer, Report

from mox.config import ConfigSource, JunkFilter, load_config
from mox.filtering import Classifiers
from mox.runtime import SystemClock
from mox.store import (
    Arrival,
    Identity,
    IdentityKind,
    NewMessage,
    Store,
    add_message,
    get_mailbox,
    parse_flags,
)

CONNECTIONS = 10
REMEMBERED = 4000
# Of one client, before the next comes.
_PER_CLIENT = 50
_SHOWN = 15
Case = tuple[str, int, int, bool]
"""Name, octets and number of messages, and whether each is of a new domain."""
CASES: tuple[Case, ...] = (
    ("2k_warm", 2 << 10, 2000, False),
    ("2k_cold", 2 << 10, 1500, True),
    ("50k_warm", 50 << 10, 800, False),
)
_RULESETS = """
[[Accounts.mox.Destinations."mox@localhost".Rulesets]]
HeadersRegexp = { "^list-id$" = "<.*friends\\\\.example>" }
ListAllowDomain = "friends.example"
Mailbox = "Lists"

[[Accounts.mox.Destinations."mox@localhost".Rulesets]]
SMTPMailFromRegexp = "^forwarder@fwd\\\\.example$"
VerifiedDomain = "fwd.example"
IsForward = true
Mailbox = "Forwarded"
"""


def measure_receiving(report: Report, scale: float) -> None:
    """Measure the cases, then profile servers doing them."""
    counts = {name: max(100, round(count * scale)) for name, _, count, _ in CASES}
    with serve_dns(2 * counts["2k_cold"]) as dns:
        if dns is None:
            return
        server = LocalServer(options=("--enforce",))
        _furnish(server, dns, max(500, round(REMEMBERED * scale)))
        with server:
            for name, octets, _, cold in CASES:
                _measure_case(server, report, name, letters(counts[name], octets, first=0, cold=cold))
        for cases in (CASES[:2], CASES[2:]):
            _profile(dns, counts, max(500, round(REMEMBERED * scale)), cases)


def _measure_case(server: LocalServer, report: Report, name: str, sent: list[Letter]) -> None:
    if "warm" in name:
        # Fills the cache.
        uvloop.run(_deliver_all(server.smtp, sent[:100]))
        sent = sent[100:] or sent
    busy, began = server.cpu_s(), time.perf_counter()
    latencies = uvloop.run(_deliver_all(server.smtp, sent))
    took = time.perf_counter() - began
    report(f"receiving_{name}_per_s", len(sent) / took, "/s")
    report(f"receiving_{name}_cpu", (server.cpu_s() - busy) / len(sent) * 1e3, "ms")
    report(f"receiving_{name}_p50", statistics.median(latencies) * 1e3, "ms")
    report(f"receiving_{name}_p99", latencies[int(len(latencies) * 0.99)] * 1e3, "ms")


async def _deliver_all(port: int, sent: list[Letter]) -> list[float]:
    """Deliver over parallel connections; return the seconds from the end of content to the reply."""
    waiting, latencies, clients = list(reversed(sent)), list[float](), iter(range(10**9))

    async def work() -> None:
        while waiting:
            address = client_address(next(clients) % CLIENTS)
            await _deliver_from(address, port, waiting, latencies)

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return sorted(latencies)


async def _deliver_from(address: str, port: int, waiting: list[Letter], latencies: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))

    async def expect(code: bytes) -> None:
        while (line := await reader.readline())[3:4] == b"-":
            pass
        if not line.startswith(code):
            raise RuntimeError(f"expected {code!r}, got {line!r}")

    await expect(b"220")
    writer.write(b"EHLO mail.bench.example\r\n")
    await expect(b"250")
    for _ in range(_PER_CLIENT):
        if not waiting:
            break
        sender, content = waiting.pop()
        writer.write(f"MAIL FROM:<{sender}>\r\nRCPT TO:<mox@localhost>\r\nDATA\r\n".encode())
        for code in (b"250", b"250", b"354"):
            await expect(code)
        began = time.perf_counter()
        writer.write(content + b".\r\n")
        await expect(b"250")
        latencies.append(time.perf_counter() - began)
    writer.close()


def _furnish(server: LocalServer, dns: str, remembered: int) -> None:
    """Give a server, not yet started, resolver, rulesets, mail that was judged, a filter that learned."""
    server.create()
    static, dynamic = server.data / "mox.toml", server.data / "domains.toml"
    text = static.read_text()
    static.write_text(f'{text}\n[Resolvers]\nServers = ["{dns}"]\n')
    dynamic.write_text(dynamic.read_text() + _RULESETS)
    asyncio.run(_remember(server.data, remembered))


async def _remember(data: Path, count: int) -> None:
    clock = SystemClock()
    config = ConfigSource(data / "mox.toml", load_config(data / "mox.toml"), clock).current
    with ThreadPoolExecutor(8) as pool:
        store = Store(directory=data, clock=clock, pool=pool)
        numbers = list(range(count))
        await asyncio.gather(*(_deposit(store, numbers) for _ in range(50)))
        filters: dict[str, JunkFilter | None] = {"mox": config.accounts["mox"].junk_filter}
        classifiers = Classifiers(store=store, settings=filters.get)
        while await classifiers.of("mox").learn():
            pass
        await classifiers.close()
        await store.close()


async def _deposit(store: Store, numbers: list[int]) -> None:
    account = store.account("mox")
    inbox = get_mailbox(account.reader, "Inbox").id
    while numbers:
        number = numbers.pop()
        is_junk = number % 3 == 0
        # Every other of the warm domains.
        domain = warm_domain(number * 2) if not is_junk else f"junk{number % 500}.example"
        sender = f"person{number % 7}@{domain}"
        identities = (
            Identity(IdentityKind.FROM_VALIDATED, sender),
            Identity(IdentityKind.FROM_DOMAIN_VALIDATED, domain),
            Identity(IdentityKind.FROM_ORG_VALIDATED, domain),
        )
        spool = store.spools.new()
        spool.write(typical_message(number))
        content, prepared = await store.prepare(spool)
        new = NewMessage(
            inbox,
            content,
            prepared,
            flags=parse_flags(["$Junk" if is_junk else "$NotJunk"]),
            arrival=Arrival(sender, "mox@localhost", "192.0.2.1", identities=identities),
        )
        await account.write(lambda tx, new=new: add_message(tx, new))  # type: ignore[misc]  # bound now
        spool.discard()


def _profile(dns: str, counts: dict[str, int], remembered: int, cases: tuple[Case, ...]) -> None:
    """Run a server under the profiler; say what took most, and leave the rest in a file."""
    names = " and ".join(name for name, *_ in cases)
    with tempfile.NamedTemporaryFile(prefix="mox-bench-profile-", suffix=".txt", delete=False) as made:
        file = Path(made.name)
    os.environ["MOX_PROFILE"] = str(file)
    server = LocalServer(program=("-m", "bench.profiled"), options=("--enforce",))
    _furnish(server, dns, remembered)
    with server:
        for name, octets, _, cold in cases:
            sent = letters(counts[name], octets, first=counts["2k_cold"], cold=cold)
            uvloop.run(_deliver_all(server.smtp, sent))
    top = file.read_text().split("\n   ncalls", 1)[1].splitlines()[: _SHOWN + 1]
    print(f"profile of {names}, by own time; all of it is in {file}")
    print("\n".join(["   ncalls" + top[0], *top[1:]]))
