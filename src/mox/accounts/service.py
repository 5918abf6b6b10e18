"""Where somebody signs in."""

from enum import StrEnum

__all__ = ["APP_SERVICES", "Service"]


class Service(StrEnum):
    """Front doors, as login attempts name them and app passwords are limited to."""

    IMAP = "imap"
    SUBMISSION = "submission"
    ACCOUNT = "account"
    """The account pages: with the account's own password only."""


APP_SERVICES = frozenset({Service.IMAP, Service.SUBMISSION})
"""Those that app passwords can be for; none of them can change who signs in."""
