"""What can go wrong with a database, apart from bugs."""

import apsw

__all__ = ["DAMAGE", "DatabaseError", "DatabaseTooNewError", "DriverError"]


class DatabaseError(Exception):
    """A database cannot be used; the text says which and what to do."""


class DatabaseTooNewError(DatabaseError):
    """The file was written by a newer version of the program."""


# All that a statement can raise, for those that can do without the database.
DriverError = apsw.Error
# What is raised when a file does not hold what it should: hopeless, unless it can be made anew.
DAMAGE = (
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.FormatError,
    apsw.SQLError,
    apsw.MismatchError,
    DatabaseError,
)
