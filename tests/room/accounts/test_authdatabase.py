"""A database of an earlier version is brought up to date, and goes on to know everybody."""

from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

from mox.accounts import Identities, Service
from mox.accounts.credentials import derive_all
from mox.accounts.passwords import hasher
from mox.database import Connection
from moxkit.testing import FakeClock
from room.accounts.conftest import Book

FIRST = resources.files("mox.accounts").joinpath("schema/0001.sql").read_text(encoding="utf-8")


async def test_first_version_is_upgraded(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> None:
    old = Connection(tmp_path / "auth.db")
    old.run("PRAGMA journal_mode=WAL")
    old.run(FIRST)
    old.run("PRAGMA user_version=1")
    salts = {"sha1": b"a" * 12, "sha256": b"b" * 12}
    columns = derive_all("correct horse", salts, with_cram_md5=False)
    columns |= {"account": "mox", "password_hash": hasher.hash("correct horse"), "set_at": 1}
    names = ", ".join(columns)
    old.run(
        f"INSERT INTO credential ({names}) VALUES ({', '.join(':' + name for name in columns)})", **columns
    )
    old.close()
    identities = Identities(
        directory=tmp_path,
        clock=clock,
        pool=pool,
        addresses=Book(),
        hostname="mx.example",
        enables_cram_md5=lambda: False,
    )
    try:
        assert await identities.credentials.check_password("mox", "correct horse", Service.IMAP)
        # What is made later has the salt that is there.
        await identities.credentials.add_app_password("mox", "phone", [Service.IMAP])
        found = identities.credentials.scram_verifiers("mox", "mox@mox.example", "sha256", Service.IMAP)
        assert {verifier.salt for verifier, _ in found} == {b"b" * 12}
        assert len(found) == 2
        assert (tmp_path / "auth.db.v1").exists()
    finally:
        await identities.close()
