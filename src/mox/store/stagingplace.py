"""Where mail waits that is to become part of an account all at once: `import/` beside the index.

    import/first-id        the id that the first message will have
    import/staging.db      rows, as the index will have them
    import/<dir>/<id>      files, named as they will be in `msg/`

Ids are chosen far above those in use and at the beginning of a directory: whole directories move into `msg/`
with one rename each, and ids still grow in the order of commits, which the search index counts on.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from mox.database import Connection
from mox.runtime import sync_directory, write_file_durably
from mox.store.account import Account
from mox.store.errors import StagingExistsError
from mox.store.files import MessageFiles, directory_name, ids_per_directory

__all__ = ["STAGING_NAME", "StagingPlace", "begin_staging", "is_committed", "left_staging", "remove_staging"]

STAGING_NAME = "import"
_FIRST_ID = "first-id"
# More messages come to no account while one import is being staged; else the commit refuses.
_AHEAD = 1 << 20

_NEXT_ID = "SELECT next_message_id FROM account"
_IS_COMMITTED = "SELECT 1 FROM message WHERE id >= :first_id LIMIT 1"


@dataclass(frozen=True, slots=True)
class StagingPlace:
    """The directory of one import, and the ids it will use from there on."""

    directory: Path
    first_id: int

    @property
    def database(self) -> Path:
        """Where the rows are."""
        return self.directory / "staging.db"

    def file(self, message_id: int) -> Path:
        """Return where a message's file is staged."""
        return self.directory / directory_name(message_id) / str(message_id)


def _directory(account: Account) -> Path:
    """Return where an account's mail is staged."""
    return account.files.root.parent / STAGING_NAME


def begin_staging(account: Account) -> StagingPlace:
    """Make the place; blocking, some milliseconds.

    Raises:
        StagingExistsError: Another import is staged there.
        OSError: The directory cannot be written.
    """
    per_directory = ids_per_directory()
    next_id: int = account.reader.value(_NEXT_ID)
    first_id = -(-(next_id + _AHEAD) // per_directory) * per_directory
    directory = _directory(account)
    try:
        directory.mkdir(mode=0o770)
    except FileExistsError:
        raise StagingExistsError(account.name) from None
    write_file_durably(directory / _FIRST_ID, str(first_id).encode())
    sync_directory(directory.parent)
    return StagingPlace(directory, first_id)


def left_staging(account: Account) -> StagingPlace | None:
    """Return what a killed import left behind; its ids begin at 0 if it was killed before it had any."""
    directory = _directory(account)
    if not directory.exists():
        return None
    try:
        return StagingPlace(directory, int((directory / _FIRST_ID).read_bytes()))
    except (OSError, ValueError):
        return StagingPlace(directory, 0)


def is_committed(connection: Connection, place: StagingPlace) -> bool:
    """Say whether staged mail became part of the account."""
    # Ids so high are given by a commit of staged mail, and by what comes after it.
    return connection.row(_IS_COMMITTED, first_id=place.first_id) is not None


def remove_staging(place: StagingPlace, files: MessageFiles, *, is_committed: bool) -> None:
    """Remove what is staged, and the files that a commit moved which did not last; blocking.

    Raises:
        OSError: It cannot be removed.
    """
    if place.first_id and not is_committed:
        first_id = place.first_id
        while (path := files.root / directory_name(first_id)).exists():
            shutil.rmtree(path)
            first_id += ids_per_directory()
        sync_directory(files.root)
    shutil.rmtree(place.directory)
    sync_directory(place.directory.parent)
