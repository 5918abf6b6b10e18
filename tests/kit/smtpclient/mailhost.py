"""A mail host for tests: does as it is told, and keeps what it takes."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial

from cryptography import x509

from moxkit.domain import parse_domain
from moxkit.net import LineConn, TLSContext, TLSTransport, server_context
from moxkit.smtpclient import Dialer
from moxkit.testing import CertificateAndKey, make_authority, make_certificate

__all__ = ["GOOD", "HOST", "NOW", "ROOT", "STRANGER", "Server", "running"]

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
HOST = parse_domain("mx.mox.example")
ROOT, STRANGER = make_authority(), make_authority("stranger")
GOOD = make_certificate(str(HOST), issuer=ROOT)


@dataclass
class Server:
    """A mail host that does as it is told, and keeps what it takes."""

    offers: list[str] = field(default_factory=lambda: ["PIPELINING", "STARTTLS", "SIZE 1000"])
    certificate: CertificateAndKey = GOOD
    most_recipients: int = 100
    # By what a sender or recipient begins with.
    answers: dict[str, bytes] = field(default_factory=dict)
    hangs_up_at: str = ""
    greeting: bytes = b"220 mx.mox.example ESMTP\r\n"
    # Instead of extensions.
    hello: bytes = b""
    hello_in_tls: bytes = b""
    # Before hanging up there.
    says_at_second_mail: bytes | None = None
    # Of the messages it takes, the one it closes after without an answer, from 1.
    loses_answer_of: int = 0
    is_immediate: bool = False
    refuses_client: bool = False
    refuses_starttls: bool = False
    is_tls: list[bool] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    taken: list[bytes] = field(default_factory=list)

    def context(self) -> TLSContext:
        if self.refuses_client:
            return server_context([self.certificate], judge_client=lambda _certificate, _address: False)
        return server_context([self.certificate])

    async def serve(self, conn: LineConn) -> None:
        try:
            await self._serve(conn)
        finally:
            conn.close()

    async def _serve(self, conn: LineConn) -> None:
        conn.read_timeout = 5
        conn.write(self.greeting)
        said = _Said()
        with contextlib.suppress(ConnectionError, TimeoutError):
            while line := (await conn.readline(1000)).decode().rstrip():
                verb = line.upper().partition(" ")[0]
                self.commands.append(line)
                said.mails += verb == "MAIL"
                if self.says_at_second_mail is not None and said.mails == 2:
                    conn.write(self.says_at_second_mail)
                    return
                if verb == self.hangs_up_at:
                    return
                await self._answer(conn, verb, line, said)
                if verb == "QUIT":
                    return

    async def _answer(self, conn: LineConn, verb: str, line: str, said: "_Said") -> None:
        match verb:
            case "EHLO":
                hello = self.hello_in_tls if conn.tls else self.hello
                conn.write(hello or self._offers(conn))
            case "STARTTLS" if self.refuses_starttls:
                conn.write(b"454 4.7.0 TLS not available\r\n")
            case "STARTTLS":
                self.commands.append("(handshake)")
                await conn.start_tls(self.context(), server=True, go_ahead=b"220 go\r\n")
            case "MAIL":
                said.recipients = said.accepted = 0
                conn.write(self._answer_to(line))
            case "RCPT":
                said.recipients += 1
                crowded = said.recipients > self.most_recipients
                answer = self._answer_to(line)
                said.accepted += not crowded and answer.startswith(b"250")
                conn.write(b"452 4.5.3 too many\r\n" if crowded else answer)
            case "DATA" if not said.accepted:
                conn.write(b"554 5.5.1 no valid recipients\r\n")
            case "DATA":
                conn.write(b"354 go\r\n")
                content = b""
                while (part := await conn.readline(1000)) != b".\r\n":
                    if not part:
                        raise ConnectionResetError
                    content += part
                self.taken.append(content)
                self.is_tls.append(conn.tls is not None)
                if len(self.taken) == self.loses_answer_of:
                    raise ConnectionResetError
                conn.write(b"250 2.0.0 taken\r\n")
            case "QUIT":
                conn.write(b"221 bye\r\n")
            case _:
                conn.write(b"250 ok\r\n")

    def _answer_to(self, line: str) -> bytes:
        return next((answer for name, answer in self.answers.items() if f"<{name}" in line), b"250 ok\r\n")

    def _offers(self, conn: LineConn) -> bytes:
        hidden = "STARTTLS" if conn.tls else "REQUIRETLS"
        *lines, last = ["mx.mox.example", *(offer for offer in self.offers if offer != hidden)]
        return "".join([*(f"250-{each}\r\n" for each in lines), f"250 {last}\r\n"]).encode()


@dataclass(slots=True)
class _Said:
    """What a client has said on one connection."""

    mails: int = 0
    recipients: int = 0
    accepted: int = 0


@contextlib.asynccontextmanager
async def running(*servers: Server) -> AsyncIterator[Dialer]:
    """Run servers on one port, at 127.0.0.1 and the addresses after it; yield what connects to them."""
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[None]] = []

    def opened(server: Server) -> Callable[[LineConn], None]:
        return lambda conn: tasks.append(loop.create_task(server.serve(conn)))

    def made(server: Server) -> asyncio.Protocol:
        conn = LineConn(loop, opened(server))
        if server.is_immediate:
            return TLSTransport(loop, server.context(), lambda _info: conn, server=True)
        return conn

    listening: list[asyncio.Server] = []
    port = 0
    for number, server in enumerate(servers, 1):
        listening.append(await loop.create_server(partial(made, server), f"127.0.0.{number}", port))
        port = listening[0].sockets[0].getsockname()[1]
    root = x509.load_pem_x509_certificate(ROOT[0])
    try:
        yield Dialer("me.example", [root], lambda: NOW, port=port, timeout_s=5)
    finally:
        for each in listening:
            each.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.001)
