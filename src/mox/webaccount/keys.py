"""Keys of TLS client certificates, which sign in instead of a password."""

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate

from mox.accounts import TlsKey, TlsKeyError
from mox.http import Caller, Operation, Parameter, ProblemError, described
from mox.webaccount.parts import AccountParts

__all__ = ["Keys"]

_MOST_KEYS = 100
_RECENT_ATTEMPTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """A key that signs in."""

    fingerprint: str = field(metadata=described("Base64url of SHA-256 over its SubjectPublicKeyInfo."))
    type: str = field(metadata=described("Like ecdsa-p256, ed25519, rsa-2048."))
    name: str
    address: str = field(metadata=described("What it signs in as."))
    no_imap_preauth: bool = field(metadata=described("IMAP connections do not begin signed in."))
    certificate: str = field(metadata=described("As it was added, in PEM."))
    created_at: datetime
    last_used_at: datetime | None = field(metadata=described("Within 30 days."))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """The certificate of a key that is to sign in."""

    certificate: str = field(
        metadata=described("One certificate in PEM; never a private key.", max_length=32_000)
    )
    address: str = field(metadata=described("An address of the account.", max_length=500))
    name: str = field(
        default="", metadata=described("Of the device; by default the certificate's.", max_length=200)
    )
    no_imap_preauth: bool = field(
        default=False, metadata=described("For programs that do not expect to be signed in at once.")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """What can be changed of a key."""

    name: str = field(metadata=described("Of the device.", max_length=200, min_length=1))
    address: str = field(metadata=described("An address of the account.", max_length=500))
    no_imap_preauth: bool


class Keys:
    """The operations."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts
        self._keys = parts.identities.keys

    def operations(self) -> list[Operation]:
        """Return all of them."""
        fingerprint = Parameter(name="fingerprint", doc="From the list.")
        return [
            Operation(method="GET", path="tls-keys", summary="List the TLS keys.", call=self.list_tls_keys),
            Operation(method="POST", path="tls-keys", summary="Add a TLS key.", call=self.add_tls_key),
            Operation(
                method="PUT",
                path="tls-keys/{fingerprint}",
                summary="Change name, address or greeting of a TLS key.",
                call=self.change_tls_key,
                parameters=(fingerprint,),
            ),
            Operation(
                method="DELETE",
                path="tls-keys/{fingerprint}",
                summary="Remove a TLS key; it signs nobody in from now on.",
                call=self.remove_tls_key,
                parameters=(fingerprint,),
            ),
        ]

    async def list_tls_keys(self, caller: Caller) -> tuple[KeyInfo, ...]:
        """Return the keys."""
        used = self._last_uses(caller.account)
        return tuple(_info(key, used) for key in self._keys.keys(caller.account))

    async def add_tls_key(self, caller: Caller, body: NewKey) -> KeyInfo:
        """Add a key."""
        if "PRIVATE KEY" in body.certificate:
            raise ProblemError(
                422,
                "That holds a private key. Choose the file with the certificate; the private key stays on "
                "your device.",
                code="private-key",
                field="certificate",
            )
        if len(self._keys.keys(caller.account)) >= _MOST_KEYS:
            raise ProblemError(409, f"An account has {_MOST_KEYS} keys at most.", code="too-many")
        self._check_address(caller, body.address)
        try:
            key = await self._keys.add(
                address=body.address,
                pem=body.certificate,
                name=body.name.strip(),
                no_imap_preauth=body.no_imap_preauth,
            )
        except TlsKeyError as error:
            raise ProblemError(422, f"{error}.", code="wrong-value", field="certificate") from error
        return _info(key, {})

    async def change_tls_key(self, caller: Caller, fingerprint: str, body: KeyChange) -> KeyInfo:
        """Change a key."""
        self._own(caller, fingerprint)
        self._check_address(caller, body.address)
        try:
            await self._keys.update(
                fingerprint,
                account=caller.account,
                address=body.address,
                name=body.name.strip(),
                no_imap_preauth=body.no_imap_preauth,
            )
        except TlsKeyError as error:
            raise ProblemError(422, f"{error}.", code="wrong-value", field="name") from error
        return _info(self._own(caller, fingerprint), self._last_uses(caller.account))

    async def remove_tls_key(self, caller: Caller, fingerprint: str) -> None:
        """Remove a key."""
        self._own(caller, fingerprint)
        try:
            await self._keys.remove(fingerprint)
        except TlsKeyError as error:  # Somebody was faster.
            raise _unknown() from error

    def _own(self, caller: Caller, fingerprint: str) -> TlsKey:
        key = self._keys.find(fingerprint)
        # Another account's key looks like none.
        if key is None or key.account != caller.account:
            raise _unknown()
        return key

    def _check_address(self, caller: Caller, address: str) -> None:
        if self._parts.accounts.account_for_login(address) != caller.account:
            raise ProblemError(
                422, "That is not an address of this account.", code="wrong-value", field="address"
            )

    def _last_uses(self, account: str) -> dict[str, datetime]:
        recent = self._parts.identities.attempts.recent(account, _RECENT_ATTEMPTS)
        return {each.attempt.fingerprint: each.last_at for each in reversed(recent)}


def _pem(der: bytes) -> str:
    return load_der_x509_certificate(der).public_bytes(Encoding.PEM).decode()


def _unknown() -> ProblemError:
    return ProblemError(404, "There is no such key.", code="no-such-key")


def _info(key: TlsKey, used: dict[str, datetime]) -> KeyInfo:
    return KeyInfo(
        fingerprint=key.fingerprint,
        type=key.type,
        name=key.name,
        address=key.address,
        no_imap_preauth=key.no_imap_preauth,
        certificate=_pem(key.certificate),
        created_at=key.created_at,
        last_used_at=used.get(key.fingerprint),
    )
