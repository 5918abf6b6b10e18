"""Stored credentials: set, checked, and derived for the mechanisms that need no password on the wire.

An account has one password, and app passwords; all have one salt, since SCRAM tells it before it is known
which password the client has.

Hashing runs in two threads at most, so that a flood of logins leaves processor for mail. A verified password
is remembered for minutes, as a keyed digest, so that a client with many connections costs one hash.
"""

import asyncio
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import argon2

from mox.accounts.apppasswords import AppPassword, AppPasswords
from mox.accounts.authdatabase import AuthDatabase
from mox.accounts.passwords import PasswordInvalidError, hasher, prepare_new_password, prepare_password
from mox.accounts.service import Service
from mox.accounts.websessions import END_SESSIONS, session_digest
from mox.database import Transaction
from mox.runtime import Clock
from moxkit.sasl import (
    CramMd5Verifier,
    ScramVerifier,
    derive_cram_md5,
    derive_scram,
    fake_cram_md5,
    fake_scram,
)

__all__ = ["Credentials", "Proof"]

T = TypeVar("T")

# Reference store.md §5; a flood of guesses is stopped by the limiter, not by these.
_ITERATIONS = {"sha1": 8192, "sha256": 4096}
_SALT_OCTETS = 12
_REMEMBERED = 1000
_REMEMBER_S = 300.0

_HASH = "SELECT password_hash FROM credential WHERE account = :account"
_SCRAM = {
    name: f"""SELECT {name}_salt, {name}_iterations, {name}_stored_key, {name}_server_key
      FROM credential WHERE account = :account"""  # noqa: S608  constants
    for name in _ITERATIONS
}
_CRAM = "SELECT cram_md5_inner, cram_md5_outer FROM credential WHERE account = :account"
_SALTS = """SELECT sha1_salt, sha256_salt FROM credential WHERE account = :account
  UNION ALL SELECT sha1_salt, sha256_salt FROM app_password WHERE account = :account LIMIT 1"""
_SET = """INSERT OR REPLACE INTO credential VALUES (:account, :password_hash,
  :sha1_salt, :sha1_iterations, :sha1_stored_key, :sha1_server_key,
  :sha256_salt, :sha256_iterations, :sha256_stored_key, :sha256_server_key,
  :cram_md5_inner, :cram_md5_outer, :set_at)"""
_REMOVE = (
    "DELETE FROM credential WHERE account = :account",
    "DELETE FROM app_password WHERE account = :account",
    "DELETE FROM web_session WHERE account = :account",
)
_GET_KEY = "SELECT value FROM secret WHERE name = :name"
_MAKE_KEY = "INSERT OR IGNORE INTO secret VALUES (:name, :value)"
_FAKES, _DIGESTS = "fake verifiers", "app password digests"


@dataclass(frozen=True, slots=True)
class Proof:
    """A password is right.

    Attributes:
        app_password: Which app password it is; `None` for the account's own.
    """

    app_password: AppPassword | None = None


@dataclass(frozen=True, slots=True)
class _Remembered:
    password_hash: str
    until: float


class Credentials:
    """The credentials of a server's accounts; on the loop's thread."""

    def __init__(self, *, database: AuthDatabase, clock: Clock, enables_cram_md5: Callable[[], bool]) -> None:
        self._database = database
        self._clock = clock
        self._enables_cram_md5 = enables_cram_md5
        self._hashing = ThreadPoolExecutor(2, thread_name_prefix="password")
        self._memory_key = secrets.token_bytes(32)
        self._memory: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._nobodys_hash: str | None = None
        self._fakes_key, digests_key = self._key(_FAKES), self._key(_DIGESTS)
        self._apps = AppPasswords(database=database, clock=clock, digests_key=digests_key)

    def _key(self, name: str) -> bytes:
        """Return a secret of this server; blocking when it is made, at the first start."""
        known: bytes | None = self._database.reader.value(_GET_KEY, name=name)
        if known is None:
            self._database.write_now(_MAKE_KEY, name=name, value=secrets.token_bytes(32))
            known = self._database.reader.value(_GET_KEY, name=name)
        assert known is not None  # noqa: S101  made above, by us or by another process
        return known

    @property
    def app_passwords(self) -> AppPasswords:
        """Return the passwords that we made for devices."""
        return self._apps

    async def set_password(self, account: str, password: str, *, session: str = "") -> None:
        """Set an account's password and all that is derived from it; the account's web sessions end.

        Args:
            account: Whose.
            password: In the clear.
            session: Token of the one web session that goes on.

        Raises:
            PasswordInvalidError: Too short, or not a password at all.
        """
        prepared = prepare_new_password(password)
        salts = self._salts(account)
        columns = await self._in_thread(
            lambda: {
                "password_hash": hasher.hash(prepared),
                **derive_all(prepared, salts, with_cram_md5=self._enables_cram_md5()),
            }
        )
        columns |= {"account": account, "set_at": int(self._clock.now().timestamp())}
        but = session_digest(session) if session else None

        def change(tx: Transaction) -> None:
            tx.connection.run(_SET, **columns)
            tx.connection.run(END_SESSIONS, account=account, but=but)

        await self._database.write(change)

    async def add_app_password(
        self, account: str, name: str, services: Collection[Service]
    ) -> tuple[AppPassword, str]:
        """Make a password for one device; return it with its secret, which is shown once.

        Raises:
            PasswordInvalidError: The name cannot be one, or there is no service.
        """
        salts = self._salts(account)
        return await self._apps.add(
            account,
            name,
            services,
            lambda secret: self._in_thread(
                lambda: derive_all(secret, salts, with_cram_md5=self._enables_cram_md5())
            ),
        )

    async def remove_account(self, account: str) -> None:
        """Remove what signs in to an account, which is going away."""

        def remove(tx: Transaction) -> None:
            for statement in _REMOVE:
                tx.connection.run(statement, account=account)

        await self._database.write(remove)

    def _salts(self, account: str) -> dict[str, bytes]:
        row = self._database.reader.row(_SALTS, account=account)
        if row is None:
            return {name: secrets.token_bytes(_SALT_OCTETS) for name in _ITERATIONS}
        return dict(zip(_ITERATIONS, row, strict=True))

    def has_password(self, account: str) -> bool:
        """Say whether an account can sign in with a password of its own."""
        return self._database.reader.row(_HASH, account=account) is not None

    async def check_password(self, account: str | None, password: str, service: Service) -> Proof | None:
        """Say whose password it is; as slow for an account that does not exist (None)."""
        try:
            prepared = prepare_password(password)
        except PasswordInvalidError:
            prepared = ""
        if (app := self._apps.find(account or "", prepared, service)) is not None:
            return Proof(app)
        stored = self._database.reader.value(_HASH, account=account or "")
        memory = hmac.digest(self._memory_key, f"{account}\0{prepared}".encode(), "sha256")
        known, now = self._memory.get(memory), self._clock.monotonic()
        if known is not None and known.password_hash == stored and known.until > now:
            return Proof()
        is_right = await self._in_thread(lambda: self._verify(stored, prepared))
        if not is_right or stored is None:
            return None
        self._memory[memory] = _Remembered(stored, now + _REMEMBER_S)
        if len(self._memory) > _REMEMBERED:
            self._memory.popitem(last=False)
        return Proof()

    def _verify(self, stored: str | None, prepared: str) -> bool:
        if stored is None:
            if self._nobodys_hash is None:
                self._nobodys_hash = hasher.hash(secrets.token_urlsafe())
            stored = self._nobodys_hash
        try:
            return hasher.verify(stored, prepared)
        except argon2.exceptions.VerifyMismatchError:
            return False

    def scram_verifiers(
        self, account: str | None, username: str, hash_name: str, service: Service
    ) -> list[tuple[ScramVerifier, Proof]]:
        """Return an account's verifiers, with what each proves; one that never matches if it has none."""
        # Nobody, who is called "", costs as much to look up as somebody.
        row = self._database.reader.row(_SCRAM[hash_name], account=account or "")
        found = [] if row is None else [(ScramVerifier(hash_name, *row), Proof())]
        found += [
            (verifier, Proof(app)) for verifier, app in self._apps.scram(account or "", hash_name, service)
        ]
        if found:
            return found
        iterations = _ITERATIONS[hash_name]
        return [(fake_scram(self._fakes_key, username, iterations=iterations, hash_name=hash_name), Proof())]

    def cram_md5_verifiers(
        self, account: str | None, username: str, service: Service
    ) -> list[tuple[CramMd5Verifier, Proof]]:
        """Return an account's states, with what each proves; one that never matches if it has none."""
        row = self._database.reader.row(_CRAM, account=account or "")
        found = [] if row is None or row[0] is None else [(CramMd5Verifier(*row), Proof())]
        found += [(state, Proof(app)) for state, app in self._apps.cram_md5(account or "", service)]
        if found:
            return found
        return [(fake_cram_md5(self._fakes_key, username), Proof())]

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._hashing, function)

    def close(self) -> None:
        """End the threads."""
        self._hashing.shutdown()


def derive_all(password: str, salts: dict[str, bytes], *, with_cram_md5: bool) -> dict[str, object]:
    """Derive what SCRAM and CRAM-MD5 need of a prepared password; takes milliseconds."""
    columns: dict[str, object] = {}
    for name, iterations in _ITERATIONS.items():
        verifier = derive_scram(password, salt=salts[name], iterations=iterations, hash_name=name)
        columns[f"{name}_salt"] = verifier.salt
        columns[f"{name}_iterations"] = iterations
        columns[f"{name}_stored_key"] = verifier.stored_key
        columns[f"{name}_server_key"] = verifier.server_key
    cram_md5 = derive_cram_md5(password) if with_cram_md5 else None
    columns["cram_md5_inner"] = cram_md5 and cram_md5.inner
    columns["cram_md5_outer"] = cram_md5 and cram_md5.outer
    return columns
