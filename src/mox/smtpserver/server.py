"""One listener's service: admits connections, and makes the parts that serve each of them."""

import logging

from mox.listen import ConnectionLimits, Pace
from mox.runtime import Clock, Shutdown, connection_id
from mox.smtpserver.auth import Authentication
from mox.smtpserver.connection import ConnectionLoop
from mox.smtpserver.content import ContentDesk
from mox.smtpserver.counting import NO_COUNTING, Counting
from mox.smtpserver.envelope import EnvelopeDesk
from mox.smtpserver.options import Options
from mox.smtpserver.ports import Addresses, Desk, FailureListener, Filing, Spools, Submitting, Visit
from mox.smtpserver.session import Session
from mox.smtpserver.special import SpecialRecipients
from moxkit.dns import Resolver
from moxkit.net import LineConn, TLSContext
from moxkit.smtp import Dialect, Reply, ServerMachine

__all__ = ["SmtpServer"]

logger = logging.getLogger(__name__)

_READ_S = _WRITE_S = 30.0


class SmtpServer:
    """Serves connections of one listener."""

    def __init__(
        self,
        *,
        options: Options,
        spools: Spools,
        accounts: Addresses,
        delivery: Filing,
        submission: Submitting,
        desk: Desk,
        clock: Clock,
        shutdown: Shutdown,
        tls_context: TLSContext | None = None,
        limits: ConnectionLimits | None = None,
        resolver: Resolver | None = None,
        special_recipients: SpecialRecipients | None = None,
        failures: FailureListener | None = None,
        counting: Counting = NO_COUNTING,
    ) -> None:
        """Remember the parts.

        Args:
            options: Of the listener.
            spools: Where content is kept on its way.
            accounts: Who exists.
            delivery: Takes what is received.
            submission: Takes what is submitted.
            desk: Where clients prove who they are.
            clock: For all waiting.
            shutdown: Refuses new commands once it is asked for.
            tls_context: For STARTTLS; None does not offer it.
            limits: Of connections, shared by the listeners of one kind; None sets none.
            resolver: Looks up senders and names; None refuses nothing for what DNS says.
            special_recipients: Fail on purpose; for localserve.
            failures: Tells senders of failures after 250; without it unknown recipients are refused at RCPT.
            counting: Keeps numbers.
        """
        self._options = options
        self._spools = spools
        self._accounts = accounts
        self._desk = desk
        self._clock = clock
        self._shutdown = shutdown
        self._tls_context = tls_context
        self._limits = limits
        self._resolver = resolver
        self._counting = counting
        self._envelope = EnvelopeDesk(
            options=options,
            addresses=accounts,
            clock=clock,
            resolver=resolver,
            special=special_recipients,
            tells_failures=failures is not None,
        )
        self._content = ContentDesk(
            options=options,
            filing=delivery,
            submitting=submission,
            failures=failures,
            special=special_recipients,
            clock=clock,
            spools=spools,
            counting=counting,
        )

    async def serve(self, conn: LineConn) -> None:
        """Serve one connection until it ends.

        Raises:
            ConnectionError: The client went away in the middle of something.
        """
        self._counting.connected(is_submission=self._options.kind.is_submission)
        conn.read_timeout, conn.write_timeout = _READ_S, _WRITE_S
        ip = str(conn.peername[0]).partition("%")[0]
        local_ip = str(conn.sockname[0]).partition("%")[0]
        visit = self._desk.visit(
            remote_ip=ip, local_ip=local_ip, allows_plaintext=self._options.allows_plaintext
        )
        if (refusal := self._refusal(ip, visit)) is not None:
            conn.write(bytes(refusal))
            conn.close()
            return
        try:
            if self._limits is not None and not self._limits.opened(ip, self._clock.now()):
                conn.write(bytes(Reply(421, "4.7.0", "too many open connections")))
                return
            try:
                await self._loop(conn, ip, local_ip, visit).run()
            finally:
                if self._limits is not None:
                    self._limits.closed(ip)
        finally:
            conn.close()

    def _refusal(self, ip: str, visit: Visit) -> Reply | None:
        if self._shutdown.is_asked:
            return Reply(421, "4.3.2", "shutting down")
        if self._limits is not None and self._limits.is_too_fast(ip, self._clock.now()):
            return Reply(421, "4.7.0", "too many connections from your network")
        if self._options.kind.is_submission and not visit.has_room:
            return Reply(421, "4.7.0", "too many failed authentications")
        return None

    def _loop(self, conn: LineConn, ip: str, local_ip: str, visit: Visit) -> ConnectionLoop:
        options = self._options
        offers_starttls = self._tls_context is not None
        is_submission = options.kind.is_submission
        machine = ServerMachine(
            Dialect(
                is_submission=is_submission,
                is_pedantic=options.is_pedantic,
                allows_hold=is_submission,
                allows_dsn=is_submission,
                allows_binary=is_submission,
            ),
            max_size=options.max_message_size,
            is_tls=conn.tls is not None,
            offers_starttls=offers_starttls,
        )
        machine.reply(Reply(220, "", f"{options.hostname} ESMTP mox"))
        pace = Pace(conn, self._clock)
        authentication = Authentication(
            visit=visit, conn=conn, allows_plaintext=options.allows_plaintext, slow_down=pace.set_slow
        )
        session = Session(
            options=options,
            clock=self._clock,
            spools=self._spools,
            envelope=self._envelope,
            content=self._content,
            authentication=authentication,
            resolver=self._resolver,
            connection_id=connection_id.get() or 0,
            remote_ip=ip,
            local_ip=local_ip,
            tls=conn.tls,
            offers_starttls=offers_starttls,
            slow_down=pace.set_slow,
        )
        return ConnectionLoop(
            conn=conn,
            machine=machine,
            session=session,
            pace=pace,
            clock=self._clock,
            shutdown=self._shutdown,
            tls=self._tls_context,
            counting=self._counting,
            is_submission=is_submission,
        )
