"""Keys of TLS client certificates: one for each device, each identifies its account.

Only the public key counts. Names, dates, issuers and constraints of the certificate mean nothing, so that a
renewed one with the same key goes on to work, and no authority is involved.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mox.accounts.authdatabase import AuthDatabase
from mox.database import Row, Transaction
from mox.runtime import Clock
from moxkit.net import spki_of

__all__ = ["TlsKey", "TlsKeyError", "TlsKeys", "fingerprint_of", "read_key"]

_PEM = re.compile(r"\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*")
_MAX_PEM_CHARACTERS = 64 * 1024
_MAX_NAME_CHARACTERS = 200
_MIN_RSA_BITS = 2048
_CURVES = {"secp256r1": "p256", "secp384r1": "p384", "secp521r1": "p521"}

_COLUMNS = "fingerprint, account, address, name, type, no_imap_preauth, certificate, created_at"
_GET = f"SELECT {_COLUMNS} FROM tls_public_key WHERE fingerprint = :fingerprint"  # noqa: S608  constants
_LIST = f"SELECT {_COLUMNS} FROM tls_public_key ORDER BY account, name, fingerprint"  # noqa: S608  constants
_OF = f"SELECT {_COLUMNS} FROM tls_public_key WHERE account = :account ORDER BY name, fingerprint"  # noqa: S608  constants
_ADD = """INSERT INTO tls_public_key VALUES (:fingerprint, :account, :address, :name, :type,
  :no_imap_preauth, :certificate, :created_at)"""
_UPDATE = """UPDATE tls_public_key SET name = :name, address = :address, no_imap_preauth = :no_imap_preauth
  WHERE fingerprint = :fingerprint AND account = :account RETURNING fingerprint"""
_REMOVE = "DELETE FROM tls_public_key WHERE fingerprint = :fingerprint RETURNING fingerprint"
_REMOVE_ACCOUNT = "DELETE FROM tls_public_key WHERE account = :account"


class TlsKeyError(ValueError):
    """A key cannot be added or changed; the text says why."""


@dataclass(frozen=True, slots=True)
class TlsKey:
    """A key that signs in.

    Attributes:
        fingerprint: Base64url, unpadded, of SHA-256 over its SubjectPublicKeyInfo.
        account: Whose it is.
        address: Login address in canonical form, which must be the account's.
        name: Of the device, for people.
        type: As ``ed25519``, ``ecdsa-p256`` or ``rsa-2048``.
        no_imap_preauth: IMAP does not greet with PREAUTH; for programs that do not understand it.
        certificate: DER, as it was added.
        created_at: When it was added.
    """

    fingerprint: str
    account: str
    address: str
    name: str
    type: str
    no_imap_preauth: bool
    certificate: bytes
    created_at: datetime


def fingerprint_of(spki_sha256: bytes) -> str:
    """Return the text form of a fingerprint."""
    return base64.urlsafe_b64encode(spki_sha256).decode().rstrip("=")


def read_key(pem: str) -> tuple[str, str, str, bytes]:
    """Read a certificate that is to be added; return fingerprint, type, suggested name and DER.

    Raises:
        TlsKeyError: It is not exactly one certificate, or its key is of a kind that is not accepted.
    """
    if len(pem) > _MAX_PEM_CHARACTERS or _PEM.fullmatch(pem) is None:
        raise TlsKeyError("not exactly one certificate in PEM; a private key must not be given away")
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        der = certificate.public_bytes(Encoding.DER)
        spki = spki_of(der)
        kind = _kind(certificate)
        name = _name(certificate)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise error if isinstance(error, TlsKeyError) else TlsKeyError(f"cannot be read: {error}") from error
    return fingerprint_of(hashlib.sha256(spki).digest()), kind, name, der


def _kind(certificate: x509.Certificate) -> str:
    match certificate.public_key():
        case ed25519.Ed25519PublicKey():
            return "ed25519"
        case ec.EllipticCurvePublicKey() as key:
            return f"ecdsa-{_CURVES.get(key.curve.name, key.curve.name)}"
        case rsa.RSAPublicKey() as key if key.key_size >= _MIN_RSA_BITS:
            return f"rsa-{key.key_size}"
        case rsa.RSAPublicKey() as key:
            raise TlsKeyError(f"RSA key has {key.key_size} bits; at least {_MIN_RSA_BITS} are needed")
        case _:
            raise TlsKeyError("key is neither Ed25519, ECDSA nor RSA")


def _name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else f"serial {certificate.serial_number:x}"


class TlsKeys:
    """The keys of all accounts."""

    def __init__(
        self, *, database: AuthDatabase, clock: Clock, account_of: Callable[[str], str | None]
    ) -> None:
        """Remember the parts; `account_of` says whose a login address is."""
        self._database = database
        self._clock = clock
        self._account_of = account_of

    def find(self, fingerprint: str) -> TlsKey | None:
        """Return a key."""
        row = self._database.reader.row(_GET, fingerprint=fingerprint)
        return None if row is None else _key(row)

    def keys(self, account: str | None = None) -> list[TlsKey]:
        """Return all keys, or those of an account."""
        reader = self._database.reader
        rows = reader.rows(_LIST) if account is None else reader.rows(_OF, account=account)
        return [_key(row) for row in rows]

    async def add(self, *, address: str, pem: str, name: str = "", no_imap_preauth: bool = False) -> TlsKey:
        """Add the key of a certificate.

        Args:
            address: Login address; its account becomes the key's.
            pem: The certificate.
            name: Of the device; without, the certificate's common name.
            no_imap_preauth: Do not greet with PREAUTH.

        Raises:
            TlsKeyError: The address is nobody's, the certificate is not good, or the key is known already.
        """
        fingerprint, kind, suggested, der = read_key(pem)
        account = self._owner(address)
        now = self._clock.now().replace(microsecond=0)
        name = _checked_name(name or suggested)
        key = TlsKey(fingerprint, account, address, name, kind, no_imap_preauth, der, now)
        row = {
            "fingerprint": fingerprint,
            "account": account,
            "address": address,
            "name": name,
            "type": kind,
            "no_imap_preauth": int(no_imap_preauth),
            "certificate": der,
            "created_at": int(now.timestamp()),
        }

        def add(tx: Transaction) -> None:
            if tx.connection.row(_GET, fingerprint=fingerprint) is not None:
                raise TlsKeyError("the key is known already")
            tx.connection.run(_ADD, **row)

        await self._database.write(add)
        return key

    async def update(
        self, fingerprint: str, *, account: str, address: str, name: str, no_imap_preauth: bool
    ) -> None:
        """Change a key of an account.

        Raises:
            TlsKeyError: There is no such key of the account, or the address is not its own.
        """
        if self._owner(address) != account:
            raise TlsKeyError(f"{address} is not an address of the account")
        changed = await self._database.write(
            lambda tx: tx.connection.value(
                _UPDATE,
                fingerprint=fingerprint,
                account=account,
                address=address,
                name=_checked_name(name),
                no_imap_preauth=int(no_imap_preauth),
            )
        )
        if changed is None:
            raise TlsKeyError("no such key")

    async def remove(self, fingerprint: str) -> None:
        """Remove a key; it signs nobody in from now on.

        Raises:
            TlsKeyError: There is no such key.
        """
        removed = await self._database.write(lambda tx: tx.connection.value(_REMOVE, fingerprint=fingerprint))
        if removed is None:
            raise TlsKeyError("no such key")

    async def remove_account(self, account: str) -> None:
        """Remove all keys of an account, which is going away."""
        await self._database.write(lambda tx: tx.connection.run(_REMOVE_ACCOUNT, account=account))

    def _owner(self, address: str) -> str:
        account = self._account_of(address)
        if account is None:
            raise TlsKeyError(f"{address} is no address of an account here")
        return account


def _checked_name(name: str) -> str:
    if not name or len(name) > _MAX_NAME_CHARACTERS or not name.isprintable():
        raise TlsKeyError(f"a name has 1 to {_MAX_NAME_CHARACTERS} characters that can be printed")
    return name


def _key(row: Row) -> TlsKey:
    fingerprint, account, address, name, kind, no_imap_preauth, certificate, created_at = row
    created = datetime.fromtimestamp(created_at, UTC)
    return TlsKey(fingerprint, account, address, name, kind, bool(no_imap_preauth), certificate, created)
