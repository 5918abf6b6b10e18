"""Where message files lie: `msg/<dir>/<id>`, at most 8,192 in a directory.

Files are immutable once linked in, and named by the message's id only; mailbox names never reach the file
system. A file without a row is garbage, a row without a file is a fault.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from mox.runtime import StrPath, link_or_copy, remove_file, sync_directory

__all__ = ["MessageFiles", "directory_name", "ids_per_directory"]

_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
_PER_DIRECTORY_BITS = 13


def ids_per_directory() -> int:
    """Return how many ids share a directory; the first of them is a multiple of it."""
    return 1 << _PER_DIRECTORY_BITS


def directory_name(message_id: int) -> str:
    """Return the directory of an id: 6 bits a character, least significant first (id 1 -> `a`)."""
    number = message_id >> _PER_DIRECTORY_BITS
    name = ""
    while True:
        name += _ALPHABET[number & 63]
        number >>= 6
        if not number:
            return name


def _first_id(name: str) -> int:
    """Return the first id of a directory; negative for what is none of ours."""
    number = 0
    for at, character in enumerate(name):
        number += _ALPHABET.find(character) << 6 * at
    return number << _PER_DIRECTORY_BITS if directory_name(number << _PER_DIRECTORY_BITS) == name else -1


class MessageFiles:
    """The message files of one account."""

    __slots__ = ("_made", "_root", "root")

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = os.fspath(root)
        self._made: dict[str, Path] = {}

    def path(self, message_id: int) -> Path:
        """Return where a message's file lies."""
        return Path(self.name(message_id))

    def name(self, message_id: int) -> str:
        """Return the same as text: bulk reads ask for thousands, and paths are slow to make."""
        return f"{self._root}{os.sep}{directory_name(message_id)}{os.sep}{message_id}"

    def link(self, source: StrPath, message_id: int) -> Path:
        """Give a synced file its place; return the directory, to be synced before the COMMIT."""
        name = directory_name(message_id)
        if (directory := self._made.get(name)) is None:
            directory = self.root / name
            if not directory.exists():
                directory.mkdir(mode=0o770, parents=True, exist_ok=True)
                sync_directory(self.root)
            self._made[name] = directory
        link_or_copy(source, self.name(message_id))
        return directory

    def adopt(self, source: Path, name: str) -> None:
        """Move a directory of synced files into place; the root is to be synced before the COMMIT.

        Raises:
            OSError: A directory of that name is there, or the disk has a problem.
        """
        source.rename(self.root / name)

    def give_back(self, name: str, target: Path) -> None:
        """Undo `adopt`."""
        (self.root / name).rename(target)

    def remove(self, message_id: int) -> None:
        """Remove a message's file; one that is not there is fine."""
        remove_file(self.name(message_id))

    def exists(self, message_id: int) -> bool:
        """Say whether a message has a file."""
        return os.path.lexists(self.name(message_id))

    def highest_id(self, from_id: int) -> int:
        """Return the highest id that has a file, at or above the directory of `from_id`; 0 if none.

        A database that was restored from a backup may know fewer messages than there are files. Ids have
        gaps: imported mail begins far above what was there.
        """
        first = from_id >> _PER_DIRECTORY_BITS << _PER_DIRECTORY_BITS
        names = {_first_id(directory.name): directory for directory in self.root.glob("*/")}
        for first_id in sorted((id_ for id_ in names if id_ >= first), reverse=True):
            found = [int(file.name) for file in names[first_id].iterdir() if file.name.isdecimal()]
            if found:
                return max(found)
        return 0

    def ids(self) -> Iterator[int]:
        """Yield the ids of all files, in no order."""
        if not self.root.is_dir():
            return
        for directory in self.root.iterdir():
            if not directory.is_dir():
                yield -1
                continue
            for file in directory.iterdir():
                yield int(file.name) if file.name.isdecimal() else -1
