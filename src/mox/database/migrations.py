"""Numbered migrations: `0001.sql`, `0002.sql`, … in a package's folder, one after the other.

`PRAGMA user_version` is the number of the last one that ran. Before an existing database is changed, a
copy is set aside beside it (`index.db.v3`), so that the older program can still be started.
"""

import logging
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from mox.database.connection import Connection
from mox.database.errors import DatabaseError, DatabaseTooNewError
from mox.database.lock import DirectoryLock
from mox.runtime import sync_directory

__all__ = ["Migrations", "open_database", "open_reader"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Migrations:
    """Where one kind of database keeps its statements.

    Attributes:
        package: Dotted name of the package that owns the database.
        folder: Folder inside it with the numbered files.
    """

    package: str
    folder: str = "schema"

    def scripts(self) -> tuple[str, ...]:
        """Return the statements of all versions, first to last."""
        return _scripts(self.package, self.folder)


@cache
def _scripts(package: str, folder: str) -> tuple[str, ...]:
    files = sorted(
        (f for f in resources.files(package).joinpath(folder).iterdir() if f.name.endswith(".sql")),
        key=lambda f: f.name,
    )
    names = [f.name for f in files]
    if names != [f"{n:04}.sql" for n in range(1, len(files) + 1)]:
        raise DatabaseError(f"migrations of {package} are not numbered 0001.sql, 0002.sql, …: {names}")
    return tuple(f.read_text(encoding="utf-8") for f in files)


def open_database(path: Path, migrations: Migrations) -> Connection:
    """Open for reading and writing; create or bring up to date first.

    Raises:
        DatabaseTooNewError: A newer program wrote it.
        DatabaseError: It cannot be opened or is no database.
    """
    if path.exists():
        connection = Connection(path)
        try:
            if _version(connection, migrations) == len(migrations.scripts()):
                return connection
        except BaseException:
            connection.close()
            raise
        connection.close()
    try:
        lock = DirectoryLock(path.parent)
    except OSError as error:
        raise DatabaseError(f"cannot open database {path}: {error.strerror}") from error
    try:
        # Others may be about to do the same.
        with lock:
            return _brought_up_to_date(path, migrations)
    finally:
        lock.close()


def _brought_up_to_date(path: Path, migrations: Migrations) -> Connection:
    is_new = not path.exists()
    connection = Connection(path)
    try:
        if _version(connection, migrations) == 0:
            # Here only: two processes that switch a database to WAL at once fail at once.
            connection.run("PRAGMA journal_mode=WAL")
        _migrate(connection, migrations)
    except BaseException:
        connection.close()
        raise
    if is_new:
        sync_directory(path.parent)
    return connection


def open_reader(path: Path) -> Connection:
    """Open a second connection to an existing database, for reads."""
    return Connection(path, read_only=True)


def _migrate(connection: Connection, migrations: Migrations) -> None:
    scripts, version = migrations.scripts(), _version(connection, migrations)
    if version == len(scripts):
        return
    if version:
        aside = connection.path.with_name(f"{connection.path.name}.v{version}")
        if not aside.exists():
            connection.backup_to(aside)
        logger.info(
            "upgrading database",
            extra={"path": connection.path, "from": version, "to": len(scripts), "copy": aside},
        )
    with connection.writing():
        for script in scripts[version:]:
            connection.run(script)
        connection.run(f"PRAGMA user_version={len(scripts)}")


def _version(connection: Connection, migrations: Migrations) -> int:
    version: int = connection.value("PRAGMA user_version")
    if version > (known := len(migrations.scripts())):
        raise DatabaseTooNewError(
            f"{connection.path} has version {version}, this program knows up to {known}; "
            "start the newer program, or restore the copy that was set aside before its upgrade"
        )
    return version
