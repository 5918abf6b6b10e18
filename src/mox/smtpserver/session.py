"""One conversation: what each command does, in the order the machine gives them.

Everything that changes the state of a session lives here; octets, speed and time-outs are the connection's.
"""

import logging
from collections.abc import Callable

from mox.accounts import KeyRefused
from mox.delivery import Connection
from mox.runtime import Clock
from mox.smtpserver.answers import Answer, AuthChallenge, HandshakeNext
from mox.smtpserver.auth import Authentication
from mox.smtpserver.content import ContentDesk
from mox.smtpserver.envelope import EnvelopeDesk
from mox.smtpserver.hello import ehlo_lines
from mox.smtpserver.options import Options
from mox.smtpserver.ports import Spools
from mox.smtpserver.senderdomain import check_hello_name
from mox.smtpserver.transaction import Transaction
from moxkit.dns import Resolver
from moxkit.domain import Domain
from moxkit.net import TLSInfo
from moxkit.sasl import Challenge
from moxkit.smtp import (
    Auth,
    AuthResponse,
    BadCommand,
    ChunkEnd,
    Data,
    DataEnd,
    Ehlo,
    Expn,
    Hello,
    Helo,
    Help,
    MailFrom,
    Noop,
    Quit,
    RcptTo,
    Reply,
    Rset,
    StartTls,
    Vrfy,
)

__all__ = ["Session", "SessionEvent"]

logger = logging.getLogger(__name__)

_MOST_BAD = 10

SessionEvent = (
    Ehlo | Helo | MailFrom | RcptTo | Data | ChunkEnd | DataEnd | Auth | AuthResponse | StartTls
    | Rset | Noop | Help | Vrfy | Expn | Quit | BadCommand
)  # fmt: skip


class Session:
    """State of one connection."""

    def __init__(
        self,
        *,
        options: Options,
        clock: Clock,
        spools: Spools,
        envelope: EnvelopeDesk,
        content: ContentDesk,
        authentication: Authentication,
        resolver: Resolver | None,
        connection_id: int,
        remote_ip: str,
        local_ip: str,
        tls: TLSInfo | None,
        offers_starttls: bool,
        slow_down: Callable[[bool], None],
    ) -> None:
        self._options = options
        self._clock = clock
        self._spools = spools
        self._envelope = envelope
        self._content = content
        self._authentication = authentication
        self._resolver = resolver
        self._connection_id = connection_id
        self._remote_ip = remote_ip
        self._local_ip = local_ip
        self._offers_starttls = offers_starttls
        self._slow_down = slow_down
        self._tls = tls
        self._hello = Hello("", None)
        self._is_esmtp = False
        self._transaction: Transaction | None = None
        self._good = self._bad = 0

    @property
    def data_started_at(self) -> float | None:
        """When the content began to come, in monotonic time."""
        transaction = self._transaction
        return None if transaction is None or transaction.spool is None else transaction.started_at

    def discard(self) -> None:
        """Forget the transaction, and remove what was stored of it."""
        transaction, self._transaction = self._transaction, None
        if transaction is not None:
            transaction.discard()

    def started_tls(self, tls: TLSInfo) -> None:
        """Begin anew, encrypted (RFC 3207 §4.2)."""
        self.discard()
        self._tls = tls
        self._hello = Hello("", None)

    def meet(self) -> KeyRefused | None:
        """Look at the client's certificate; return why the connection cannot go on."""
        return self._authentication.meet() if self._options.kind.is_submission else None

    @property
    def is_signed_in(self) -> bool:
        """Whether mail can be submitted without AUTH, or its refusal be explained."""
        return self._authentication.signed_in is not None or self._authentication.refusal is not None

    async def hold(self) -> None:
        """Wait before another attempt to sign in, as a handshake with a certificate is."""
        await self._authentication.hold()

    def begin_content(self) -> None:
        """Make room for content, unless it has begun."""
        transaction = self._current
        if transaction.spool is None:
            transaction.spool = self._spools.new()
            transaction.started_at = self._clock.monotonic()

    async def take_content(self, octets: bytes) -> None:
        """Take a piece of content."""
        if self._transaction is not None:
            await self._transaction.add(octets)

    async def answer(self, event: SessionEvent) -> Answer | AuthChallenge | HandshakeNext:
        """Execute one command."""
        match event:
            case MailFrom() | RcptTo() | Data() | ChunkEnd() | DataEnd():
                return await self._transact(event)
            case Ehlo(hello) | Helo(hello):
                return await self._ehlo(hello, is_esmtp=isinstance(event, Ehlo))
            case Auth() | AuthResponse():
                return await self._auth(event)
            case StartTls():
                return HandshakeNext(Reply(220, "2.0.0", "go ahead"))
            case BadCommand():
                return self._refused(event)
            case _:
                return self._simple(event)

    async def _transact(self, event: MailFrom | RcptTo | Data | ChunkEnd | DataEnd) -> Answer:
        match event:
            case MailFrom():
                return await self._mail(event)
            case RcptTo():
                return Answer(await self._envelope.rcpt(event, self._current, is_tls=self._tls is not None))
            case Data():
                self.begin_content()
                return Answer(Reply(354, "", "go ahead, end with a dot alone in a line"))
            case ChunkEnd():
                return Answer(self._content.chunk(event, self._current))
            case DataEnd():
                return await self._data_end(event)

    def _simple(self, event: Rset | Noop | Help | Vrfy | Expn | Quit) -> Answer:
        match event:
            case Rset():
                self.discard()
                return Answer(Reply(250, "2.0.0", "ok"))
            case Noop():
                return Answer(Reply(250, "2.0.0", "ok"))
            case Help():
                return Answer(Reply(214, "2.0.0", "see RFC 5321"))
            case Vrfy() | Expn():
                # RFC 5321 §3.5.3: no look-up, so nobody learns who is here.
                return Answer(Reply(252, "2.7.0", "send mail to find out"))
            case Quit():
                return Answer(Reply(221, "2.0.0", "bye"), closes=True)

    def _refused(self, event: BadCommand) -> Answer:
        # Bad base64 ends an exchange too (RFC 4954 §4).
        self._authentication.cancel()
        return Answer(Reply(event.code, event.enhanced, event.text), closes=event.closes)

    async def _ehlo(self, hello: Hello, *, is_esmtp: bool) -> Answer:
        options = self._options
        if not is_esmtp and self._resolver is not None and isinstance(hello.domain, Domain):
            refused = await check_hello_name(self._resolver, hello.domain.ascii)
            if refused is not None and not options.kind.is_submission:
                return Answer(refused)
        self.discard()
        # A mail program's name for its machine is of no use, and private (reference §5).
        named = hello.text and not (options.kind.is_submission and not options.is_pedantic)
        self._hello = hello if named else Hello(f"[{self._remote_ip}]", None)
        self._is_esmtp = is_esmtp
        if not is_esmtp:
            return Answer(Reply(250, "", options.hostname))
        lines = ehlo_lines(
            options,
            is_tls=self._tls is not None,
            offers_starttls=self._offers_starttls,
            mechanisms=self._authentication.offered() if options.kind.is_submission else (),
            now=self._clock.now(),
        )
        return Answer(Reply(250, "", lines))

    async def _auth(self, event: Auth | AuthResponse) -> Answer | AuthChallenge:
        if isinstance(event, Auth):
            step = await self._authentication.begin(event.mechanism, event.initial)
        else:
            step = await self._authentication.respond(event.octets)
        if isinstance(step, Challenge):
            return AuthChallenge(step.octets)
        return Answer(step, closes=step.code == 421)

    async def _mail(self, mail: MailFrom) -> Answer:
        if self._bad > _MOST_BAD and not self._good:
            return Answer(Reply(550, "5.1.0", "too many failed transactions"), closes=True)
        # An account that is disabled gets this far by its certificate only, without AUTH.
        refused = self._authentication.refusal or await self._envelope.mail(
            mail, is_tls=self._tls is not None, signed_in=self._authentication.signed_in
        )
        if refused is not None:
            return Answer(refused)
        self._transaction = Transaction(mail)
        return Answer(Reply(250, "2.1.0", "ok"))

    async def _data_end(self, end: DataEnd) -> Answer:
        self._bad += 1
        transaction = self._current
        try:
            reply = await self._content.finish(
                end, transaction, self._connection(), self._authentication.signed_in
            )
        finally:
            self.discard()
        if transaction.was_unwanted and self._options.slows_unwanted:
            # It costs a junk sender time, and an honest server nothing that it would notice.
            self._slow_down(True)
        if reply.is_positive:
            self._bad -= 1
            self._good += 1
        return Answer(reply, closes=end.too_large or not end.is_drained)

    @property
    def _current(self) -> Transaction:
        assert self._transaction is not None  # noqa: S101  the machine keeps the order of commands
        return self._transaction

    def _connection(self) -> Connection:
        tls = self._tls
        return Connection(
            id=self._connection_id,
            hostname=self._options.hostname,
            remote_ip=self._remote_ip,
            local_ip=self._local_ip,
            ehlo=self._hello.text,
            is_esmtp=self._is_esmtp,
            tls_version="" if tls is None else tls.version,
            tls_cipher="" if tls is None else tls.cipher,
        )
