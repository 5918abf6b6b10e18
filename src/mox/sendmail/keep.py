"""Keeping a message that could not be submitted, so that it can be read and sent later."""

import os
import tempfile
from pathlib import Path

from mox.sendmail.errors import SendmailError

__all__ = ["keep_failed"]

_DIRECTORY = "moxsubmit.failures"


def keep_failed(content: bytes, home: Path) -> Path:
    """Write a message to a new file below `home`, readable by its owner only; return where.

    Raises:
        SendmailError: It cannot be written.
    """
    directory = home / _DIRECTORY
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="newmsg.", dir=directory)
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise SendmailError(f"the message could not be kept in {directory}: {error.strerror}") from error
    return Path(name)
