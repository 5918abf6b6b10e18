"""One IMAP connection: the only loop that reads and writes. Commands run one after the other.

What a command writes is sent once per buffer of input, so that pipelined commands cost one write.
"""

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable

from mox.imapserver.appending import Appending
from mox.imapserver.commands import execute
from mox.imapserver.conditions import check_state, condition_of
from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Done, Services, Session
from mox.imapserver.signingin import ByeError, SigningIn, decoded
from mox.imapserver.telling import tell
from mox.imapserver.waiting import Waiting
from mox.imapserver.wire import Wire
from mox.runtime import Shutdown
from moxkit.imap import (
    BEFORE_LOGIN,
    NEED_DATA,
    AppendBegin,
    AppendEnd,
    AppendMessage,
    Authenticate,
    BadCommand,
    CatenateBegin,
    CatenateEnd,
    CatenateText,
    CatenateUrl,
    Compress,
    Condition,
    ConditionKind,
    ConnectionState,
    ContinuationLine,
    Event,
    Idle,
    Limits,
    LiteralChunk,
    Login,
    Logout,
    NeedData,
    ServerMachine,
    StartTls,
    Tagged,
    Unauthenticate,
)
from moxkit.net import LineConn, TLSContext
from moxkit.wiretrace import Kind

__all__ = ["ImapConnection"]

logger = logging.getLogger(__name__)

_BEFORE_LOGIN_S = 30.0
_AFTER_LOGIN_S = 30 * 60.0
_WRITE_S = 30.0
_HANDSHAKE_S = 60.0
# Enough of what a command wrote to be sent before it is through.
_FLUSH_OCTETS = 256 << 10
# Commands that came together are taken in turns with other clients, so many at a time.
_TURN = 50
# After these, removals may not be told, since the client counts in numbers (RFC 9051 §7.5.1).
_COUNTING = frozenset({"FETCH", "STORE", "SEARCH", "SORT", "THREAD"})
# The answer to these is about the mailbox they open, LIST included.
_OPENING = frozenset({"SELECT", "EXAMINE"})


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
        self._wire = Wire(conn, services.clock)
        # What follows once the answer to the command was sent.
        self._afterwards: Callable[[], Awaitable[None]] | None = None
        self.session = Session(services=services, write=self._write, flush=self._flush)
        self.session.allows_plaintext = allows_plaintext
        self.session.offers_starttls = tls is not None
        self._appending = Appending(session=self.session, machine=self._machine, write=self._write)
        self._waiting = Waiting(
            session=self.session, machine=self._machine, wire=self._wire, flush=self._flush
        )
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
            await self._wire.write(octets)

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
            await self._wire.finish()
        except ByeError as error:
            self._write(f"* BYE {error}\r\n".encode())
            await self._flush()
        except TimeoutError:
            self._write(b"* BYE inactive\r\n")
            await self._flush()
        finally:
            self._appending.drop()
            self.session.close()

    async def _take(self) -> bool:
        """Read and do what came; return whether to go on."""
        # Credentials are among what comes before login, content among what comes after.
        is_known = self.session.state is not ConnectionState.NOT_AUTHENTICATED
        kind = Kind.DATA if self._appending.is_active else Kind.PLAIN if is_known else Kind.AUTH
        # Nothing is told in the middle of a message that comes in.
        octets = await (self._wire if self._appending.is_active else self._waiting).read(kind)
        if not octets:
            return False
        self._machine.receive_data(octets)
        handled = 0
        while (event := self._machine.next_event()) is not NEED_DATA:
            if not await self._handle(event):
                await self._flush()
                return False
            if self._out_octets > _FLUSH_OCTETS:
                await self._flush()
            handled += 1
            if handled % _TURN == 0:
                await asyncio.sleep(0)
        await self._flush()
        if self._appending.is_active:
            self._wire.acknowledge()
        return True

    async def _handle(self, event: Event | NeedData) -> bool:
        match event:
            case Tagged(tag, command):
                return await self._command(tag, command)
            case (
                AppendBegin()
                | AppendMessage()
                | CatenateBegin()
                | CatenateUrl()
                | CatenateText()
                | CatenateEnd()
                | LiteralChunk()
                | AppendEnd()
            ):
                await self._appending.handle(event)
            case BadCommand():
                self._appending.drop()
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
            check_state(name, self.session.state)
            match command:
                case Logout():
                    self._write(b"* BYE logging out\r\n")
                    self._answer(tag, Condition(ConditionKind.OK, "bye", tag=tag))
                    return False
                case StartTls():
                    await self._start_tls(tag)
                    return True
                case _:
                    done = await self._execute(tag, command)
        except Exception as error:  # noqa: BLE001  sorted out by the table; a bug is logged there
            condition = condition_of(error, tag, name)
        else:
            code = b"[%b] " % done.code if done.code else b""
            await self._tell_before(name)
            self._write(b"%b OK %b%b\r\n" % (tag.encode(), code, done.text.encode()))
            await self._go_on()
            return True
        await self._tell_before(name)
        self._answer(tag, condition)
        return True

    async def _tell_before(self, name: str) -> None:
        """Tell the news before the tagged answer to a command, if that may be."""
        session = self.session
        if name in _OPENING:
            return
        if name not in _COUNTING:
            await tell(session)
        if not session.qresync or session.selected is None or session.news is None:
            return
        session.catch_up()
        if session.news.is_behind:
            # RFC 7162 §3.2: modseqs in the answer may be higher than those of removals not told yet.
            self._write(b"* OK [HIGHESTMODSEQ %d] there is more\r\n" % session.selected.told_modseq)

    async def _execute(self, tag: str, command: object) -> Done:
        """Execute a command that has an ordinary answer: here if it is about the connection."""
        match command:
            case Authenticate():
                return await self._signed_in(self._signing_in.authenticate(command))
            case Login():
                return await self._signed_in(self._signing_in.login(command))
            case Idle():
                return await self._waiting.idle()
            case Compress():
                return self._compress(command)
            case Unauthenticate():
                return self._unauthenticate()
            case _:
                done = await execute(self.session, tag, command)
                # ENABLE may have changed how names are written.
                self._machine.utf8_names = self.session.utf8
                return done

    def _answer(self, tag: str, condition: Condition) -> None:
        self._write(Condition(condition.kind, condition.text, condition.code, tag).encode())

    async def _next(self) -> Event | None:
        """Return the next event, reading as needed; None when the client is gone."""
        while (event := self._machine.next_event()) is NEED_DATA:
            await self._flush()
            octets = await self._wire.read(Kind.AUTH)
            if not octets:
                return None
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
            self._wire.pace.set_slow(self._signing_in.is_slow)
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
            await self._waiting.part_with(event)
        if not isinstance(event, ContinuationLine):
            raise ConnectionError("client went away while signing in")
        if event.octets == b"*":
            raise RefusedError("authentication cancelled", kind=ConditionKind.BAD)
        return decoded(event.octets)

    # What changes how the connection goes on, behind the answer.

    async def _go_on(self) -> None:
        if self._afterwards is not None:
            afterwards, self._afterwards = self._afterwards, None
            await self._flush()
            await afterwards()

    def _compress(self, command: Compress) -> Done:
        """RFC 4978 §3."""
        if command.algorithm != "DEFLATE":
            raise RefusedError("DEFLATE is the only algorithm", kind=ConditionKind.BAD)
        if self._wire.is_compressed:
            raise RefusedError("DEFLATE is active already", "COMPRESSIONACTIVE")
        if self._machine.unread:
            # Whether it is compressed cannot be known: the client had to wait for the answer.
            raise RefusedError("wait for the answer to COMPRESS", kind=ConditionKind.BAD)
        self._afterwards = self._wire.compress
        return Done("DEFLATE active")

    def _unauthenticate(self) -> Done:
        """RFC 8437 §3: of the connection only TLS, and what is known of its certificate, stays."""
        self.session.forget()
        self._machine.utf8_names = False
        self._machine.limits = BEFORE_LOGIN
        self._conn.read_timeout = _BEFORE_LOGIN_S
        self._afterwards = self._wire.stop_compressing
        return Done("nobody is signed in")
