"""A server on a loopback port with stand-ins for everything behind it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

import pytest

from mox.accounts import (
    AddressUnknown,
    DomainDisabled,
    DomainUnknown,
    KeyRefused,
    Recipient,
    Refused,
    Resolved,
    SignedIn,
    SignInFailed,
)
from mox.delivery import Incoming, Outcome
from mox.listen import ConnectionLimits, Listeners, Port
from mox.observe import Metrics
from mox.runtime import ConnectionIds, Shutdown
from mox.smtpserver import FailureListener, Kind, Options, SmtpServer, SpecialRecipients
from mox.store.spool import SpoolDirectory
from mox.submission import Draft, Queued, Refusal
from moxkit.dns import Resolver
from moxkit.net import TLSContext, TLSInfo, server_context
from moxkit.sasl import Challenge, FailureKind, Mechanism
from moxkit.testing import FakeClock, make_certificate


class FakeAddresses:
    """alice and bob live at mox.example; other answers are asked for by name."""

    def resolve(self, localpart: str, domain: str) -> Resolved:
        address = f"{localpart}@{domain}" if domain else localpart
        special: dict[str, Resolved] = {
            "off.example": DomainDisabled(domain),
            "other.example": DomainUnknown(domain),
        }
        if domain in special:
            return special[domain]
        if localpart == "busy":
            return Refused("421 come back later")
        if localpart == "gone":
            return Refused("550 moved away")
        if domain == "mox.example" and localpart == "nobody":
            return AddressUnknown(address)
        if domain in {"mox.example", ""}:
            return Recipient(address, localpart, address, "Inbox", "test")
        return DomainUnknown(domain)

    def may_send_as(self, account: str, localpart: str, domain: str) -> bool:
        return (account, domain) == (localpart, "mox.example")


@dataclass
class FakeDelivery:
    """Keeps what it receives."""

    received: list[tuple[Incoming, bytes]] = field(default_factory=list)
    codes: dict[str, tuple[int, str]] = field(default_factory=dict)
    reason: str = ""
    crash: Exception | None = None

    async def receive(self, incoming: Incoming) -> Sequence[Outcome]:
        if self.crash is not None:
            raise self.crash
        content = incoming.spool.finish()
        self.received.append((incoming, content.path.read_bytes()))
        return [
            Outcome(each, *self.codes.get(each.path, (250, "2.1.5")), "said so", reason=self.reason)
            for each in incoming.recipients
        ]


@dataclass
class FakeSubmission:
    """Keeps what is submitted."""

    drafts: list[tuple[Draft, bytes]] = field(default_factory=list)
    refusal: Refusal | None = None

    async def submit(self, draft: Draft) -> Queued | Refusal:
        content = draft.spool.finish()
        self.drafts.append((draft, content.path.read_bytes()))
        return self.refusal or Queued((7,), "<id@mox.example>")


class FakeExchange:
    """PLAIN, and a two-step mechanism that ends with an error of its own."""

    def __init__(self, mechanism: str, desk: "FakeDesk") -> None:
        self._mechanism = mechanism
        self._desk = desk

    def abort(self) -> None:
        pass

    async def respond(self, octets: bytes | None) -> Challenge | SignedIn | SignInFailed:
        if octets is None:
            return Challenge(b"")
        if self._mechanism != "PLAIN":
            return SignInFailed(FailureKind.CREDENTIALS, "wrong", b"e=wrong", "alice")
        _, name, password = octets.split(b"\0")
        if password == b"disabled":
            return SignInFailed(FailureKind.AUTHORIZATION, "ask the owner", is_disabled=True)
        if password != b"secret":
            self._desk.failures += 1
            return SignInFailed(FailureKind.CREDENTIALS, "wrong password", username=name.decode())
        return SignedIn(name.decode(), f"{name.decode()}@mox.example")


@dataclass
class FakeVisit:
    """Offers two mechanisms; knows a client certificate if it is told to."""

    desk: "FakeDesk"

    @property
    def has_room(self) -> bool:
        return self.desk.failures < 10

    @property
    def is_slow(self) -> bool:
        return self.desk.has_limits and self.desk.failures >= 3

    async def hold(self) -> None:
        pass

    def meet(self, tls: TLSInfo | None, channel_binding: Callable[[str], bytes | None]) -> KeyRefused | None:
        return self.desk.key_refused

    def by_certificate(self) -> SignedIn | SignInFailed | None:
        return self.desk.by_certificate

    def mechanisms(self) -> tuple[Mechanism, ...]:
        external = (Mechanism.EXTERNAL,) if self.desk.by_certificate else ()
        return (*external, Mechanism.SCRAM_SHA_256, Mechanism.PLAIN)

    def begin(self, mechanism: str) -> FakeExchange | None:
        return FakeExchange(mechanism, self.desk) if mechanism in self.mechanisms() else None


@dataclass
class FakeDesk:
    """Receives connections, and counts failures of all of them."""

    has_limits: bool = False
    failures: int = 0
    key_refused: KeyRefused | None = None
    by_certificate: SignedIn | SignInFailed | None = None

    def visit(self, *, remote_ip: str, local_ip: str, allows_plaintext: bool) -> FakeVisit:
        return FakeVisit(self)


class Client:
    """Says lines, reads replies."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def write(self, octets: bytes) -> None:
        self.writer.write(octets)
        await self.writer.drain()

    async def read_line(self) -> bytes:
        try:
            return await asyncio.wait_for(self.reader.readline(), 10)
        except ConnectionError:
            return b""

    async def reply(self) -> str:
        """Return a whole reply, its lines joined by a slash; empty at the end."""
        lines = []
        while line := (await self.read_line()).decode().rstrip("\r\n"):
            lines.append(line)
            if line[3:4] != "-":
                break
        return " / ".join(lines)

    async def ask(self, line: str) -> str:
        await self.write(line.encode() + b"\r\n")
        return await self.reply()

    async def ask_all(self, *lines: str) -> list[str]:
        return [await self.ask(line) for line in lines]


@dataclass
class House:
    """Everything around the server, and the means to connect to it."""

    spools: SpoolDirectory
    directory: Path
    clock: FakeClock = field(default_factory=FakeClock)
    delivery: FakeDelivery = field(default_factory=FakeDelivery)
    submission: FakeSubmission = field(default_factory=FakeSubmission)
    shutdown: Shutdown = field(default_factory=Shutdown)
    options: Options = field(default_factory=lambda: Options(kind=Kind.SMTP, hostname="mx.example"))
    tls: TLSContext | None = None
    limits: ConnectionLimits | None = None
    desk: FakeDesk = field(default_factory=FakeDesk)
    resolver: Resolver | None = None
    special: SpecialRecipients | None = None
    failures: FailureListener | None = None
    metrics: Metrics = field(default_factory=Metrics)
    _listeners: Listeners | None = None
    _port: int = 0
    _clients: list[Client] = field(default_factory=list)

    def use_tls(self) -> None:
        self.tls = server_context([make_certificate("mx.example", "p256")])

    def submits(self, *, allows_plaintext: bool = True) -> None:
        self.options = replace(self.options, kind=Kind.SUBMISSION, allows_plaintext=allows_plaintext)

    async def connect(self) -> Client:
        if self._listeners is None:
            server = SmtpServer(
                options=self.options,
                spools=self.spools,
                accounts=FakeAddresses(),
                delivery=self.delivery,
                submission=self.submission,
                desk=self.desk,
                clock=self.clock,
                shutdown=self.shutdown,
                tls_context=self.tls,
                limits=self.limits,
                resolver=self.resolver,
                special_recipients=self.special,
                failures=self.failures,
                counting=self.metrics.smtp,
            )
            self._listeners = Listeners(ids=ConnectionIds(self.clock.now()))
            await self._listeners.listen(Port("smtp", "127.0.0.1", 0, server.serve))
            self._port = self._listeners._servers[0].sockets[0].getsockname()[1]
        client = Client(*await asyncio.open_connection("127.0.0.1", self._port))
        self._clients.append(client)
        return client

    async def greeted(self) -> Client:
        client = await self.connect()
        assert (await client.reply()).startswith("220 mx.example ESMTP")
        await client.ask("EHLO client.example")
        return client

    async def close(self) -> None:
        for client in self._clients:
            client.writer.transport.abort()
        if self._listeners is not None:
            await self._listeners.close(1)

    async def __aenter__(self) -> "House":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    directory = tmp_path / "spools"
    with ThreadPoolExecutor(2) as pool:
        async with House(SpoolDirectory(directory, pool), directory) as made:
            yield made
    assert list(directory.iterdir()) == [], "temporary files were left behind"
