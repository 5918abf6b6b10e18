"""Signing in on one connection: by certificate, LOGIN, AUTHENTICATE (RFC 9051 §6.2, RFC 4422)."""

import base64
import binascii
from collections.abc import Awaitable, Callable

from mox.accounts import SignedIn, SignInFailed, Visit
from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Done, Session
from moxkit.imap import Authenticate, CapabilityCode, Condition, ConditionKind, Login
from moxkit.net import LineConn
from moxkit.sasl import Challenge, FailureKind, Mechanism

__all__ = ["ByeError", "SigningIn", "decoded"]


class ByeError(Exception):
    """The connection ends with a BYE and this text."""


class SigningIn:
    """How one connection comes to have an account."""

    def __init__(
        self, *, session: Session, conn: LineConn, visit: Visit, ask: Callable[[bytes], Awaitable[bytes]]
    ) -> None:
        """Remember the parts; `ask` sends a challenge and returns the client's answer, decoded."""
        self._session = session
        self._conn = conn
        self._visit = visit
        self._ask = ask

    @property
    def is_slow(self) -> bool:
        """Whether the client is to be served slowly, because it guesses."""
        return self._visit.is_slow

    def greeting(self) -> Condition:
        """Return what the client hears first: PREAUTH if its certificate signs it in.

        Raises:
            ByeError: It is not welcome.
        """
        if not self._visit.has_room:
            raise ByeError("too many failed authentications")
        self.meet()
        key = self._visit.key
        # Not after STARTTLS, where there is no greeting (RFC 9051 §7.1.4).
        if key is not None and not key.no_imap_preauth:
            match self._visit.by_certificate():
                case SignedIn() as signed_in:
                    self._session.become(signed_in)
                    code = CapabilityCode(self._session.capabilities())
                    return Condition(ConditionKind.PREAUTH, f"mox imap, welcome {signed_in.address}", code)
                case SignInFailed(text=text):
                    raise ByeError(text)
                case None:
                    pass
        return Condition(ConditionKind.OK, "mox imap", CapabilityCode(self._session.capabilities()))

    def meet(self) -> None:
        """Take note of TLS, and of the client's certificate.

        Raises:
            ByeError: Its key signs nobody in any more, which the handshake of a resumed session does not see.
        """
        conn = self._conn
        self._session.is_tls = conn.tls is not None
        if (refused := self._visit.meet(conn.tls, conn.channel_binding)) is not None:
            raise ByeError(f"[ALERT] {refused.text}")
        self._session.mechanisms = self._visit.mechanisms()

    async def hold(self) -> None:
        """Wait before another attempt, the longer the more have failed."""
        await self._visit.hold()

    async def authenticate(self, command: Authenticate) -> Done:
        """Run an exchange (RFC 9051 §6.2.2)."""
        self._check_room()
        await self._visit.hold()
        exchange = self._visit.begin(command.mechanism)
        if exchange is None:
            if command.mechanism == Mechanism.EXTERNAL:
                raise RefusedError("no client certificate", "AUTHENTICATIONFAILED")
            raise RefusedError("mechanism is not offered here")
        response = command.initial_response
        try:
            step = await exchange.respond(None if response is None else decoded(response))
            while isinstance(step, Challenge):
                step = await exchange.respond(await self._ask(step.octets))
            if isinstance(step, SignInFailed) and step.last_challenge is not None:
                # The mechanism's own last word; whatever the client answers, it failed (RFC 5802 §5).
                await self._ask(step.last_challenge)
        except RefusedError:
            exchange.abort()
            raise
        return self._welcome(step)

    async def login(self, command: Login) -> Done:
        """Take a password in the clear (RFC 9051 §6.2.3)."""
        session = self._session
        if not (session.is_tls or session.allows_plaintext):
            raise RefusedError("LOGIN needs TLS", "PRIVACYREQUIRED")
        self._check_room()
        await self._visit.hold()
        return self._welcome(await self._visit.password(command.username, command.password))

    def _check_room(self) -> None:
        if not self._visit.has_room:
            raise RefusedError("too many failed authentications, try again later", "LIMIT")

    def _welcome(self, step: SignedIn | SignInFailed) -> Done:
        if isinstance(step, SignInFailed):
            if step.is_disabled:
                # A code could make clients ask for another password, which would not help (RFC 5530 §3).
                raise RefusedError(step.text)
            is_forbidden = step.kind is FailureKind.AUTHORIZATION
            raise RefusedError(step.text, "AUTHORIZATIONFAILED" if is_forbidden else "AUTHENTICATIONFAILED")
        self._session.become(step)
        names = " ".join(self._session.capabilities())
        return Done("signed in", f"CAPABILITY {names}".encode())


def decoded(octets: bytes) -> bytes:
    """Decode what a client says in an exchange (RFC 4422 via RFC 9051 §6.2.2).

    Raises:
        RefusedError: It is not base64.
    """
    try:
        return base64.b64decode(octets, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError("malformed base64", kind=ConditionKind.BAD) from error
