"""A server that receives mail from an internet of one's own, for transcripts of what becomes of it.

A transcript has, besides its dialogue, what the world is like in its header:

    # zone: x.example TXT "v=spf1 ip4:127.0.0.1 -all"    a record
    # account: Introbox = "Introbox"                     a setting of account mox
    # destination: Mailbox = "Lists"                     a setting of mox@mox.example
    # known: ann@x.example junk                          mail from there that was judged: junk or good
    # wrote: ann@x.example                               the account wrote there
    # signs: x.example                                   who signs the content
    # words: pills                                       words that the account has learned to be junk

and behind a line `===` what is found afterwards, each with `*` for anything: `filed: account mailbox`,
`refused: account reason`, `header:`, `trace: check outlook text`, `nearest:` and `nothing: account`.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from mox.app import Ground, Server, build, create_localserve
from mox.config import DYNAMIC_NAME, STATIC_NAME, ConfigSource, load_config
from mox.observe import LogLevels
from mox.store import Account, Arrival, Identity, IdentityKind, list_messages, list_refusals
from moxkit import dkim
from moxkit.domain import parse_domain
from moxkit.publicsuffix import organizational_domain
from moxkit.testing import FakeClock, FakeResolver
from room.app.servers import free_offset
from room.deposits import depositor

__all__ = ["World", "check", "dialogue_of", "world_of"]

KEY = dkim.generate_ed25519()
# Who connects: the reverse name is what most clients have.
ZONE = """
1.0.0.127.in-addr.arpa PTR mx.x.example.
mx.x.example A 127.0.0.1
"""
CONFIGURATION = """
[Domains."mox.example"]
LocalpartCatchallSeparator = "+"

[Domains."mox.example".Aliases.team]
Addresses = ["mox@mox.example", "pat@mox.example"]

[Domains."mox.example".Aliases.staff]
Addresses = ["mox@mox.example", "pat@mox.example"]
PostPublic = true

[Domains."off.example"]
Disabled = true

[Accounts.pat]
Domain = "mox.example"
NoFirstTimeSenderDelay = true
Destinations = {{ "pat@mox.example" = {{}} }}

[Accounts.mox]
Domain = "mox.example"
RejectsMailbox = "Rejects"
NoFirstTimeSenderDelay = true
{account}
[Accounts.mox.Destinations."mox@mox.example"]
{destination}
"""


class Client:
    """Says lines, reads lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def write(self, octets: bytes) -> None:
        """Send octets."""
        self._writer.write(octets)
        await self._writer.drain()

    def close(self) -> None:
        """Go away."""
        self._writer.transport.abort()

    async def read_line(self) -> bytes:
        """Return the next line."""
        return await asyncio.wait_for(self._reader.readline(), 20)


@dataclass(frozen=True, slots=True)
class World:
    """A started server, where it listens for mail, and who came."""

    server: Server
    port: int
    clients: list[Client] = field(default_factory=list)

    async def connect(self) -> Client:
        """Return a new client."""
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        return client

    def account(self, name: str) -> Account:
        """Return an account."""
        return self.server.store.account(name)


def _values(header: Sequence[str], name: str) -> Iterator[str]:
    return (line.removeprefix(f"{name}: ") for line in header if line.startswith(f"{name}: "))


class _ShortPauses(FakeClock):
    """Nobody waits for the replies that come slowly, octet by octet, after unwanted mail."""

    async def sleep(self, seconds: float) -> None:
        """Sleep, unless it is for a second."""
        await (asyncio.sleep(0) if seconds <= 1 else super().sleep(seconds))


@asynccontextmanager
async def world_of(header: Sequence[str], directory: Path) -> AsyncIterator[World]:
    """Start a server in the world that a transcript's header describes."""
    clock, offset = _ShortPauses(), free_offset()
    create_localserve(directory, clock=clock, ips=("127.0.0.1",), port_offset=offset)
    configuration = CONFIGURATION.format(
        account="\n".join(_values(header, "account")), destination="\n".join(_values(header, "destination"))
    )
    (directory / DYNAMIC_NAME).write_text(configuration, encoding="utf-8")
    file = directory / STATIC_NAME
    file.write_text(file.read_text(encoding="utf-8").replace("Pedantic = true", ""), encoding="utf-8")
    record = dkim.public_record(KEY)
    zone = [ZONE, *_values(header, "zone")]
    zone += [f's._domainkey.{domain} TXT "{record}"' for domain in _values(header, "signs")]
    source = ConfigSource(file, load_config(file), clock)
    ground = Ground(source=source, data_dir=directory, clock=clock, levels=LogLevels("warn"))
    server = build(ground, resolver=FakeResolver("\n".join(zone)))
    try:
        await server.start()
        world = World(server, 25 + offset)
        await _remember(world, header)
        yield world
        for client in world.clients:
            client.close()
    finally:
        await server.stop()


async def _remember(world: World, header: Sequence[str]) -> None:
    account, deposit = world.account("mox"), depositor(world.server.store)
    for number, known in enumerate(_values(header, "known")):
        address, _, judgement = known.partition(" ")
        domain = parse_domain(address.rpartition("@")[2])
        identities = (
            Identity(IdentityKind.FROM_VALIDATED, address),
            Identity(IdentityKind.FROM_DOMAIN_VALIDATED, domain.ascii),
            Identity(IdentityKind.FROM_ORG_VALIDATED, organizational_domain(domain).ascii),
        )
        flag = {"junk": "$Junk", "good": "$NotJunk"}[judgement]
        arrival = Arrival(address, "mox@mox.example", "192.0.2.1", identities=identities)
        await deposit(account, b"Subject: %d\r\n\r\n" % number, flags=flag, arrival=arrival)
    for words in _values(header, "words"):
        await _learn(world, words)
    for address in _values(header, "wrote"):
        await deposit(account, f"To: {address}\r\n\r\n".encode(), "Sent")


async def _learn(world: World, words: str) -> None:
    account, deposit = world.account("mox"), depositor(world.server.store)
    for number in range(120):
        is_junk = number % 2 == 0
        text = f"{words} offer{number}" if is_junk else f"minutes of meeting number{number} attached below"
        content = f"Subject: {text}\r\n\r\n{text}\r\n".encode()
        await deposit(account, content, flags="$Junk" if is_junk else "$NotJunk")
    classifier = world.server.receiving.classifiers.of("mox")
    while await classifier.learn():
        pass


def dialogue_of(text: str, header: Sequence[str]) -> str:
    """Return the dialogue of a transcript, its content signed."""
    dialogue = text.partition("\n===")[0]
    signers = list(_values(header, "signs"))
    if not signers:
        return dialogue
    lines = dialogue.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("S: 354")) + 1
    end = lines.index("C: .", start)
    content = "".join(
        line.removeprefix("C:").removeprefix(" ") + "\r\n" for line in lines[start:end]
    ).encode()
    fields = b""
    for domain in signers:
        keys = [dkim.SigningKey(selector=parse_domain("s"), private_key=KEY)]
        fields += dkim.sign(content, domain=parse_domain(domain), keys=keys, now=FakeClock().now())
    signed = [f"C: {line}" for line in fields.decode().removesuffix("\r\n").split("\r\n")]
    return "\n".join([*lines[:start], *signed, *lines[start:]])


def check(text: str, world: World) -> None:
    """Compare what is found with what stands behind `===`."""
    steps: list[dict[str, str]] = []
    octets = b""
    for line in text.partition("\n===")[2].splitlines()[1:]:
        kind, _, wanted = line.partition(": ")
        name = wanted.partition(" ")[0]
        match kind:
            case "filed":
                steps, octets = _filed(world.account(name), wanted.partition(" ")[2])
            case "refused":
                steps = _refused(world.account(name), wanted.partition(" ")[2])
            case "nothing":
                assert list(list_messages(world.account(name).reader)) == [], wanted
                assert list_refusals(world.account(name).reader) == [], wanted
            case "header":
                fields = octets.partition(b"\r\n\r\n")[0].replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ")
                _find(fields.decode().split("\r\n"), wanted)
            case "trace":
                said = [f"{step['check']} {step.get('outlook', '')} {step.get('text', '')}" for step in steps]
                _find(said, wanted)
            case "nearest":
                _find(list(steps[-1]["nearest"]), wanted)
            case "":
                pass
            case _:
                raise AssertionError(f"nobody knows {kind!r}")


def _filed(account: Account, mailbox: str) -> tuple[list[dict[str, str]], bytes]:
    found = [message for message in list_messages(account.reader) if message.envelope_to]
    newest = max(found, key=lambda message: message.id)
    assert newest.mailbox == mailbox
    row = account.reader.row("SELECT prefix, decisions FROM content WHERE id = :id", id=newest.id)
    assert row is not None
    prefix, decisions = row
    return json.loads(decisions), bytes(prefix) + b"\r\n"


def _refused(account: Account, reason: str) -> list[dict[str, str]]:
    newest = list_refusals(account.reader)[0]
    assert newest.what.reason == reason
    return json.loads(json.dumps(newest.what.decisions))  # type: ignore[no-any-return]  # what was parsed


def _find(found: Sequence[str], wanted: str) -> None:
    if wanted.startswith("!"):
        assert not any(fnmatchcase(each, wanted[1:]) for each in found), (wanted, found)
    else:
        assert any(fnmatchcase(each, wanted) for each in found), (wanted, found)
