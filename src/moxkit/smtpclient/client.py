"""One connection to a server: commands in order, replies awaited, content streamed."""

import base64
import logging
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from types import TracebackType
from typing import Self

from moxkit.net import ImplicitTLS, LineConn, TLSContext, TLSInfo, Verdict, connect
from moxkit.sasl import ClientExchange, Mechanism, SaslError
from moxkit.smtp import (
    ClientMachine,
    Extensions,
    MailFrom,
    Path,
    RcptTo,
    Reply,
    ReplySyntaxError,
    read_extensions,
    stuff_dots,
)
from moxkit.smtpclient.errors import SmtpError
from moxkit.wiretrace import Kind, WireTrace

__all__ = ["SmtpClient"]

logger = logging.getLogger(__name__)

_NO_EXTENSIONS = Extensions({})
# How long servers may think (RFC 5321 §4.5.3.2): minutes, and ten for the end of the content.
_REPLY_S = 300.0
_CONTENT_REPLY_S = 600.0
_WRITE_S = 180.0
_QUIT_S = 5.0


class SmtpClient:
    """A connection that was greeted; close it, or use it as a context manager.

    Attributes:
        extensions: What the server offers now.
    """

    def __init__(self, conn: LineConn, *, ehlo: str) -> None:
        self._conn = conn
        self._machine = ClientMachine()
        self._ehlo = ehlo
        self._trace = WireTrace(logger)
        self.extensions = _NO_EXTENSIONS

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
        self = cls(conn, ehlo=ehlo)
        conn.read_timeout, conn.write_timeout = _REPLY_S, _WRITE_S
        try:
            self._expect("greeting", await self._reply(), 220)
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

    async def start_tls(self, context: TLSContext, *, hostname: str, verdict: Verdict | None = None) -> None:
        """Begin TLS (RFC 3207), and say EHLO again.

        Raises:
            SmtpError: The server refuses.
            moxkit.net.TLSError: The handshake failed, or the verdict is no.
        """
        self._expect("STARTTLS", await self._command(b"STARTTLS\r\n"), 220)
        if self._machine.unread:
            raise ConnectionError("plaintext after the reply to STARTTLS")
        await self._conn.start_tls(context, server=False, hostname=hostname, verdict=verdict)
        self._machine = ClientMachine()
        await self._hello()

    async def authenticate(self, mechanism: Mechanism, exchange: ClientExchange) -> None:
        """Sign in (RFC 4954).

        Raises:
            SmtpError: The server does not believe us.
            SaslError: The server misbehaves.
        """
        initial = exchange.start()
        words = [b"AUTH", mechanism.encode()]
        if initial is not None:
            words.append(base64.b64encode(initial) or b"=")
        reply = await self._command(b" ".join(words) + b"\r\n", Kind.AUTH)
        while reply.code == 334:
            try:
                answer = exchange.respond(base64.b64decode(reply.text))
            except (SaslError, ValueError):
                await self._command(b"*\r\n")
                raise
            reply = await self._command(base64.b64encode(answer) + b"\r\n", Kind.AUTH)
        self._expect("AUTH", reply, 235)
        if not exchange.is_complete:
            raise SaslError("the server did not prove that it knows the password")

    def channel_binding(self, name: str) -> bytes | None:
        """Return channel binding data for an exchange; None if there is none."""
        return self._conn.channel_binding(name)

    async def deliver(
        self,
        mail_from: MailFrom,
        recipients: Sequence[Path],
        content: Iterable[bytes] | AsyncIterable[bytes],
    ) -> list[Reply]:
        """Send one message; return what the server said for each recipient, in their order.

        Args:
            mail_from: Sender and parameters; only those the server offers may be set.
            recipients: At least one.
            content: Pieces, with lines ending in CRLF, ending with a line end.

        Raises:
            SmtpError: The sender was refused: no recipient was tried.
        """
        first, replies = await self._offer(mail_from, [bytes(RcptTo(recipient)) for recipient in recipients])
        if not first.is_positive:
            await self._command(b"RSET\r\n")
            raise SmtpError("MAIL", first)
        if not any(reply.is_positive for reply in replies):
            await self._command(b"RSET\r\n")
            return replies
        reply = await self._command(b"DATA\r\n")
        if reply.code == 354:
            reply = await self._send(content)
        return [reply if accepted.is_positive else accepted for accepted in replies]

    async def _offer(self, mail_from: MailFrom, recipients: list[bytes]) -> tuple[Reply, list[Reply]]:
        """Say who writes to whom, all at once if the server can do that (RFC 2920)."""
        if "PIPELINING" in self.extensions:
            self._write(bytes(mail_from) + b"".join(recipients))
            await self._conn.drain()
            first, *replies = [await self._reply() for _ in range(1 + len(recipients))]
            return first, replies
        first = await self._command(bytes(mail_from))
        return first, [await self._command(line) for line in recipients] if first.is_positive else []

    async def _send(self, content: Iterable[bytes] | AsyncIterable[bytes]) -> Reply:
        at_line_start, tail = True, b""
        async for piece in _async(content):
            octets = tail + piece
            # A CRLF at the end is held back: whether a dot follows shows with the next piece.
            tail = b"\r\n" if octets.endswith(b"\r\n") else b"\r" if octets.endswith(b"\r") else b""
            octets = octets[: len(octets) - len(tail)]
            if octets:
                self._write(stuff_dots(octets, at_line_start=at_line_start), Kind.DATA)
                at_line_start = False
                await self._conn.drain()
        self._write(b".\r\n" if at_line_start and not tail else b"\r\n.\r\n")
        await self._conn.drain()
        self._conn.read_timeout = _CONTENT_REPLY_S
        try:
            return await self._reply()
        finally:
            self._conn.read_timeout = _REPLY_S

    async def quit(self) -> None:
        """Say goodbye, without waiting long for the answer, and close."""
        self._conn.read_timeout = _QUIT_S
        try:
            if not self._conn.is_closing:
                await self._command(b"QUIT\r\n")
        except (ConnectionError, TimeoutError):
            pass
        finally:
            self._conn.close()

    # The conversation.

    async def _hello(self) -> None:
        reply = await self._command(f"EHLO {self._ehlo}\r\n".encode())
        if reply.code in (500, 501, 502, 503, 504) and not self.is_tls:
            self._expect("HELO", await self._command(f"HELO {self._ehlo}\r\n".encode()), 250)
            self.extensions = _NO_EXTENSIONS
            return
        self._expect("EHLO", reply, 250)
        self.extensions = read_extensions(reply.text)

    def _write(self, octets: bytes, kind: Kind = Kind.PLAIN) -> None:
        self._trace.sent(octets, kind)
        self._conn.write(octets)

    async def _command(self, line: bytes, kind: Kind = Kind.PLAIN) -> Reply:
        self._write(line, kind)
        await self._conn.drain()
        return await self._reply()

    async def _reply(self) -> Reply:
        try:
            while (reply := self._machine.next_reply()) is None:
                octets = await self._conn.read()
                if not octets:
                    raise ConnectionError("the server closed the connection")
                self._trace.received(octets)
                self._machine.receive_data(octets)
        except ReplySyntaxError as error:
            raise ConnectionError(f"the server does not speak SMTP: {error}") from error
        return reply

    def _expect(self, command: str, reply: Reply, code: int) -> None:
        if reply.code != code:
            raise SmtpError(command, reply)


async def _async(content: Iterable[bytes] | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(content, AsyncIterable):
        async for piece in content:
            yield piece
    else:
        for piece in content:
            yield piece
