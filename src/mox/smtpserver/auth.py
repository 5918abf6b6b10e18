"""Signing in on one connection: mechanisms, the exchange, and what a failure costs (RFC 4954)."""

import logging
from collections.abc import Callable

from mox.accounts import SignedIn
from mox.listen import FailedSignIns
from mox.runtime import Clock
from mox.smtpserver.errors import sign_in_reply
from mox.smtpserver.options import Options
from mox.smtpserver.ports import Desk, Exchange
from moxkit.net import LineConn
from moxkit.sasl import Challenge, Mechanism
from moxkit.smtp import Reply

__all__ = ["Authentication"]

logger = logging.getLogger(__name__)

_BINDINGS = ("tls-exporter", "tls-unique")
# From the third failure on a connection is slow, from the fourth each attempt waits longer.
_FAILURES_WITHOUT_DELAY = 3


class Authentication:
    """What one connection knows of who speaks.

    Attributes:
        signed_in: Who it is, once they proved it.
        failures: Failed attempts on this connection.
    """

    def __init__(
        self,
        *,
        options: Options,
        desk: Desk,
        clock: Clock,
        conn: LineConn,
        ip: str,
        failed: FailedSignIns | None,
        slow_down: Callable[[bool], None],
    ) -> None:
        self._options = options
        self._desk = desk
        self._clock = clock
        self._conn = conn
        self._ip = ip
        self._failed = failed
        self._slow_down = slow_down
        self._exchange: Exchange | None = None
        self._mechanism = ""
        self._refusal: Reply | None = None
        self.signed_in: SignedIn | None = None
        self.failures = 0

    def offered(self) -> tuple[Mechanism, ...]:
        """Return the mechanisms for the reply to EHLO."""
        is_tls = self._conn.tls is not None
        if not is_tls and not self._options.allows_plaintext:
            return ()
        bindings = [name for name in _BINDINGS if is_tls and self._conn.channel_binding(name) is not None]
        return self._desk.mechanisms(
            is_tls=is_tls, allows_plaintext=self._options.allows_plaintext, bindings=bindings
        )

    async def begin(self, mechanism: str, initial: bytes | None) -> Challenge | Reply:
        """Answer AUTH."""
        if self._failed is not None and not self._failed.has_room(self._ip, self._clock.now()):
            return Reply(421, "4.7.0", "too many failed authentications")
        offered = self.offered()
        if mechanism not in offered:
            is_known = mechanism in set(Mechanism)
            if is_known and self._conn.tls is None and not self._options.allows_plaintext:
                return Reply(538, "5.7.11", "STARTTLS first")
            return Reply(504, "5.5.4", "mechanism not supported")
        if self.failures > _FAILURES_WITHOUT_DELAY:
            await self._clock.sleep(self.failures - _FAILURES_WITHOUT_DELAY)
        self._mechanism = mechanism
        self._exchange = self._desk.begin(
            mechanism,
            channel_binding=self._conn.channel_binding,
            offers_plus=any(each.endswith("-PLUS") for each in offered),
        )
        if self._exchange is None:
            return Reply(504, "5.5.4", "mechanism not supported")
        return await self._step(self._exchange, initial)

    async def respond(self, octets: bytes | None) -> Challenge | Reply:
        """Answer the client's response; None means that it cancels."""
        refusal, self._refusal = self._refusal, None
        if refusal is not None:
            return refusal
        exchange = self._exchange
        if octets is None or exchange is None:
            self.cancel()
            return Reply(501, "5.5.0", "authentication cancelled")
        return await self._step(exchange, octets)

    def cancel(self) -> None:
        """Forget an exchange that ended without a result."""
        self._exchange = self._refusal = None

    async def _step(self, exchange: Exchange, octets: bytes | None) -> Challenge | Reply:
        result = await exchange.respond(octets)
        if isinstance(result, Challenge):
            return result
        self._exchange = None
        now = self._clock.now()
        if isinstance(result, SignedIn):
            self.signed_in = result
            if self._failed is not None:
                self._failed.reset(self._ip, now)
            self._slow_down(False)
            logger.info(
                "signed in",
                extra={"account": result.account, "login": result.address, "mechanism": self._mechanism},
            )
            return Reply(235, "2.7.0", "authenticated")
        logger.info(
            "sign-in failed",
            extra={
                "login": result.username,
                "mechanism": self._mechanism,
                "reason": str(result.kind),
                "peer_ip": self._ip,
            },
        )
        if not result.is_disabled:
            self.failures += 1
            if self._failed is not None:
                self._failed.add(self._ip, now)
                self._slow_down(self.failures >= _FAILURES_WITHOUT_DELAY)
        reply = sign_in_reply(result)
        if result.last_challenge is None:
            return reply
        # RFC 5802 §5.1: the mechanism's own error goes first; whatever the client answers, it is refused.
        self._refusal = reply
        return Challenge(result.last_challenge)
