"""The server's side of all mechanisms: one shape, one constructor."""

import hmac
from collections.abc import Callable
from typing import Protocol

from moxkit.sasl.credentials import CramMd5Verifier
from moxkit.sasl.mechanisms import Mechanism
from moxkit.sasl.scramserver import ScramServer, random_nonce
from moxkit.sasl.steps import (
    Challenge,
    Failure,
    FailureKind,
    NeedCramMd5Verifier,
    NeedPasswordCheck,
    Step,
    Success,
    Supplied,
    verifiers_of,
)

__all__ = ["ServerExchange", "server_exchange"]

# Longest name and password that is looked at; longer ones fail before any hash is computed.
_LONGEST = 1024


class ServerExchange(Protocol):
    """One authentication, as the server sees it."""

    def respond(self, octets: bytes | None) -> Step:
        """Take the client's message; None when a command came without an initial response."""
        ...

    def supply(self, answer: Supplied) -> Step:
        """Take what a `Need…` step asked for."""
        ...


def _no_channel_binding(_name: str) -> bytes | None:
    return None


def server_exchange(
    mechanism: str,
    *,
    hostname: str,
    channel_binding: Callable[[str], bytes | None] = _no_channel_binding,
    offers_plus: bool = False,
    nonce: Callable[[], str] = random_nonce,
) -> ServerExchange | None:
    """Begin an exchange; None for a mechanism that is not known.

    Args:
        mechanism: Name in any case.
        hostname: Of this server, for CRAM-MD5's challenge.
        channel_binding: Returns the data of a binding by name (`tls-exporter`), None if there is none.
        offers_plus: Whether -PLUS was offered on this connection, for downgrade protection.
        nonce: Random text; tests give a fixed one.
    """
    try:
        known = Mechanism(mechanism.upper())
    except ValueError:
        return None
    if known.is_scram:
        return ScramServer(known, channel_binding=channel_binding, offers_plus=offers_plus, nonce=nonce)
    match known:
        case Mechanism.PLAIN:
            return _Plain()
        case Mechanism.LOGIN:
            return _Login()
        case Mechanism.CRAM_MD5:
            return _CramMd5(f"<{nonce()}@{hostname}>".encode())
        case _:
            return _External()


def _malformed(username: str = "") -> Failure:
    return Failure(FailureKind.PROTOCOL, "malformed message", username=username)


def _checked(username: str, answer: object) -> Step:
    if not isinstance(answer, bool):
        raise TypeError("the result of a password check was asked for")
    if answer:
        return Success(username)
    return Failure(FailureKind.CREDENTIALS, "wrong password or unknown user", username=username)


class _Plain:
    """RFC 4616."""

    def __init__(self) -> None:
        self._username = ""

    def respond(self, octets: bytes | None) -> Step:
        if octets is None:
            return Challenge(b"")
        try:
            authzid, username, password = octets[: 3 * _LONGEST + 1].decode().split("\0")
        except ValueError:  # Not UTF-8, or not three fields.
            return _malformed()
        if not username or not password or max(len(username), len(password)) > _LONGEST:
            return _malformed(username[:_LONGEST])
        self._username = username
        if authzid not in ("", username):
            return Failure(FailureKind.AUTHORIZATION, "cannot act for another user", username=username)
        return NeedPasswordCheck(username, password)

    def supply(self, answer: Supplied) -> Step:
        return _checked(self._username, answer)


class _Login:
    """Two prompts; the texts are what old clients look for."""

    def __init__(self) -> None:
        self._username: str | None = None

    def respond(self, octets: bytes | None) -> Step:
        if octets is None:
            return Challenge(b"Username:")
        if len(octets) > _LONGEST:
            return _malformed()
        try:
            text = octets.decode()
        except UnicodeDecodeError:
            return _malformed()
        if self._username is None:
            self._username = text
            return Challenge(b"Password:")
        if not self._username or not text:
            return _malformed(self._username)
        return NeedPasswordCheck(self._username, text)

    def supply(self, answer: Supplied) -> Step:
        return _checked(self._username or "", answer)


class _CramMd5:
    """RFC 2195; the server speaks first."""

    def __init__(self, challenge: bytes) -> None:
        self._challenge = challenge
        self._is_sent = False
        self._username = ""
        self._digest = b""

    def respond(self, octets: bytes | None) -> Step:
        if not self._is_sent:
            if octets is not None:
                return Failure(FailureKind.PROTOCOL, "CRAM-MD5 has no initial response")
            self._is_sent = True
            return Challenge(self._challenge)
        username, space, digest = (octets or b"")[: 2 * _LONGEST].rpartition(b" ")
        try:
            self._username, self._digest = username.decode(), bytes.fromhex(digest.decode("ascii"))
        except ValueError:
            return _malformed()
        if not space or not username or len(self._digest) != 16:
            return _malformed(self._username)
        return NeedCramMd5Verifier(self._username)

    def supply(self, answer: Supplied) -> Step:
        for index, verifier in enumerate(verifiers_of(answer, CramMd5Verifier)):
            if hmac.compare_digest(verifier.digest(self._challenge), self._digest):
                return Success(self._username, index)
        return _checked(self._username, False)


class _External:
    """RFC 4422 appendix A: who the client is follows from TLS; it may say as whom it wants to act."""

    def respond(self, octets: bytes | None) -> Step:
        if octets is None:
            return Challenge(b"")
        try:
            authzid = octets[: _LONGEST + 1].decode()
        except UnicodeDecodeError:
            return _malformed()
        return Success(authzid) if len(authzid) <= _LONGEST and "\0" not in authzid else _malformed()

    def supply(self, answer: Supplied) -> Step:
        raise TypeError(f"nothing was asked for, got {type(answer).__name__}")
