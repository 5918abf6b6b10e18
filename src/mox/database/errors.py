"""What can go wrong with a database, apart from bugs."""

__all__ = ["DatabaseError", "DatabaseTooNewError"]


class DatabaseError(Exception):
    """A database cannot be used; the text says which and what to do."""


class DatabaseTooNewError(DatabaseError):
    """The file was written by a newer version of the program."""
