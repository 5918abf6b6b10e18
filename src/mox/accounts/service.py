"""Where somebody signs in."""

from enum import StrEnum

__all__ = ["Service"]


class Service(StrEnum):
    """Front doors, as login attempts name them and app passwords are limited to."""

    IMAP = "imap"
    SUBMISSION = "submission"
