"""The only loop: octets from the client into the machine, events to the session, replies back.

Bounds of time are here: of each read and write, and of a whole message.
"""

import logging
import re

from mox.listen import Pace
from mox.runtime import Clock, Shutdown
from mox.smtpserver.answers import Answer, AuthChallenge, HandshakeNext
from mox.smtpserver.counting import NO_COUNTING, Counting, command_name, handshake_error
from mox.smtpserver.session import Session, SessionEvent
from moxkit.net import LineConn, TLSContext, TLSError
from moxkit.smtp import NEED_DATA, Bdat, DataChunk, Reply, ServerMachine
from moxkit.wiretrace import TRACE, Kind, WireTrace

__all__ = ["ConnectionLoop"]

logger = logging.getLogger(__name__)

_MESSAGE_S = 30 * 60
_AUTH = re.compile(rb"^AUTH\b", re.IGNORECASE | re.MULTILINE)
_BDAT = re.compile(rb"^BDAT\b", re.IGNORECASE | re.MULTILINE)


class ConnectionLoop:
    """Runs one connection until it ends."""

    def __init__(
        self,
        *,
        conn: LineConn,
        machine: ServerMachine,
        session: Session,
        pace: Pace,
        clock: Clock,
        shutdown: Shutdown,
        tls: TLSContext | None,
        counting: Counting = NO_COUNTING,
        is_submission: bool = False,
    ) -> None:
        self._conn = conn
        self._machine = machine
        self._session = session
        self._pace = pace
        self._clock = clock
        self._shutdown = shutdown
        self._tls = tls
        self._counting = counting
        self._is_submission = is_submission
        self._trace = WireTrace(logger)
        self._is_open = True
        self._shown = Kind.PLAIN

    async def run(self) -> None:
        """Serve until the client or we have enough.

        Raises:
            ConnectionError: The client is gone.
        """
        try:
            self._meet()
            while self._is_open:
                await self._turn()
        except TimeoutError:
            self._machine.reply(Reply(421, "4.4.2", "timeout"))
            self._conn.write(self._machine.data_to_send())
        finally:
            self._session.discard()

    def _meet(self) -> None:
        """Look at the client's certificate, if there is TLS by now (RFC 4422 A)."""
        if self._conn.tls is None:
            return
        if (refused := self._session.meet()) is not None:
            # The session was resumed, so the handshake could not refuse it; there is no reply for this.
            logger.info("client certificate refused", extra={"reason": refused.text})
            self._is_open = False
        self._machine.is_authenticated = self._session.is_signed_in

    async def _turn(self) -> None:
        event = self._machine.next_event()
        if isinstance(event, DataChunk):
            await self._session.take_content(event.octets)
        elif isinstance(event, Bdat):
            self._session.begin_content()
        elif event is not NEED_DATA:
            await self._execute(event)
        else:
            await self._flush()
            octets = await self._pace.read()
            if not octets:
                self._is_open = False
            self._trace.received(octets, self._kind_of(octets))
            self._check_time()
            self._machine.receive_data(octets)

    def _kind_of(self, octets: bytes) -> Kind:
        """Say what octets are for the trace: a password must not be in it, however AUTH is cut to pieces."""
        if self._shown is Kind.PLAIN and logger.isEnabledFor(TRACE):
            line = self._machine.unread + octets
            if self._machine.is_in_chunk or _BDAT.search(line) is not None:
                return Kind.DATA
            return Kind.AUTH if _AUTH.search(line) is not None else Kind.PLAIN
        return self._shown

    def _check_time(self) -> None:
        # A client that keeps sending a little is bounded too.
        started_at = self._session.data_started_at
        if started_at is not None and self._clock.monotonic() - started_at > _MESSAGE_S:
            raise TimeoutError("message takes too long")

    async def _execute(self, event: SessionEvent) -> None:
        if self._shutdown.is_asked:
            self._machine.reply(Reply(421, "4.3.2", "shutting down"))
            self._is_open = False
            await self._flush()
            return
        began_at = self._clock.monotonic()
        try:
            answer = await self._session.answer(event)
        except (ConnectionError, TimeoutError):
            raise
        except Exception:
            # A bug ends this connection, and no other.
            logger.exception("command crashed", extra={"command": type(event).__name__})
            answer = Answer(Reply(451, "4.3.0", "error processing, try again later"), closes=True)
        self._count(event, answer, self._clock.monotonic() - began_at)
        await self._give(answer)

    def _count(
        self, event: SessionEvent, answer: Answer | AuthChallenge | HandshakeNext, seconds: float
    ) -> None:
        self._counting.answered(
            command_name(event),
            is_submission=self._is_submission,
            code=334 if isinstance(answer, AuthChallenge) else answer.reply.code,
            enhanced="" if isinstance(answer, AuthChallenge) else answer.reply.enhanced,
            seconds=seconds,
        )

    async def _give(self, answer: Answer | AuthChallenge | HandshakeNext) -> None:
        machine = self._machine
        match answer:
            case AuthChallenge(octets):
                machine.challenge(octets)
                self._shown = Kind.AUTH
                await self._flush()
            case HandshakeNext(reply):
                await self._start_tls(reply)
            case Answer(reply, closes):
                machine.reply(reply)
                self._shown = Kind.DATA if reply.code == 354 else Kind.PLAIN
                self._is_open = self._is_open and not closes
                if closes or machine.wants_flush:
                    await self._flush()

    async def _start_tls(self, reply: Reply) -> None:
        machine = self._machine
        if self._tls is None or machine.unread:
            # Commands in the clear behind STARTTLS would be taken for encrypted ones (RFC 3207 §6).
            logger.warning("plaintext received behind starttls")
            self._is_open = False
            self._conn.abort()
            return
        machine.reply(reply)
        await self._session.hold()
        try:
            info = await self._conn.start_tls(self._tls, server=True, go_ahead=machine.data_to_send())
        except TLSError as error:
            logger.debug("tls handshake failed", extra={"reason": error.reason})
            if not self._is_submission:
                self._counting.handshaken(handshake_error(error))
            self._is_open = False
            return
        if not self._is_submission:
            self._counting.handshaken()
        machine.started_tls()
        self._session.started_tls(info)
        self._meet()

    async def _flush(self) -> None:
        octets = self._machine.data_to_send()
        if octets:
            self._trace.sent(octets)
            await self._pace.write(octets)
