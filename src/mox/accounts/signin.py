"""Signing in, for every front door: drives a SASL exchange and answers what it asks of the accounts.

An unknown user and a wrong password look the same in every mechanism, in what is said and in the time it
takes.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from mox.accounts.credentials import Credentials
from mox.accounts.passwords import prepare_username
from moxkit.sasl import (
    Challenge,
    Failure,
    FailureKind,
    Mechanism,
    NeedCramMd5Verifier,
    NeedPasswordCheck,
    NeedScramVerifier,
    ServerExchange,
    Step,
    Success,
    server_exchange,
)

__all__ = ["LoginAddresses", "SignIn", "SignInExchange", "SignInFailed", "SignedIn"]

logger = logging.getLogger(__name__)


class LoginAddresses(Protocol):
    """Says whose a login address is."""

    def account_for_login(self, address: str) -> str | None:
        """Return the account that an address signs in to, or None."""
        ...

    def login_disabled(self, account: str) -> str:
        """Return the text that tells why an account cannot sign in now; empty if it can."""
        ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody proved to be the owner of an account; `address` is what they signed in with."""

    account: str
    address: str


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """Nobody did.

    Attributes:
        text: For people; holds no secret. For a disabled account the configured text.
        last_challenge: To be sent to the client before the protocol's refusal; None for none.
        username: As the client gave it; for the log only.
        is_disabled: The credentials were right, and the account may not sign in.
    """

    kind: FailureKind
    text: str
    last_challenge: bytes | None = None
    username: str = ""
    is_disabled: bool = False


class SignInExchange:
    """One authentication; answers with what to send, or how it ended."""

    def __init__(self, exchange: ServerExchange, sign_in: "SignIn") -> None:
        self._exchange = exchange
        self._sign_in = sign_in

    async def respond(self, octets: bytes | None) -> Challenge | SignedIn | SignInFailed:
        """Take the client's message (decoded from base64); None when there was no initial response."""
        step = self._exchange.respond(octets)
        while not isinstance(step, Challenge | Success | Failure):
            step = await self._sign_in.answer(self._exchange, step)
        match step:
            case Success(username):
                return self._sign_in.finish(username)
            case Failure(kind, text, last_challenge, username):
                return SignInFailed(kind, text, last_challenge, username)
            case _:
                return step


class SignIn:
    """The sign-in desk of a server."""

    def __init__(
        self,
        *,
        credentials: Credentials,
        addresses: LoginAddresses,
        hostname: str,
        enables_cram_md5: Callable[[], bool],
    ) -> None:
        self._credentials = credentials
        self._addresses = addresses
        self._hostname = hostname
        self._enables_cram_md5 = enables_cram_md5

    def mechanisms(
        self, *, is_tls: bool, allows_plaintext: bool, bindings: Collection[str]
    ) -> tuple[Mechanism, ...]:
        """Return what to offer on a connection, strongest first.

        Args:
            is_tls: The connection is encrypted.
            allows_plaintext: Passwords may be sent without TLS (a listener's option).
            bindings: Channel bindings the connection has.
        """
        offered = [Mechanism.SCRAM_SHA_256, Mechanism.SCRAM_SHA_1]
        if is_tls and bindings:
            offered += [Mechanism.SCRAM_SHA_256_PLUS, Mechanism.SCRAM_SHA_1_PLUS]
        if self._enables_cram_md5():
            offered.append(Mechanism.CRAM_MD5)
        if is_tls or allows_plaintext:
            offered += [Mechanism.PLAIN, Mechanism.LOGIN]
        return tuple(mechanism for mechanism in Mechanism if mechanism in offered)

    def begin(
        self, mechanism: str, *, channel_binding: Callable[[str], bytes | None], offers_plus: bool
    ) -> SignInExchange | None:
        """Begin an exchange; None for a mechanism nobody knows. The caller checked that it was offered."""
        # It proves nothing by itself: without a client certificate anybody could be anybody (RFC 4422 A).
        if mechanism.upper() == Mechanism.EXTERNAL:
            return None
        exchange = server_exchange(
            mechanism, hostname=self._hostname, channel_binding=channel_binding, offers_plus=offers_plus
        )
        return None if exchange is None else SignInExchange(exchange, self)

    async def password(self, username: str, password: str) -> SignedIn | SignInFailed:
        """Sign in with a password that came in the clear (IMAP LOGIN, RFC 9051 §6.2.3)."""
        username = prepare_username(username)
        if await self._credentials.check_password(self._addresses.account_for_login(username), password):
            return self.finish(username)
        return SignInFailed(FailureKind.CREDENTIALS, "wrong password or unknown user", username=username)

    async def answer(
        self, exchange: ServerExchange, step: NeedPasswordCheck | NeedScramVerifier | NeedCramMd5Verifier
    ) -> Step:
        """Give an exchange what it asks for."""
        username = prepare_username(step.username)
        account = self._addresses.account_for_login(username)
        match step:
            case NeedPasswordCheck(_, password):
                return exchange.supply(await self._credentials.check_password(account, password))
            case NeedScramVerifier(_, hash_name):
                return exchange.supply(self._credentials.scram_verifier(account, username, hash_name))
            case NeedCramMd5Verifier():
                return exchange.supply(self._credentials.cram_md5_verifier(account, username))

    def finish(self, username: str) -> SignedIn | SignInFailed:
        """Turn a proven name into an account that may sign in."""
        username = prepare_username(username)
        account = self._addresses.account_for_login(username)
        if account is None:
            return SignInFailed(FailureKind.CREDENTIALS, "wrong password or unknown user", username=username)
        # Only after the credentials were right, so that nobody else learns of it.
        if text := self._addresses.login_disabled(account):
            return SignInFailed(FailureKind.AUTHORIZATION, text, username=username, is_disabled=True)
        return SignedIn(account, username)
