"""Stored credentials: set, checked, and derived for the mechanisms that need no password on the wire.

Hashing runs in two threads at most, so that a flood of logins leaves processor for mail. A verified password
is remembered for minutes, as a keyed digest, so that a client with many connections costs one hash.
"""

import asyncio
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import argon2

from mox.accounts.passwords import PasswordInvalidError, hasher, prepare_new_password, prepare_password
from mox.database import GroupWriter, Migrations, open_database, open_reader
from mox.runtime import Clock
from moxkit.sasl import (
    CramMd5Verifier,
    ScramVerifier,
    derive_cram_md5,
    derive_scram,
    fake_cram_md5,
    fake_scram,
)

__all__ = ["Credentials"]

T = TypeVar("T")

_MIGRATIONS = Migrations("mox.accounts", "schema")
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
_SET = """INSERT OR REPLACE INTO credential VALUES (:account, :password_hash,
  :sha1_salt, :sha1_iterations, :sha1_stored_key, :sha1_server_key,
  :sha256_salt, :sha256_iterations, :sha256_stored_key, :sha256_server_key,
  :cram_md5_inner, :cram_md5_outer, :set_at)"""
_FAKES_KEY = "SELECT value FROM secret WHERE name = 'fake verifiers'"
_MAKE_FAKES_KEY = "INSERT OR IGNORE INTO secret VALUES ('fake verifiers', :value)"


@dataclass(frozen=True, slots=True)
class _Remembered:
    password_hash: str
    until: float


class Credentials:
    """The credentials of a server's accounts; on the loop's thread."""

    def __init__(
        self, *, directory: Path, clock: Clock, pool: Executor, enables_cram_md5: Callable[[], bool]
    ) -> None:
        """Open `auth.db` in the data directory, creating it if need be; blocking."""
        path = directory / "auth.db"
        self._writing = open_database(path, _MIGRATIONS)
        self._writing.run(_MAKE_FAKES_KEY, value=secrets.token_bytes(32))
        self._reader = open_reader(path)
        self._writer = GroupWriter(self._writing, pool)
        self._clock = clock
        self._enables_cram_md5 = enables_cram_md5
        self._hashing = ThreadPoolExecutor(2, thread_name_prefix="password")
        self._fakes_key: bytes = self._reader.value(_FAKES_KEY)
        self._memory_key = secrets.token_bytes(32)
        self._memory: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._nobodys_hash: str | None = None

    async def set_password(self, account: str, password: str) -> None:
        """Set an account's password and all that is derived from it.

        Raises:
            PasswordInvalidError: Too short, or not a password at all.
        """
        prepared = prepare_new_password(password)
        columns = await self._in_thread(lambda: _derive(prepared, with_cram_md5=self._enables_cram_md5()))
        columns |= {"account": account, "set_at": int(self._clock.now().timestamp())}
        await self._writer.run(lambda tx: tx.connection.run(_SET, **columns))

    def has_password(self, account: str) -> bool:
        """Say whether an account can sign in with a password."""
        return self._reader.row(_HASH, account=account) is not None

    async def check_password(self, account: str | None, password: str) -> bool:
        """Say whether a password is right; as slow for an account that does not exist (None)."""
        try:
            prepared = prepare_password(password)
        except PasswordInvalidError:
            prepared = ""
        stored = None if account is None else self._reader.value(_HASH, account=account)
        memory = hmac.digest(self._memory_key, f"{account}\0{prepared}".encode(), "sha256")
        known, now = self._memory.get(memory), self._clock.monotonic()
        if known is not None and known.password_hash == stored and known.until > now:
            return True
        is_right = await self._in_thread(lambda: self._verify(stored, prepared))
        if is_right and stored is not None:
            self._memory[memory] = _Remembered(stored, now + _REMEMBER_S)
            if len(self._memory) > _REMEMBERED:
                self._memory.popitem(last=False)
        return is_right and stored is not None

    def _verify(self, stored: str | None, prepared: str) -> bool:
        if stored is None:
            if self._nobodys_hash is None:
                self._nobodys_hash = hasher.hash(secrets.token_urlsafe())
            stored = self._nobodys_hash
        try:
            return hasher.verify(stored, prepared)
        except argon2.exceptions.VerifyMismatchError:
            return False

    def scram_verifier(self, account: str | None, username: str, hash_name: str) -> ScramVerifier:
        """Return an account's verifier; one that never matches if it has none."""
        row = None if account is None else self._reader.row(_SCRAM[hash_name], account=account)
        if row is None:
            return fake_scram(
                self._fakes_key, username, iterations=_ITERATIONS[hash_name], hash_name=hash_name
            )
        return ScramVerifier(hash_name, *row)

    def cram_md5_verifier(self, account: str | None, username: str) -> CramMd5Verifier:
        """Return an account's state; one that never matches if it has none."""
        row = None if account is None else self._reader.row(_CRAM, account=account)
        if row is None or row[0] is None:
            return fake_cram_md5(self._fakes_key, username)
        return CramMd5Verifier(*row)

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._hashing, function)

    async def close(self) -> None:
        """Finish writing, close."""
        await self._writer.run(lambda _: None)
        self._hashing.shutdown()
        self._reader.close()
        self._writing.close()


def _derive(password: str, *, with_cram_md5: bool) -> dict[str, object]:
    columns: dict[str, object] = {"password_hash": hasher.hash(password)}
    for name, iterations in _ITERATIONS.items():
        salt = secrets.token_bytes(_SALT_OCTETS)
        verifier = derive_scram(password, salt=salt, iterations=iterations, hash_name=name)
        columns[f"{name}_salt"] = salt
        columns[f"{name}_iterations"] = iterations
        columns[f"{name}_stored_key"] = verifier.stored_key
        columns[f"{name}_server_key"] = verifier.server_key
    cram_md5 = derive_cram_md5(password) if with_cram_md5 else None
    columns["cram_md5_inner"] = cram_md5 and cram_md5.inner
    columns["cram_md5_outer"] = cram_md5 and cram_md5.outer
    return columns
