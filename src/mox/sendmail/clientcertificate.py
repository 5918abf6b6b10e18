"""The client certificate of the configuration: a file with key and certificate, or a bare key."""

import base64
import binascii
import re
from pathlib import Path

from mox.config import SubmitConfig
from mox.sendmail.errors import SendmailError
from moxkit.net import client_context, minimal_certificate

__all__ = ["read_client_certificate"]

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----[A-Za-z0-9+/=\s]+-----END \1-----\s*")
_SEED_OCTETS = 32


def read_client_certificate(config: SubmitConfig) -> tuple[bytes, bytes] | None:
    """Return chain and key, both PEM, or None where a password is configured.

    Raises:
        SendmailError: The file or the key is not as it should be.
    """
    if config.client_auth_ed25519_private_key:
        return minimal_certificate(_seed(config.client_auth_ed25519_private_key), name=config.username)
    if not config.client_auth_cert_private_key_pem_file:
        return None
    file = Path(config.client_auth_cert_private_key_pem_file)
    try:
        pair = _read(file.read_bytes())
        client_context([pair])
    except OSError as error:
        raise SendmailError(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise SendmailError(f"{file}: {error}") from error
    return pair


def _seed(text: str) -> bytes:
    try:
        seed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) != _SEED_OCTETS:
        # The text is a secret: it is not shown.
        raise SendmailError("ClientAuthEd25519PrivateKey is not 32 octets as raw base64url")
    return seed


def _read(octets: bytes) -> tuple[bytes, bytes]:
    keys: list[bytes] = []
    certificates: list[bytes] = []
    at = len(octets) - len(octets.lstrip())
    while at < len(octets):
        block = _BLOCK.match(octets, at)
        if block is None:
            raise ValueError("there is something else than PEM blocks in it")
        match block[1]:
            case b"PRIVATE KEY":
                keys.append(block[0])
            case b"CERTIFICATE":
                certificates.append(block[0])
            case other:
                raise ValueError(f"PEM block {other.decode()!r} is not expected; the key must be PKCS#8")
        at = block.end()
    if len(keys) != 1 or not certificates:
        raise ValueError("one private key and its certificate are needed")
    return b"".join(certificates), keys[0]
