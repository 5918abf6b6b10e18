"""One connection to a server: greeting, TLS, signing in, messages one after the other."""

import base64
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from moxkit.net import ImplicitTLS, LineConn, TLSContext, TLSInfo, Verdict, connect
from moxkit.sasl import ClientExchange, Mechanism, SaslError
from moxkit.smtp import Extensions, MailFrom, Path, RcptTo, Reply, read_extensions
from moxkit.smtpclient.conversation import Conversation
from moxkit.smtpclient.errors import SmtpError
from moxkit.smtpclient.transaction import Content, transact
from moxkit.wiretrace import Kind

__all__ = ["SmtpClient"]

_NO_EXTENSIONS = Extensions({})


class SmtpClient:
    """A connection that was greeted; close it, or use it as a context manager.

    Attributes:
        extensions: What the server offers now.
        server_name: What the server calls itself, not verified; empty if it does not say.
        local_address: Where we are connected from; empty if that is no address.
    """

    def __init__(self, conn: LineConn, *, ehlo: str) -> None:
        self._conn = conn
        self._conversation = Conversation(conn)
        self._ehlo = ehlo
        self.extensions = _NO_EXTENSIONS
        self.server_name = ""
        own = conn.sockname
        self.local_address = str(own[0]) if isinstance(own, tuple) else ""

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        *,
        ehlo: str,
        timeout_s: float = 30,
        local_address: str | None = None,
        tls: ImplicitTLS | None = None,
    ) -> Self:
        """Dial, wait for the greeting, say EHLO.

        Raises:
            SmtpError: The server does not want to talk.
            ConnectionError, TimeoutError: There is no server.
        """
        conn = await connect(host, port, timeout=timeout_s, local_address=local_address, tls=tls)
        return await cls.begin(conn, ehlo=ehlo)

    @classmethod
    async def begin(cls, conn: LineConn, *, ehlo: str) -> Self:
        """Wait for the greeting on a connection that somebody else has made, say EHLO.

        Raises:
            SmtpError: The server does not want to talk; the connection is closed.
            ConnectionError, TimeoutError: The server is gone; the connection is closed.
        """
        self = cls(conn, ehlo=ehlo)
        try:
            self._expect("greeting", await self._conversation.reply(), 220)
            await self._hello()
        except BaseException:
            conn.close()
            raise
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.quit()

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self._conn.tls is not None

    @property
    def tls(self) -> TLSInfo | None:
        """What was negotiated; None without TLS."""
        return self._conn.tls

    @property
    def is_over(self) -> bool:
        """Whether the connection is of no more use: it broke, or the server is closing it."""
        return self._conversation.is_over or self._conn.is_closing

    async def start_tls(
        self, context: TLSContext, *, hostname: str | None, verdict: Verdict | None = None
    ) -> None:
        """Begin TLS (RFC 3207), and say EHLO again.

        Raises:
            SmtpError: The server refuses.
            moxkit.net.TLSError: The handshake failed, or the verdict is no.
        """
        self._expect("STARTTLS", await self._conversation.command(b"STARTTLS\r\n"), 220)
        if self._conversation.unread:
            raise ConnectionError("plaintext after the reply to STARTTLS")
        await self._conn.start_tls(context, server=False, hostname=hostname, verdict=verdict)
        self._conversation.forget()
        await self._hello()

    async def authenticate(self, mechanism: Mechanism, exchange: ClientExchange) -> None:
        """Sign in (RFC 4954).

        Raises:
            SmtpError: The server does not believe us.
            SaslError: The server misbehaves.
        """
        command = self._conversation.command
        initial = exchange.start()
        words = [b"AUTH", mechanism.encode()]
        if initial is not None:
            words.append(base64.b64encode(initial) or b"=")
        reply = await command(b" ".join(words) + b"\r\n", Kind.AUTH)
        while reply.code == 334:
            try:
                answer = exchange.respond(base64.b64decode(reply.text))
            except (SaslError, ValueError):
                await command(b"*\r\n")
                raise
            reply = await command(base64.b64encode(answer) + b"\r\n", Kind.AUTH)
        self._expect("AUTH", reply, 235)
        if not exchange.is_complete:
            raise SaslError("the server did not prove that it knows the password")

    def channel_binding(self, name: str) -> bytes | None:
        """Return channel binding data for an exchange; None if there is none."""
        return self._conn.channel_binding(name)

    async def deliver(
        self, mail_from: MailFrom, recipients: Sequence[Path | RcptTo], content: Content
    ) -> list[Reply]:
        """Send one message; return what the server said for each recipient, in their order.

        Args:
            mail_from: Sender and parameters; only those the server offers may be set.
            recipients: At least one; parameters likewise.
            content: Pieces, with lines ending in CRLF, ending with a line end.

        Raises:
            SmtpError: The sender was refused: no recipient was tried.
            NotBegunError: The connection broke before the server answered to the sender.
            ConnectionError, TimeoutError: It broke later, perhaps before the server could say that it has the
                message.
        """
        commands = [each if isinstance(each, RcptTo) else RcptTo(each) for each in recipients]
        return await transact(
            self._conversation,
            bytes(mail_from),
            [bytes(command) for command in commands],
            content,
            pipelines="PIPELINING" in self.extensions,
        )

    def detach(self) -> LineConn:
        """Give the connection to somebody else, between commands; it is theirs to close."""
        self._conversation.is_over = True
        return self._conn

    async def quit(self) -> None:
        """Say goodbye, without waiting long for the answer, and close."""
        await self._conversation.quit()

    async def _hello(self) -> None:
        command = self._conversation.command
        reply = await command(f"EHLO {self._ehlo}\r\n".encode())
        if reply.code in (500, 501, 502, 503, 504) and not self.is_tls:
            # RFC 5321 §3.2: a server from before extensions.
            reply = await command(f"HELO {self._ehlo}\r\n".encode())
            self._expect("HELO", reply, 250)
            self.extensions = _NO_EXTENSIONS
        else:
            self._expect("EHLO", reply, 250)
            self.extensions = read_extensions(reply.text)
        self.server_name = reply.text.partition("\n")[0].partition(" ")[0][:255]

    def _expect(self, command: str, reply: Reply, code: int) -> None:
        if reply.code != code:
            raise SmtpError(command, reply)
