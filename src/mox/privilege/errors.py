"""Why a server cannot be started as root."""

__all__ = ["PrivilegeError"]


class PrivilegeError(Exception):
    """It must not, or cannot, be started like this; the text says what to do."""
