"""The sign-in desk of a server: what is offered, who is believed; `Visit` is one connection at the desk.

An unknown user and a wrong password look the same in every mechanism, in what is said and in the time it
takes.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mox.accounts.attempts import Attempt, Attempts, Result
from mox.accounts.credentials import Credentials, Proof
from mox.accounts.passwords import prepare_username
from mox.accounts.service import Service
from mox.accounts.tlskeys import TlsKey, TlsKeys, fingerprint_of
from moxkit.net import spki_of
from moxkit.sasl import FailureKind, Mechanism

__all__ = ["KeyRefused", "LoginAddresses", "SignIn", "SignInFailed", "SignedIn"]

_WRONG = "wrong password or unknown user"
TLS_CLIENT_AUTH = "tlsclientauth"
"""How login attempts name a sign-in by certificate alone."""


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

    @classmethod
    def wrong(cls, username: str) -> "SignInFailed":
        """Say what is said of unknown users and wrong passwords alike."""
        return cls(FailureKind.CREDENTIALS, _WRONG, username=username)


@dataclass(frozen=True, slots=True)
class KeyRefused:
    """A client certificate signs nobody in; `key` is known unless nobody has it."""

    result: Result
    text: str
    key: TlsKey | None = None


class SignIn:
    """The desk; shared by all front doors."""

    def __init__(
        self,
        *,
        credentials: Credentials,
        keys: TlsKeys,
        attempts: Attempts,
        addresses: LoginAddresses,
        hostname: str,
        enables_cram_md5: Callable[[], bool],
    ) -> None:
        self.credentials = credentials
        self.attempts = attempts
        self.hostname = hostname
        self._keys = keys
        self._addresses = addresses
        self._enables_cram_md5 = enables_cram_md5

    def mechanisms(
        self, *, is_tls: bool, allows_plaintext: bool, has_binding: bool, has_certificate: bool
    ) -> tuple[Mechanism, ...]:
        """Return what to offer on a connection, strongest first.

        Args:
            is_tls: The connection is encrypted.
            allows_plaintext: Passwords may be sent without TLS (a listener's option).
            has_binding: There is data to bind an exchange to the connection with.
            has_certificate: The client presented a certificate.
        """
        offered = [Mechanism.SCRAM_SHA_256, Mechanism.SCRAM_SHA_1]
        if is_tls and has_binding:
            offered += [Mechanism.SCRAM_SHA_256_PLUS, Mechanism.SCRAM_SHA_1_PLUS]
        if self._enables_cram_md5():
            offered.append(Mechanism.CRAM_MD5)
        if is_tls or allows_plaintext:
            offered += [Mechanism.PLAIN, Mechanism.LOGIN]
        if is_tls and has_certificate:
            offered.append(Mechanism.EXTERNAL)
        return tuple(mechanism for mechanism in Mechanism if mechanism in offered)

    def account_of(self, username: str) -> str | None:
        """Return whose a login address is, as a client wrote it."""
        return self._addresses.account_for_login(prepare_username(username))

    async def check_password(self, username: str, password: str, service: Service) -> Proof | None:
        """Say whether a password is right."""
        return await self.credentials.check_password(self.account_of(username), password, service)

    def admit(self, username: str) -> SignedIn | SignInFailed:
        """Turn a proven name into an account that may sign in."""
        username = prepare_username(username)
        account = self._addresses.account_for_login(username)
        if account is None:
            return SignInFailed.wrong(username)
        # Only after the credentials were right, so that nobody else learns of it.
        if text := self._addresses.login_disabled(account):
            return SignInFailed(FailureKind.AUTHORIZATION, text, username=username, is_disabled=True)
        return SignedIn(account, username)

    # Client certificates.

    def judge_client(self, certificate: bytes, address: str, service: Service) -> bool:
        """Say inside a handshake whether a client with this certificate, from this address, may go on.

        A key that nobody has, or whose account may not sign in, fails the handshake: there is no text to be
        had. From an address that failed too often certificates are not looked at; it is refused afterwards.
        """
        address = address.partition("%")[0]
        if not self.attempts.has_room(address):
            return True
        try:
            spki_sha256 = hashlib.sha256(spki_of(certificate)).digest()
        except ValueError:
            return False
        recognised = self.recognise(spki_sha256)
        if isinstance(recognised, TlsKey):
            return True
        self.note_refused(recognised, service, spki_sha256, remote_ip=address)
        return False

    def recognise(self, spki_sha256: bytes) -> TlsKey | KeyRefused:
        """Say whose key it is; asked in the handshake, and again after a session was resumed."""
        key = self._keys.find(fingerprint_of(spki_sha256))
        if key is None:
            return KeyRefused(Result.BAD_CREDENTIALS, "unknown certificate")
        if self._addresses.account_for_login(key.address) != key.account:
            return KeyRefused(Result.ERROR, "certificate's login address is not of its account any more", key)
        # Where the client has to speak first, SASL can tell it why.
        if not key.no_imap_preauth and (text := self._addresses.login_disabled(key.account)):
            return KeyRefused(Result.LOGIN_DISABLED, text, key)
        return key

    def note_refused(
        self, refused: KeyRefused, service: Service, spki_sha256: bytes, *, remote_ip: str, local_ip: str = ""
    ) -> None:
        """Record that a certificate was refused."""
        key = refused.key
        self.attempts.note(
            Attempt(
                service=service,
                mechanism=TLS_CLIENT_AUTH,
                result=refused.result,
                remote_ip=remote_ip,
                local_ip=local_ip,
                account="" if key is None else key.account,
                address="" if key is None else key.address,
                fingerprint=fingerprint_of(spki_sha256),
            )
        )
