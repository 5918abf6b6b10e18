"""What a server stores instead of a password, and fakes of it for users who do not exist.

A SCRAM verifier cannot be used to sign in elsewhere; CRAM-MD5's state is as good as the password.
"""

import hashlib
import hmac
from dataclasses import dataclass

from moxkit.sasl.md5state import compress, finish

__all__ = [
    "CramMd5Verifier",
    "ScramVerifier",
    "derive_cram_md5",
    "derive_scram",
    "fake_cram_md5",
    "fake_scram",
]

_BLOCK_OCTETS = 64


@dataclass(frozen=True, slots=True, repr=False)
class ScramVerifier:
    """Stored for SCRAM (RFC 5802 §3); `repr` shows nothing."""

    hash_name: str
    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes


@dataclass(frozen=True, slots=True, repr=False)
class CramMd5Verifier:
    """MD5 states after the key's inner and outer block (RFC 2104); `repr` shows nothing."""

    inner: bytes
    outer: bytes

    def digest(self, challenge: bytes) -> bytes:
        """Return HMAC-MD5 of a challenge."""
        inner = finish(self.inner, _BLOCK_OCTETS, challenge)
        return finish(self.outer, _BLOCK_OCTETS, inner)


def derive_scram(password: str, *, salt: bytes, iterations: int, hash_name: str) -> ScramVerifier:
    """Derive what is stored for SCRAM from a prepared password; takes milliseconds.

    Args:
        password: Prepared (RFC 8265 OpaqueString).
        salt: Random, 12 octets or more.
        iterations: At least 4096 (RFC 7677 §4).
        hash_name: `sha1` or `sha256`.
    """
    salted = hashlib.pbkdf2_hmac(hash_name, password.encode(), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", hash_name)
    return ScramVerifier(
        hash_name=hash_name,
        salt=salt,
        iterations=iterations,
        stored_key=hashlib.new(hash_name, client_key).digest(),
        server_key=hmac.digest(salted, b"Server Key", hash_name),
    )


def derive_cram_md5(password: str) -> CramMd5Verifier:
    """Derive what is stored for CRAM-MD5 from a prepared password."""
    key = password.encode()
    if len(key) > _BLOCK_OCTETS:
        key = hashlib.md5(key, usedforsecurity=False).digest()  # RFC 2104 §2; the mechanism fixes the hash
    key = key.ljust(_BLOCK_OCTETS, b"\0")
    return CramMd5Verifier(compress(bytes(b ^ 0x36 for b in key)), compress(bytes(b ^ 0x5C for b in key)))


def fake_scram(server_secret: bytes, username: str, *, iterations: int, hash_name: str) -> ScramVerifier:
    """Make a verifier for a user who does not exist: always the same for a name, and never matched.

    Args:
        server_secret: Random, kept by the server, so that a client cannot compute the salt itself.
        username: As the client gave it.
        iterations: As real users have.
        hash_name: `sha1` or `sha256`.
    """

    def fake(purpose: bytes) -> bytes:
        return hmac.digest(server_secret, purpose + b"\0" + username.encode(), "sha256")

    size = hashlib.new(hash_name).digest_size
    return ScramVerifier(
        hash_name=hash_name,
        salt=fake(b"salt")[:12],
        iterations=iterations,
        stored_key=fake(b"stored")[:size],
        server_key=fake(b"server")[:size],
    )


def fake_cram_md5(server_secret: bytes, username: str) -> CramMd5Verifier:
    """Make a verifier for a user who does not exist; never matched."""
    noise = hmac.digest(server_secret, b"cram\0" + username.encode(), "sha256")
    return CramMd5Verifier(noise[:16], noise[16:])
