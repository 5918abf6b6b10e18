"""One connection to a server: one command at a time, its answers gathered."""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from moxkit.imap import (
    Authenticate,
    Capability,
    CatenatedMessage,
    Condition,
    ConditionKind,
    ContinuationRequest,
    Fetch,
    FetchData,
    FetchItem,
    Idle,
    Login,
    Logout,
    OutgoingMessage,
    Response,
    StartTls,
    parse_sequence_set,
)
from moxkit.imapclient.annotationpart import AnnotationPart
from moxkit.imapclient.errors import ImapError
from moxkit.imapclient.running import Answer
from moxkit.imapclient.searchpart import SearchPart
from moxkit.imapclient.sessionpart import SessionPart
from moxkit.imapclient.syncpart import SyncPart
from moxkit.imapclient.urlpart import UrlPart
from moxkit.net import ImplicitTLS, TLSContext, Verdict, connect
from moxkit.sasl import ClientExchange, Mechanism, SaslError
from moxkit.wiretrace import Kind

__all__ = ["Answer", "ImapClient"]

_ANSWER_S = 300.0
_WRITE_S = 180.0
_LOGOUT_S = 5.0


class ImapClient(AnnotationPart, SearchPart, SessionPart, SyncPart, UrlPart):
    """A connection that was greeted; close it, or use it as a context manager.

    The attributes are those of `Running`: is_authenticated, capabilities, enabled.
    """

    @classmethod
    async def connect(
        cls, host: str, port: int, *, timeout_s: float = 30, tls: ImplicitTLS | None = None
    ) -> Self:
        """Dial, and wait for the greeting.

        Raises:
            ConnectionError, TimeoutError: There is no server, or it says BYE.
        """
        conn = await connect(host, port, timeout=timeout_s, tls=tls)
        self = cls(conn)
        conn.read_timeout, conn.write_timeout = _ANSWER_S, _WRITE_S
        try:
            self.is_authenticated = await self._greeted() is ConditionKind.PREAUTH
        except BaseException:
            conn.close()
            raise
        return self

    async def _greeted(self) -> ConditionKind:
        greeting = await self._next()
        if isinstance(greeting, Condition) and greeting.kind in {ConditionKind.OK, ConditionKind.PREAUTH}:
            return greeting.kind
        raise ConnectionError("the server does not want to talk")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.logout()

    @property
    def is_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self._conn.tls is not None

    def channel_binding(self, name: str) -> bytes | None:
        """Return channel binding data for an exchange; None if there is none."""
        return self._conn.channel_binding(name)

    async def append(self, mailbox: str, *messages: OutgoingMessage | CatenatedMessage) -> Answer:
        """Add messages to a mailbox: all of them, or none.

        Raises:
            ImapError: NO or BAD.
        """
        return await self._finish("APPEND", self._machine.append(mailbox, messages), Kind.DATA)

    async def fetch(self, numbers: str, *items: FetchItem, uid: bool = False) -> list[FetchData]:
        """Fetch items of messages.

        Args:
            numbers: A sequence set, like `1:*` or `2,4:7`.
            items: What to fetch.
            uid: The numbers are UIDs.

        Raises:
            ImapError: NO or BAD.
        """
        answer = await self.run(Fetch(parse_sequence_set(numbers.encode()), items, uid=uid))
        return [response for response in answer.untagged if isinstance(response, FetchData)]

    async def login(self, username: str, password: str) -> None:
        """Sign in with a password in the clear; only over TLS, or on one's own machine.

        Raises:
            ImapError: Refused.
        """
        await self.run(Login(username, password), Kind.AUTH)
        self.is_authenticated = True

    async def authenticate(self, mechanism: Mechanism, exchange: ClientExchange) -> None:
        """Sign in by SASL (RFC 9051 §6.2.2, RFC 4959).

        Raises:
            ImapError: Refused.
            SaslError: The server misbehaves, or did not prove that it knows the password.
        """
        initial = exchange.start()
        first = None if initial is None else base64.b64encode(initial)
        tag = self._machine.send(Authenticate(mechanism, first))
        while True:
            await self._send(Kind.AUTH)
            response = await self._next()
            if isinstance(response, Condition) and response.tag == tag:
                break
            if isinstance(response, ContinuationRequest):
                self._machine.send_line(await self._respond(exchange, response.text))
        if response.kind is not ConditionKind.OK:
            raise ImapError("AUTHENTICATE", response)
        if not exchange.is_complete:
            raise SaslError("the server did not prove that it knows the password")
        self.is_authenticated = True

    async def _respond(self, exchange: ClientExchange, challenge: bytes) -> bytes:
        try:
            return base64.b64encode(exchange.respond(base64.b64decode(challenge)))
        except (SaslError, ValueError):
            self._machine.send_line(b"*")
            await self._send(Kind.AUTH)
            raise

    async def start_tls(self, context: TLSContext, *, hostname: str, verdict: Verdict | None = None) -> None:
        """Begin TLS; what was announced before does not count any more (RFC 9051 §6.2.1).

        Raises:
            ImapError: Refused.
            moxkit.net.TLSError: The handshake failed, or the verdict is no.
        """
        await self.run(StartTls())
        if self._machine.unread:
            raise ConnectionError("plaintext after the answer to STARTTLS")
        await self._conn.start_tls(context, server=False, hostname=hostname, verdict=verdict)
        await self.run(Capability())

    @asynccontextmanager
    async def idle(self) -> AsyncIterator[AsyncIterator[Response]]:
        """Wait for news (RFC 2177): yields an iterator of what the server tells, until the block ends.

        Raises:
            ImapError: The server does not idle.
        """
        tag = self._machine.send(Idle())
        await self._send()
        early: list[Response] = []
        while not isinstance(response := await self._next(), ContinuationRequest):
            if isinstance(response, Condition) and response.tag == tag:
                raise ImapError("IDLE", response)
            early.append(response)
        self._conn.read_timeout = None
        try:
            yield self._told(early)
        finally:
            self._conn.read_timeout = _ANSWER_S
            self._machine.send_line(b"DONE")
            await self._finish("IDLE", tag)

    async def _told(self, early: Sequence[Response]) -> AsyncIterator[Response]:
        for response in early:
            yield response
        while True:
            yield await self._next()

    async def logout(self) -> None:
        """Say goodbye, without waiting long for the answer, and close."""
        self._conn.read_timeout = _LOGOUT_S
        try:
            if not self._conn.is_closing:
                await self.run(Logout())
        except (ConnectionError, TimeoutError, ImapError):
            pass
        finally:
            self._conn.close()
