"""The client's side of all mechanisms, and the choice between them."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable
from typing import Protocol

from moxkit.sasl.credentials import derive_cram_md5
from moxkit.sasl.mechanisms import STRONGEST_FIRST, Mechanism
from moxkit.sasl.scramserver import random_nonce
from moxkit.sasl.scramtext import ScramSyntaxError, attributes, decode_base64, encode_base64, encode_name

__all__ = ["ClientExchange", "SaslError", "choose_mechanism", "client_exchange"]

# A server that asks for more wants to keep our processor busy.
_MOST_ITERATIONS = 1_000_000
_FEWEST_ITERATIONS = 4096


class SaslError(Exception):
    """The server did not keep to the mechanism, or could not prove that it knows the password."""


class ClientExchange(Protocol):
    """One authentication, as the client sees it."""

    def start(self) -> bytes | None:
        """Return the initial response; None if the server speaks first."""
        ...

    def respond(self, challenge: bytes) -> bytes:
        """Answer a challenge.

        Raises:
            SaslError: The server misbehaves; cancel.
        """
        ...

    @property
    def is_complete(self) -> bool:
        """Whether the server has proven all the mechanism lets it prove; check before trusting success."""
        ...


def choose_mechanism(
    offered: Iterable[str], *, has_certificate: bool, bindings: Collection[str], allows_plaintext: bool
) -> Mechanism | None:
    """Return the strongest mechanism both sides can do, or None.

    Args:
        offered: Names as the server announced them.
        has_certificate: A client certificate was presented, so EXTERNAL makes sense.
        bindings: Channel bindings the connection has, so -PLUS makes sense.
        allows_plaintext: The connection is encrypted, or the user does not mind.
    """
    names = {name.upper() for name in offered}
    for mechanism in STRONGEST_FIRST:
        if mechanism not in names:
            continue
        if mechanism is Mechanism.EXTERNAL and not has_certificate:
            continue
        if mechanism.is_plus and not bindings:
            continue
        if mechanism in (Mechanism.PLAIN, Mechanism.LOGIN) and not allows_plaintext:
            continue
        return mechanism
    return None


def client_exchange(
    mechanism: Mechanism,
    *,
    username: str,
    password: str = "",
    authzid: str = "",
    binding: tuple[str, bytes] | None = None,
    nonce: Callable[[], str] = random_nonce,
) -> ClientExchange:
    """Begin an exchange.

    Args:
        mechanism: As chosen.
        username: Prepared (RFC 8265).
        password: Prepared; not for EXTERNAL.
        authzid: As whom to act; for EXTERNAL and SCRAM.
        binding: Name and data of the channel binding, for -PLUS. Given without -PLUS it means that the
            connection has one and the server offered no -PLUS, which the server gets to hear (RFC 5802 §6).
        nonce: Random text; tests give a fixed one.
    """
    if mechanism.is_scram:
        return _Scram(mechanism, username, password, authzid=authzid, binding=binding, nonce=nonce())
    match mechanism:
        case Mechanism.PLAIN:
            return _Answers([f"{authzid}\0{username}\0{password}".encode()], is_first=True)
        case Mechanism.LOGIN:
            return _Answers([username.encode(), password.encode()], is_first=False)
        case Mechanism.CRAM_MD5:
            return _CramMd5(username, password)
        case _:
            return _Answers([authzid.encode()], is_first=True)


class _Answers:
    """A mechanism whose answers do not depend on the challenges."""

    def __init__(self, answers: list[bytes], *, is_first: bool) -> None:
        self._answers = answers
        self._is_first = is_first

    def start(self) -> bytes | None:
        return self._answers.pop(0) if self._is_first else None

    def respond(self, challenge: bytes) -> bytes:
        if not self._answers:
            raise SaslError(f"unexpected challenge of {len(challenge)} octets")
        return self._answers.pop(0)

    @property
    def is_complete(self) -> bool:
        return not self._answers


class _CramMd5:
    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password
        self.is_complete = False

    def start(self) -> bytes | None:
        return None

    def respond(self, challenge: bytes) -> bytes:
        if self.is_complete:
            raise SaslError("unexpected second challenge")
        self.is_complete = True
        digest = derive_cram_md5(self._password).digest(challenge)
        return f"{self._username} {digest.hex()}".encode()


class _Scram:
    def __init__(
        self,
        mechanism: Mechanism,
        username: str,
        password: str,
        *,
        authzid: str,
        binding: tuple[str, bytes] | None,
        nonce: str,
    ) -> None:
        if mechanism.is_plus and binding is None:
            raise ValueError("-PLUS needs a channel binding")
        self._hash = mechanism.hash_name
        self._password = password
        self._nonce = nonce
        flag = "n"
        self._binding = b""
        if mechanism.is_plus and binding is not None:
            flag, self._binding = f"p={binding[0]}", binding[1]
        elif binding is not None:
            flag = "y"
        self._gs2_header = f"{flag},{'a=' + encode_name(authzid) if authzid else ''},"
        self._first_bare = f"n={encode_name(username)},r={nonce}"
        self._server_signature: bytes | None = None
        self.is_complete = False

    def start(self) -> bytes | None:
        return (self._gs2_header + self._first_bare).encode()

    def respond(self, challenge: bytes) -> bytes:
        try:
            text = challenge.decode()
            pairs = attributes(text)
            if self._server_signature is None:
                return self._take_first(text, pairs)
            return self._take_final(pairs, self._server_signature)
        except (ScramSyntaxError, UnicodeDecodeError) as error:
            raise SaslError("malformed SCRAM message") from error

    def _take_first(self, text: str, pairs: list[tuple[str, str]]) -> bytes:
        if pairs[0][0] == "e":
            raise SaslError(f"server refused: {pairs[0][1][:100]}")
        if [name for name, _ in pairs[:3]] != ["r", "s", "i"]:
            raise ScramSyntaxError("expected r=, s= and i=")
        nonce, salt, iterations = pairs[0][1], decode_base64(pairs[1][1]), pairs[2][1]
        if not nonce.startswith(self._nonce) or len(nonce) <= len(self._nonce):
            raise SaslError("server changed the nonce")
        if not iterations.isdecimal() or not _FEWEST_ITERATIONS <= int(iterations) <= _MOST_ITERATIONS:
            raise SaslError("iteration count out of range")
        bound = base64.b64encode(self._gs2_header.encode() + self._binding).decode()
        without_proof = f"c={bound},r={nonce}"
        auth_message = f"{self._first_bare},{text},{without_proof}".encode()
        salted = hashlib.pbkdf2_hmac(self._hash, self._password.encode(), salt, int(iterations))
        client_key = hmac.digest(salted, b"Client Key", self._hash)
        signature = hmac.digest(hashlib.new(self._hash, client_key).digest(), auth_message, self._hash)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        self._server_signature = hmac.digest(
            hmac.digest(salted, b"Server Key", self._hash), auth_message, self._hash
        )
        return f"{without_proof},p={encode_base64(proof)}".encode()

    def _take_final(self, pairs: list[tuple[str, str]], signature: bytes) -> bytes:
        name, value = pairs[0]
        if name == "e":
            raise SaslError(f"server refused: {value[:100]}")
        if self.is_complete or name != "v" or not hmac.compare_digest(decode_base64(value), signature):
            raise SaslError("server could not prove that it knows the password")
        self.is_complete = True
        return b""
