"""What stops a message."""

__all__ = ["SendmailError"]


class SendmailError(Exception):
    """The message is not submitted; the text says why, and holds no secret."""
