"""Filling in a process of its own, where much waits: mail comes and goes undisturbed on the other processor.

The process ends by itself when nothing came for a while.
"""

import threading
import time
from pathlib import Path

from mox.database import Connection, open_database, open_reader
from mox.runtime import ChildProcess, be_child
from mox.store.files import MessageFiles
from mox.store.searchindex.indexing import MIGRATIONS, index_batch

__all__ = ["fill_until_idle", "filling_process"]

# It takes some tenths of a second to start: it stays while mail keeps coming.
_POLL_S = 0.25
_IDLE_S = 5.0
# Then it is another account's turn.
_LONGEST_S = 60.0
_NICENESS = 19


def filling_process(*, search: Path, mail: Path, files: Path) -> ChildProcess:
    """Return the process that fills an index until nothing waits."""
    return ChildProcess("mox.store.searchindex", (str(search), str(mail), str(files)))


def fill_until_idle(search: Path, mail: Path, files: Path) -> None:
    """Be that process.

    Raises:
        mox.database.DriverError, mox.database.DatabaseError, OSError: The index cannot be written.
    """
    # Behind learning, too: mail is found without an index, if slowly.
    ended = be_child(_NICENESS)
    reader = open_reader(mail)
    writer = open_database(search, MIGRATIONS)
    writer.run("PRAGMA synchronous=NORMAL")
    try:
        _fill(writer, reader, MessageFiles(files), ended)
    finally:
        writer.close()
        reader.close()


def _fill(writer: Connection, reader: Connection, files: MessageFiles, ended: threading.Event) -> None:
    idle_s, ends_at = 0.0, time.monotonic() + _LONGEST_S
    while not ended.is_set() and idle_s < _IDLE_S and time.monotonic() < ends_at:
        if index_batch(writer, reader, files):
            idle_s = 0.0
        else:
            ended.wait(_POLL_S)
            idle_s += _POLL_S
