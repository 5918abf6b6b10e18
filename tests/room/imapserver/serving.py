"""The IMAP server on a loopback port, with a real store and real credentials, and clients that say lines."""

import asyncio
import ssl
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from mox.accounts import Identities, Proof, Service, ServiceDesk
from mox.imapserver import ImapServer, Services
from mox.listen import Listeners, Port
from mox.runtime import ConnectionIds, Shutdown
from mox.store import Account, Quota, Store, copy_messages, get_mailbox
from moxkit.imap import Deflate, Inflate
from moxkit.net import LineConn, server_context
from moxkit.testing import FakeClock, make_certificate
from room.deposits import Deposit, depositor
from room.imapserver.letters import LETTERS

__all__ = ["OTHER", "PASSWORD", "USER", "Client", "ImapHouse", "options_of"]

USER, PASSWORD = "mox@mox.example", "moxmoxmox"
_DISABLED = "off@mox.example"
OTHER = "other@mox.example"


class Addresses:
    """mox@mox.example signs in to `mox`, off@mox.example may not sign in."""

    def account_for_login(self, address: str) -> str | None:
        return {USER: "mox", _DISABLED: "off", OTHER: "other"}.get(address)

    def login_disabled(self, account: str) -> str:
        return "ask the owner" if account == "off" else ""


async def check_openly(account: str | None, password: str, service: Service) -> Proof | None:
    """Know one password for all, without the slowness that protects real ones."""
    return Proof() if account is not None and password == PASSWORD else None


class Client:
    """Says lines, reads lines."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._tag = 0

    async def write(self, octets: bytes) -> None:
        """Send octets; the server has a chance to see them before more come."""
        self.writer.write(octets)
        await self.writer.drain()
        for _ in range(3):
            await asyncio.sleep(0)

    async def read_line(self) -> bytes:
        try:
            return await asyncio.wait_for(self.reader.readline(), 10)
        except ConnectionError:
            return b""

    async def ask(self, command: str) -> list[str]:
        """Say a command; return the lines of its answer, the tagged one last without its tag."""
        self._tag += 1
        tag = f"t{self._tag}"
        await self.write(f"{tag} {command}\r\n".encode())
        lines: list[str] = []
        while octets := await self.read_line():
            line = octets.decode().rstrip("\r\n")
            lines.append(line.removeprefix(tag + " "))
            if line != lines[-1]:
                break
        return lines

    async def login(self) -> None:
        answer = await self.ask(f"LOGIN {USER} {PASSWORD}")
        assert answer[-1].startswith("OK"), answer

    async def start_tls(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        await self.writer.start_tls(context)


class CompressingClient(Client):
    """Compresses after the server agreed (RFC 4978 §3)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self._said = b""
        self._deflate: Deflate | None = None
        self._inflate = Inflate()
        self._lines = b""

    async def write(self, octets: bytes) -> None:
        self._said += octets
        if self._deflate is not None:
            octets = self._deflate.compress(octets)
        await super().write(octets)

    async def read_line(self) -> bytes:
        if self._deflate is None:
            line = await super().read_line()
            if b" COMPRESS DEFLATE\r\n" in self._said and b" OK " in line:
                self._deflate = Deflate()
            self._said = b""
            return line
        while b"\n" not in self._lines:
            if piece := self._inflate.next_piece():
                self._lines += piece
                continue
            octets = await asyncio.wait_for(self.reader.read(65536), 10)
            if not octets:
                return b""
            self._inflate.receive_data(octets)
        line, end, self._lines = self._lines.partition(b"\n")
        return line + end


@dataclass
class ImapHouse:
    """Everything around the server, and the means to connect to it.

    Attributes:
        quota_octets: How much the account may hold.
        quota_messages: How many messages it may hold.
        quota_mailboxes: How many mailboxes it may have.
        message_limit: How many messages one command works on.
        hides_condstore: CONDSTORE and ESEARCH are hidden from the account's clients.
        uses_tls: STARTTLS is offered.
        is_imaps: TLS begins at once.
        has_limits: Failed sign-ins are held against addresses.
        allows_plaintext: Passwords are taken without TLS.
        doublings: How often the messages of the Inbox are copied into it.
        busy_s: How long the account's writer does something else.
        is_compressing: Clients compress once they said so.
    """

    directory: Path
    pool: Executor
    clock: FakeClock = field(default_factory=FakeClock)
    shutdown: Shutdown = field(default_factory=Shutdown)
    quota_octets: int = 0
    quota_messages: int = 0
    quota_mailboxes: int = 0
    hides_condstore: bool = False
    appendlimit_octets: int = 1_000_000
    message_limit: int = 0
    uses_tls: bool = False
    allows_plaintext: bool = True
    is_cram_md5_on: bool = False
    has_limits: bool = False
    is_imaps: bool = False
    sees_conn: LineConn | None = None
    _clients: list[Client] = field(default_factory=list)
    _listeners: Listeners | None = None
    _store: Store | None = None
    _identities: Identities | None = None
    doublings: int = 0
    busy_s: int = 0
    is_compressing: bool = False
    port: int = 0
    _busy: asyncio.Future[None] | None = None

    async def set_up(self) -> None:
        """Fill the Inbox by doubling it; keep the writer busy."""
        account = self.account
        inbox = get_mailbox(account.reader, "Inbox").id
        for _ in range(self.doublings):
            await account.write(lambda tx: copy_messages(tx, inbox, [(1, 2**32)], "Inbox"))
        if self.busy_s:
            event = threading.Event()

            async def hold() -> None:
                writing = asyncio.ensure_future(account.write(lambda _tx: event.wait(20)))
                await self.clock.sleep(self.busy_s)
                event.set()
                await writing

            self._busy = asyncio.ensure_future(hold())
            await asyncio.sleep(0)

    @property
    def store(self) -> Store:
        if self._store is None:
            self._store = Store(
                directory=self.directory,
                clock=self.clock,
                pool=self.pool,
                quota=lambda _name: Quota(self.quota_octets, self.quota_messages, self.quota_mailboxes),
            )
        return self._store

    @property
    def account(self) -> Account:
        return self.store.account("mox")

    @property
    def deposit(self) -> Deposit:
        return depositor(self.store)

    @property
    def identities(self) -> Identities:
        if self._identities is None:
            self._identities = Identities(
                directory=self.directory,
                clock=self.clock,
                pool=self.pool,
                addresses=Addresses(),
                hostname="mx.example",
                enables_cram_md5=lambda: self.is_cram_md5_on,
                limits=self.has_limits,
            )
            self._identities.credentials.check_password = check_openly  # type: ignore[method-assign] # as said there
        return self._identities

    async def fill(self, letters: Sequence[str]) -> None:
        """File letters by name in the Inbox."""
        for name in letters:
            await self.deposit(self.account, LETTERS[name])

    async def connect(self) -> Client:
        """Return a new client, before the greeting was read."""
        await self.listen()
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 22))
        self._clients.append(client)
        return client

    async def connect_compressing(self) -> "CompressingClient":
        """Return a new client that compresses once it said so."""
        client = await self.connect()
        return CompressingClient(client.reader, client.writer)

    async def signed_in(self) -> Client:
        client = await self.connect()
        await client.read_line()
        await client.login()
        return client

    async def selected(self, mailbox: str = "Inbox") -> Client:
        client = await self.signed_in()
        answer = await client.ask(f"SELECT {mailbox}")
        assert answer[-1].startswith("OK"), answer
        return client

    async def listen(self) -> None:
        """Open the port, if it is not open yet."""
        if self._listeners is not None:
            return
        desk = ServiceDesk(desk=self.identities.sign_in, service=Service.IMAP, clock=self.clock)
        certificate = make_certificate("mx.example", "p256")
        tls = server_context([certificate], judge_client=desk.judge_client)
        server = ImapServer(
            services=Services(
                self.store,
                desk,
                self.clock,
                self.appendlimit_octets,
                "1.2.3",
                message_limit=self.message_limit,
                account_of=Addresses().account_for_login,
                hidden_capabilities=lambda _account: ("condstore", "ESEARCH") if self.hides_condstore else (),
            ),
            shutdown=self.shutdown,
            tls=tls if self.uses_tls else None,
            allows_plaintext=self.allows_plaintext,
        )

        async def serve(conn: LineConn) -> None:
            self.sees_conn = conn
            await server.serve(conn)

        self._listeners = Listeners(ids=ConnectionIds(self.clock.now()))
        await self._listeners.listen(Port("imap", "127.0.0.1", 0, serve, tls if self.is_imaps else None))
        self.port = self._listeners._servers[0].sockets[0].getsockname()[1]

    async def close(self) -> None:
        for client in self._clients:
            client.writer.transport.abort()
        if self._listeners is not None:
            await self._listeners.close(1)
        if self._store is not None:
            await self._store.close()
        if self._identities is not None:
            await self._identities.close()
        # What is removed behind the back of the connections is gone when the threads are.
        self.pool.shutdown()
        spools = self.directory / "tmp"
        assert not spools.exists() or list(spools.iterdir()) == [], "temporary files were left behind"


def options_of(header: Sequence[str]) -> Mapping[str, int]:
    """Read the ``server: name=1 ...`` line of a transcript's header: attributes of the house."""
    words = [word for line in header if line.startswith("server:") for word in line.split()[1:]]
    return {name: int(value) for name, _, value in (word.partition("=") for word in words)}
