"""Passwords that we make for one device or program each: named, limited to services, removed one by one.

They are random and long, so a keyed digest is enough to keep and to find them; nothing needs to be slow.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from mox.accounts.authdatabase import AuthDatabase
from mox.accounts.passwords import PasswordInvalidError
from mox.accounts.service import APP_SERVICES, Service
from mox.database import Row
from mox.runtime import Clock
from moxkit.sasl import CramMd5Verifier, ScramVerifier

__all__ = ["AppPassword", "AppPasswords"]

# Without letters and digits that look alike; 20 of them have 98 bits.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_CHARACTERS = 5, 4
_MAX_NAME_CHARACTERS = 100
# How exact the time of the last use is; each step is a write.
_USE_STEP_S = 3600

_COLUMNS = "id, account, name, services, created_at, last_used_at"
_LIST = f"SELECT {_COLUMNS} FROM app_password WHERE account = :account ORDER BY id"  # noqa: S608  constants
_FIND = f"SELECT {_COLUMNS} FROM app_password WHERE digest = :digest"  # noqa: S608  constants
_SCRAM = {
    name: f"""SELECT {name}_salt, {name}_iterations, {name}_stored_key, {name}_server_key, {_COLUMNS}
      FROM app_password WHERE account = :account ORDER BY id"""  # noqa: S608  constants
    for name in ("sha1", "sha256")
}
_CRAM = f"""SELECT cram_md5_inner, cram_md5_outer, {_COLUMNS} FROM app_password
  WHERE account = :account AND cram_md5_inner IS NOT NULL ORDER BY id"""  # noqa: S608  constants
_ADD = """INSERT INTO app_password (account, name, services, digest,
    sha1_salt, sha1_iterations, sha1_stored_key, sha1_server_key,
    sha256_salt, sha256_iterations, sha256_stored_key, sha256_server_key,
    cram_md5_inner, cram_md5_outer, created_at)
  VALUES (:account, :name, :services, :digest,
    :sha1_salt, :sha1_iterations, :sha1_stored_key, :sha1_server_key,
    :sha256_salt, :sha256_iterations, :sha256_stored_key, :sha256_server_key,
    :cram_md5_inner, :cram_md5_outer, :created_at)
  RETURNING id"""
_REMOVE = "DELETE FROM app_password WHERE account = :account AND id = :id RETURNING id"
_USED = "UPDATE app_password SET last_used_at = :now WHERE id = :id"


@dataclass(frozen=True, slots=True)
class AppPassword:
    """One of them, without its secret."""

    id: int
    account: str
    name: str
    services: frozenset[Service]
    created_at: datetime
    last_used_at: datetime | None


class AppPasswords:
    """The app passwords of all accounts."""

    def __init__(self, *, database: AuthDatabase, clock: Clock, digests_key: bytes) -> None:
        self._database = database
        self._clock = clock
        self._digests_key = digests_key

    def of(self, account: str) -> list[AppPassword]:
        """Return an account's, oldest first."""
        return [_app_password(row) for row in self._database.reader.rows(_LIST, account=account)]

    async def add(
        self,
        account: str,
        name: str,
        services: Collection[Service],
        derive: Callable[[str], Awaitable[dict[str, object]]],
    ) -> tuple[AppPassword, str]:
        """Make one; return it with its secret.

        Raises:
            PasswordInvalidError: The name cannot be one, or there is no service, or one that takes none.
        """
        if not name or len(name) > _MAX_NAME_CHARACTERS or not name.isprintable():
            raise PasswordInvalidError(
                f"a name has 1 to {_MAX_NAME_CHARACTERS} characters that can be printed"
            )
        if not services:
            raise PasswordInvalidError("an app password needs at least one service")
        if not APP_SERVICES.issuperset(services):
            raise PasswordInvalidError("app passwords sign in to imap and submission only")
        secret = "-".join(
            "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARACTERS)) for _ in range(_GROUPS)
        )
        now = self._clock.now().replace(microsecond=0)
        columns = await derive(secret) | {
            "account": account,
            "name": name,
            "services": " ".join(sorted(set(services))),
            "digest": self._digest(account, secret),
            "created_at": int(now.timestamp()),
        }
        id_: int = await self._database.write(lambda tx: tx.connection.value(_ADD, **columns))
        return AppPassword(id_, account, name, frozenset(services), now, None), secret

    async def remove(self, account: str, id_: int) -> bool:
        """Remove one; return whether the account had it."""
        removed = await self._database.write(lambda tx: tx.connection.value(_REMOVE, account=account, id=id_))
        return removed is not None

    def find(self, account: str, password: str, service: Service) -> AppPassword | None:
        """Return the account's app password that this is, if it is for the service."""
        row = self._database.reader.row(_FIND, digest=self._digest(account, password))
        found = None if row is None else _app_password(row)
        return found if found is not None and service in found.services else None

    def scram(
        self, account: str, hash_name: str, service: Service
    ) -> list[tuple[ScramVerifier, AppPassword]]:
        """Return the verifiers for a service."""
        rows = self._database.reader.rows(_SCRAM[hash_name], account=account)
        found = [(ScramVerifier(hash_name, *row[:4]), _app_password(row[4:])) for row in rows]
        return [(verifier, app) for verifier, app in found if service in app.services]

    def cram_md5(self, account: str, service: Service) -> list[tuple[CramMd5Verifier, AppPassword]]:
        """Return the states for a service."""
        rows = self._database.reader.rows(_CRAM, account=account)
        found = [(CramMd5Verifier(*row[:2]), _app_password(row[2:])) for row in rows]
        return [(state, app) for state, app in found if service in app.services]

    def note_use(self, app: AppPassword) -> None:
        """Remember that it was used, now and then; nobody waits for it."""
        now = self._clock.now()
        if app.last_used_at is None or (now - app.last_used_at).total_seconds() >= _USE_STEP_S:
            at = int(now.timestamp())
            # Whether it is written is nobody's concern.
            _ = self._database.write(lambda tx: tx.connection.run(_USED, id=app.id, now=at))

    def _digest(self, account: str, password: str) -> bytes:
        return hmac.digest(self._digests_key, f"{account}\0{password}".encode(), "sha256")


def _app_password(row: Row) -> AppPassword:
    id_, account, name, services, created_at, last_used_at = row
    return AppPassword(
        id_,
        account,
        name,
        frozenset(Service(each) for each in services.split()),
        datetime.fromtimestamp(created_at, UTC),
        None if last_used_at is None else datetime.fromtimestamp(last_used_at, UTC),
    )
