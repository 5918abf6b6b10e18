"""SQLite as the server uses it: thin connections, numbered migrations, one writer with group commit.

Where several processes serve, they take turns at writing (`DirectoryLock`), and each reads as it likes.

WAL and `synchronous=FULL`: what was committed survives power loss. SQLite is reached through apsw only,
because two SQLite copies on one file in one process break POSIX locks; older SQLite than 3.51.3 has a WAL
bug that loses commits and is refused. Statements are constants beside the functions that use them.

    connection = open_database(path, Migrations("mox.store", "schema"))
    writer = GroupWriter(connection, pool)
    await writer.run(lambda tx: tx.run("UPDATE …", id=1))

Raises `DatabaseError` (and apsw's own errors for broken statements, which are bugs).
"""

from mox.database.behind import WriteBehind
from mox.database.connection import Connection, Row
from mox.database.errors import DAMAGE, DatabaseError, DatabaseTooNewError, DriverError
from mox.database.lock import DirectoryLock
from mox.database.migrations import Migrations, open_database, open_reader
from mox.database.replaceable import ReplaceableReader
from mox.database.writer import GroupWriter, Transaction

__all__ = [
    "DAMAGE",
    "Connection",
    "DatabaseError",
    "DatabaseTooNewError",
    "DirectoryLock",
    "DriverError",
    "GroupWriter",
    "Migrations",
    "ReplaceableReader",
    "Row",
    "Transaction",
    "WriteBehind",
    "open_database",
    "open_reader",
]
