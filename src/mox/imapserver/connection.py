"""One IMAP connection: the only loop that reads and writes. Commands run one after the other.

What a command writes is sent once per buffer of input, so that pipelined commands cost one write.
"""

import asyncio
import base64
import logging
from collections.abc import Awaitable
from typing import NoReturn

from mox.database import DatabaseError
from mox.imapserver.commands import execute
from mox.imapserver.commands.append import Append
from mox.imapserver.errors import RefusedError, refusal
from mox.imapserver.session import Done, Services, Session
from mox.imapserver.signingin import ByeError, SigningIn, decoded
from mox.listen import Pace
from mox.runtime import Shutdown
from mox.store import StoreError
from moxkit.imap import (
    NEED_DATA,
    AppendBegin,
    AppendEnd,
    AppendMessage,
    Authenticate,
    BadCommand,
    Condition,
    ConditionKind,
    ConnectionState,
    ContinuationLine,
    Event,
    Idle,
    IdleDone,
    Limits,
    LiteralChunk,
    Login,
    Logout,
    MailboxNameError,
    NeedData,
    ServerMachine,
    StartTls,
    Tagged,
    allowed,
)
from moxkit.net import LineConn, TLSContext
from moxkit.wiretrace import Kind, WireTrace

__all__ = ["ImapConnection"]

logger = logging.getLogger(__name__)

_BEFORE_LOGIN_S = 30.0
_AFTER_LOGIN_S = 30 * 60.0
_WRITE_S = 30.0
_HANDSHAKE_S = 60.0
# Enough of what a command wrote to be sent before it is through.
_FLUSH_OCTETS = 256 << 10
# After these, removals may not be told, since the client counts in numbers (RFC 9051 §7.5.1).
_NO_UPDATES = frozenset({"FETCH", "STORE", "SEARCH"})


class ImapConnection:
    """Serves one client until it goes."""

    def __init__(
        self,
        conn: LineConn,
        *,
        services: Services,
        shutdown: Shutdown,
        tls: TLSContext | None,
        allows_plaintext: bool,
    ) -> None:
        self._conn = conn
        self._tls = tls
        self._shutdown = shutdown
        self._machine = ServerMachine()
        self._out: list[bytes] = []
        self._out_octets = 0
        self._trace = WireTrace(logger)
        self._append: Append | None = None
        self._pace = Pace(conn, services.clock)
        self.session = Session(services=services, write=self._write, flush=self._flush)
        self.session.allows_plaintext = allows_plaintext
        self.session.offers_starttls = tls is not None
        self._signing_in = SigningIn(
            session=self.session,
            conn=conn,
            visit=services.desk.visit(
                remote_ip=str(conn.peername[0]).partition("%")[0],
                local_ip=str(conn.sockname[0]).partition("%")[0],
                allows_plaintext=allows_plaintext,
            ),
            ask=self._ask,
        )

    def _write(self, octets: bytes) -> None:
        self._out.append(octets)
        self._out_octets += len(octets)

    async def _flush(self) -> None:
        """Send what was written so far; wait while the client is slow."""
        waiting = self._machine.data_to_send()
        if waiting:
            self._out.append(waiting)
        if self._out:
            octets = self._out[0] if len(self._out) == 1 else b"".join(self._out)
            self._out.clear()
            self._out_octets = 0
            self._trace.sent(octets, Kind.DATA if len(octets) > 2000 else Kind.PLAIN)
            await self._pace.write(octets)

    async def serve(self) -> None:
        """Greet, then execute commands."""
        conn = self._conn
        conn.read_timeout, conn.write_timeout = _BEFORE_LOGIN_S, _WRITE_S
        if self._shutdown.is_asked:
            self._write(b"* BYE shutting down\r\n")
            await self._flush()
            return
        try:
            self._write(self._signing_in.greeting().encode())
            self._note_state()
            await self._flush()
            while await self._take():
                pass
        except ByeError as error:
            self._write(f"* BYE {error}\r\n".encode())
            await self._flush()
        except TimeoutError:
            self._write(b"* BYE inactive\r\n")
            await self._flush()
        finally:
            if self._append is not None:
                self._append.discard()
            self.session.close()

    async def _take(self) -> bool:
        """Read and do what came; return whether to go on."""
        octets = await self._pace.read()
        if not octets:
            return False
        # Credentials are among what comes before login, content among what comes after.
        is_known = self.session.state is not ConnectionState.NOT_AUTHENTICATED
        self._trace.received(
            octets, Kind.DATA if self._append or len(octets) > 2000 else Kind.PLAIN if is_known else Kind.AUTH
        )
        self._machine.receive_data(octets)
        while (event := self._machine.next_event()) is not NEED_DATA:
            if not await self._handle(event):
                await self._flush()
                return False
            if self._out_octets > _FLUSH_OCTETS:
                await self._flush()
        await self._flush()
        return True

    async def _handle(self, event: Event | NeedData) -> bool:
        match event:
            case Tagged(tag, command):
                return await self._command(tag, command)
            case AppendBegin() | AppendMessage() | LiteralChunk() | AppendEnd():
                await self._on_append(event)
            case BadCommand():
                self._drop_append()
                # Nothing is told here: it may have been a FETCH, with others behind it that count in numbers.
                self._machine.send(event.encode())
                await self._flush()
                return not event.fatal
            case _:
                # DONE and answers come only where they were asked for, and are taken there.
                return False
        return True

    async def _command(self, tag: str, command: object) -> bool:
        name = getattr(command, "name", "")
        if self._shutdown.is_asked:
            self._write(b"* BYE shutting down\r\n")
            return False
        try:
            self._check_state(name)
            match command:
                case Logout():
                    self._write(b"* BYE logging out\r\n")
                    self._answer(tag, Condition(ConditionKind.OK, "bye", tag=tag))
                    return False
                case StartTls():
                    await self._start_tls(tag)
                    return True
                case Authenticate():
                    done = await self._signed_in(self._signing_in.authenticate(command))
                case Login():
                    done = await self._signed_in(self._signing_in.login(command))
                case Idle():
                    done = await self._idle()
                case _:
                    done = await execute(self.session, tag, command)
                    # ENABLE may have changed how names are written.
                    self._machine.utf8_names = self.session.utf8
        except Exception as error:  # noqa: BLE001  sorted out below; a bug is logged there
            condition = _condition_of(error, tag, name)
        else:
            code = b"[%b] " % done.code if done.code else b""
            if name not in _NO_UPDATES:
                self.session.write_updates()
            self._write(b"%b OK %b%b\r\n" % (tag.encode(), code, done.text.encode()))
            return True
        if name not in _NO_UPDATES:
            self.session.write_updates()
        self._answer(tag, condition)
        return True

    def _check_state(self, name: str) -> None:
        if not allowed(name, self.session.state):
            raise RefusedError(f"{name} is not possible in this state")

    def _answer(self, tag: str, condition: Condition) -> None:
        self._write(Condition(condition.kind, condition.text, condition.code, tag).encode())

    async def _next(self) -> Event | None:
        """Return the next event, reading as needed; None when the client is gone."""
        while (event := self._machine.next_event()) is NEED_DATA:
            await self._flush()
            octets = await self._conn.read()
            if not octets:
                return None
            self._trace.received(octets, Kind.AUTH)
            self._machine.receive_data(octets)
        return event if not isinstance(event, NeedData) else None

    # Signing in.

    async def _start_tls(self, tag: str) -> None:
        if self._tls is None or self.session.is_tls:
            raise RefusedError("STARTTLS is not possible here", kind=ConditionKind.BAD)
        if self._machine.unread:
            # Plain text behind STARTTLS was put there by somebody in between, or by a confused client.
            raise ConnectionError("plaintext after STARTTLS")
        await self._flush()
        await self._signing_in.hold()
        await self._conn.start_tls(
            self._tls,
            server=True,
            handshake_timeout=_HANDSHAKE_S,
            go_ahead=f"{tag} OK begin TLS negotiation\r\n".encode(),
        )
        self._signing_in.meet()

    async def _signed_in(self, attempt: Awaitable[Done]) -> Done:
        try:
            done = await attempt
        finally:
            self._pace.set_slow(self._signing_in.is_slow)
        self._note_state()
        return done

    def _note_state(self) -> None:
        """Give a client that is signed in its larger limits."""
        if self.session.state is not ConnectionState.NOT_AUTHENTICATED:
            self._machine.limits = Limits()
            self._conn.read_timeout = _AFTER_LOGIN_S

    async def _ask(self, challenge: bytes) -> bytes:
        self._machine.expect_continuation(base64.b64encode(challenge))
        event = await self._next()
        if isinstance(event, BadCommand):
            await self._part_with(event)
        if not isinstance(event, ContinuationLine):
            raise ConnectionError("client went away while signing in")
        if event.octets == b"*":
            raise RefusedError("authentication cancelled", kind=ConditionKind.BAD)
        return decoded(event.octets)

    # IDLE (RFC 2177).

    async def _idle(self) -> Done:
        self.session.write_updates()
        self._machine.expect_done()
        await self._flush()
        if (done := await self._idle_ended()) is not None:
            # DONE came together with IDLE.
            return done
        conn, listener = self._conn, self.session.listener
        reading = asyncio.ensure_future(conn.read())
        hearing = asyncio.ensure_future(listener.wait())
        try:
            while True:
                await asyncio.wait((reading, hearing), return_when=asyncio.FIRST_COMPLETED)
                if hearing.done():
                    self.session.write_updates()
                    await self._flush()
                    hearing = asyncio.ensure_future(listener.wait())
                if reading.done():
                    if not (octets := reading.result()):
                        raise ConnectionError("client went away while idle")
                    self._machine.receive_data(octets)
                    if (done := await self._idle_ended()) is not None:
                        return done
                    reading = asyncio.ensure_future(conn.read())
        finally:
            for waiting in (reading, hearing):
                waiting.cancel()

    async def _idle_ended(self) -> Done | None:
        event = self._machine.next_event()
        if isinstance(event, IdleDone):
            return Done("idle ended")
        if isinstance(event, BadCommand):
            await self._part_with(event)
        return None

    async def _part_with(self, event: BadCommand) -> NoReturn:
        """Tell why the conversation cannot go on, in the middle of a command."""
        self._machine.send(event.encode())
        await self._flush()
        raise ConnectionError(event.text)

    # APPEND (RFC 3502): the machine hands the message over in pieces.

    async def _on_append(self, event: AppendBegin | AppendMessage | LiteralChunk | AppendEnd) -> None:
        match event:
            case AppendBegin(tag, mailbox):
                self._drop_append()
                self._append = Append(self.session, tag, mailbox)
            case AppendMessage():
                await self._decide(event)
            case LiteralChunk(octets, last):
                if self._append is not None:
                    await self._append.take(octets, last=last)
            case AppendEnd(tag):
                await self._finish_append(tag)

    async def _decide(self, message: AppendMessage) -> None:
        append = self._append
        if append is None:
            raise ConnectionError("message without APPEND")
        try:
            self._check_state("APPEND")
            append.begin(message)
        except Exception as error:  # noqa: BLE001  sorted out by the table; a bug is logged there
            condition = _condition_of(error, append.tag, "APPEND")
            self._drop_append()
            self.session.write_updates()
            code = None if condition.code is None else bytes(condition.code).decode()
            self._machine.refuse_literal(condition.text, code, status=str(condition.kind))
            # Taken at once, to stand before the answers to commands that came with it.
            self._write(self._machine.data_to_send())
        else:
            self._machine.accept_literal()

    async def _finish_append(self, tag: str) -> None:
        append, self._append = self._append, None
        if append is None:
            return
        try:
            done = await append.finish()
        except Exception as error:  # noqa: BLE001  sorted out by the table; a bug is logged there
            self.session.write_updates()
            self._answer(tag, _condition_of(error, tag, "APPEND"))
        else:
            self.session.write_updates()
            self._write(b"%b OK [%b] %b\r\n" % (tag.encode(), done.code, done.text.encode()))
        finally:
            append.discard()

    def _drop_append(self) -> None:
        if self._append is not None:
            self._append.discard()
            self._append = None


def _condition_of(error: Exception, tag: str, command: str) -> Condition:
    """Say how a command failed; a bug is logged once, with its traceback."""
    match error:
        case RefusedError():
            refused = error
        case StoreError() | MailboxNameError():
            refused = refusal(
                error, creates_target=command.removeprefix("UID ") in {"APPEND", "COPY", "MOVE"}
            )
        case ConnectionError() | TimeoutError() | ByeError():
            raise error
        case _:
            logger.error("imap command crashed", extra={"command": command}, exc_info=error)
            is_trouble = isinstance(error, OSError | DatabaseError)
            refused = RefusedError(
                "internal error, try again later", "UNAVAILABLE" if is_trouble else "SERVERBUG"
            )
    return Condition(refused.kind, refused.text, refused.code, tag)
