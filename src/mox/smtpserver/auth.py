"""Signing in on one connection: by certificate, or by AUTH with its mechanisms (RFC 4954)."""

from collections.abc import Callable

from mox.accounts import KeyRefused, SignedIn, SignInFailed
from mox.smtpserver.errors import sign_in_reply
from mox.smtpserver.ports import Exchange, Visit
from moxkit.net import LineConn
from moxkit.sasl import Challenge, Mechanism
from moxkit.smtp import Reply

__all__ = ["Authentication"]


class Authentication:
    """What one connection knows of who speaks.

    Attributes:
        signed_in: Who it is, once they proved it.
        refusal: Why a certificate signs nobody in though its key is known: the account is disabled.
    """

    def __init__(
        self,
        *,
        visit: Visit,
        conn: LineConn,
        allows_plaintext: bool,
        slow_down: Callable[[bool], None],
    ) -> None:
        self._visit = visit
        self._conn = conn
        self._allows_plaintext = allows_plaintext
        self._slow_down = slow_down
        self._exchange: Exchange | None = None
        self._last_word: Reply | None = None
        self.signed_in: SignedIn | None = None
        self.refusal: Reply | None = None

    def meet(self) -> KeyRefused | None:
        """Look at the client's certificate, now that there is TLS; return why the connection cannot go on."""
        refused = self._visit.meet(self._conn.tls, self._conn.channel_binding)
        if refused is None:
            match self._visit.by_certificate():
                case SignedIn() as signed_in:
                    self.signed_in = signed_in
                case SignInFailed() as failed:
                    self.refusal = sign_in_reply(failed)
                case None:
                    pass
        return refused

    async def hold(self) -> None:
        """Wait before another attempt, the longer the more have failed."""
        await self._visit.hold()

    def offered(self) -> tuple[Mechanism, ...]:
        """Return the mechanisms for the reply to EHLO."""
        return self._visit.mechanisms() if self._may_sign_in else ()

    @property
    def _may_sign_in(self) -> bool:
        return self._conn.tls is not None or self._allows_plaintext

    async def begin(self, mechanism: str, initial: bytes | None) -> Challenge | Reply:
        """Answer AUTH."""
        if not self._visit.has_room:
            return Reply(421, "4.7.0", "too many failed authentications")
        if not self._may_sign_in and mechanism in set(Mechanism):
            return Reply(538, "5.7.11", "STARTTLS first")
        if mechanism == Mechanism.EXTERNAL and mechanism not in self.offered():
            # RFC 4954 §6: the mechanism is there, the credentials are not.
            return Reply(535, "5.7.8", "no client certificate")
        await self._visit.hold()
        exchange = self._visit.begin(mechanism) if self._may_sign_in else None
        if exchange is None:
            return Reply(504, "5.5.4", "mechanism not supported")
        self._exchange = exchange
        return await self._step(exchange, initial)

    async def respond(self, octets: bytes | None) -> Challenge | Reply:
        """Answer the client's response; None means that it cancels."""
        last_word, self._last_word = self._last_word, None
        if last_word is not None:
            return last_word
        exchange = self._exchange
        if octets is None or exchange is None:
            self.cancel()
            return Reply(501, "5.5.0", "authentication cancelled")
        return await self._step(exchange, octets)

    def cancel(self) -> None:
        """Forget an exchange that ended without a result."""
        if self._exchange is not None:
            self._exchange.abort()
        self._exchange = self._last_word = None

    async def _step(self, exchange: Exchange, octets: bytes | None) -> Challenge | Reply:
        result = await exchange.respond(octets)
        if isinstance(result, Challenge):
            return result
        self._exchange = None
        self._slow_down(self._visit.is_slow)
        if isinstance(result, SignedIn):
            self.signed_in, self.refusal = result, None
            return Reply(235, "2.7.0", "authenticated")
        reply = sign_in_reply(result)
        if result.last_challenge is None:
            return reply
        # RFC 5802 §5.1: the mechanism's own error goes first; whatever the client answers, it is refused.
        self._last_word = reply
        return Challenge(result.last_challenge)
