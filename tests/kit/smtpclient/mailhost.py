"""A mail host for tests: does as it is told, and keeps what it takes."""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from cryptography import x509

from moxkit.domain import parse_domain
from moxkit.net import LineConn, server_context
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
    # By what a recipient begins with.
    answers: dict[str, bytes] = field(default_factory=dict)
    hangs_up_at: str = ""
    is_tls: list[bool] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    taken: list[bytes] = field(default_factory=list)

    async def serve(self, conn: LineConn) -> None:
        try:
            await self._serve(conn)
        finally:
            conn.close()

    async def _serve(self, conn: LineConn) -> None:
        conn.read_timeout = 5
        conn.write(b"220 mx.mox.example ESMTP\r\n")
        count = accepted = 0
        with contextlib.suppress(ConnectionError, TimeoutError):
            while line := (await conn.readline(1000)).decode().rstrip():
                verb, _, rest = line.upper().partition(" ")
                self.commands.append(line)
                if verb == self.hangs_up_at:
                    return
                match verb:
                    case "EHLO":
                        hidden = "STARTTLS" if conn.tls else "REQUIRETLS"
                        offers = [offer for offer in self.offers if offer != hidden]
                        lines = ["mx.mox.example", *offers]
                        for each in lines[:-1]:
                            conn.write(f"250-{each}\r\n".encode())
                        conn.write(f"250 {lines[-1]}\r\n".encode())
                    case "STARTTLS":
                        self.commands.append("(handshake)")
                        await conn.start_tls(
                            server_context([self.certificate]), server=True, go_ahead=b"220 go\r\n"
                        )
                    case "MAIL":
                        count = accepted = 0
                        refused = "REFUSED" in rest
                        conn.write(b"550 5.7.1 not you\r\n" if refused else b"250 ok\r\n")
                    case "RCPT":
                        count += 1
                        crowded = count > self.most_recipients
                        answer = next((a for n, a in self.answers.items() if f"<{n}" in line), b"250 ok\r\n")
                        accepted += not crowded and answer.startswith(b"250")
                        conn.write(b"452 4.5.3 too many\r\n" if crowded else answer)
                    case "DATA" if not accepted:
                        conn.write(b"554 5.5.1 no valid recipients\r\n")
                    case "DATA":
                        conn.write(b"354 go\r\n")
                        content = b""
                        while (part := await conn.readline(1000)) != b".\r\n":
                            content += part
                        self.taken.append(content)
                        self.is_tls.append(conn.tls is not None)
                        conn.write(b"250 2.0.0 taken\r\n")
                    case "QUIT":
                        conn.write(b"221 bye\r\n")
                        break
                    case _:
                        conn.write(b"250 ok\r\n")


@contextlib.asynccontextmanager
async def running(*servers: Server) -> AsyncIterator[Dialer]:
    """Run servers on one port, at 127.0.0.1 and the addresses after it; yield what connects to them."""
    loop = asyncio.get_running_loop()
    tasks: list[asyncio.Task[None]] = []

    def opened(server: Server) -> Callable[[LineConn], None]:
        return lambda conn: tasks.append(loop.create_task(server.serve(conn)))

    listening: list[asyncio.Server] = []
    port = 0
    for number, server in enumerate(servers, 1):
        accept = opened(server)
        listening.append(
            await loop.create_server(
                lambda accept=accept: LineConn(loop, accept),  # type: ignore[misc]  # bound now
                f"127.0.0.{number}",
                port,
            )
        )
        port = listening[0].sockets[0].getsockname()[1]
    root = x509.load_pem_x509_certificate(ROOT[0])
    try:
        yield Dialer("me.example", [root], lambda: NOW, port=port, timeout_s=5)
    finally:
        for each in listening:
            each.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.001)
