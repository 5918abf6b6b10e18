"""What the command line brings for one mailbox: a Maildir or an mbox file (reference import-export.md §4)."""

import os
from collections.abc import Iterator
from pathlib import Path

from mox.moving.directoryreading import read_file
from mox.moving.entries import Entry
from mox.moving.errors import ArchiveError
from mox.moving.placing import FoundKind

__all__ = ["open_maildir", "open_mbox"]

_KEYWORDS = "dovecot-keywords"
_FOLDERS = ("new", "cur")


def open_maildir(root: Path) -> Iterator[tuple[Entry, FoundKind]]:
    """Yield the messages of one Maildir, then its list of keywords; directories below are others.

    Raises:
        ArchiveError: It is no Maildir.
        OSError: It cannot be read.
    """
    folders = [name for name in _FOLDERS if (root / name).is_dir()]
    if not folders:
        raise ArchiveError(f"{root} is no Maildir: it has neither new nor cur")
    for folder in folders:
        with os.scandir(root / folder) as found:
            names = sorted(each.name for each in found)
        for name in names:
            yield read_file(root / folder / name, f"{folder}/{name}"), FoundKind.MAILDIR_MESSAGE
    if (root / _KEYWORDS).exists():
        yield read_file(root / _KEYWORDS, _KEYWORDS), FoundKind.KEYWORDS


def open_mbox(path: Path) -> Iterator[tuple[Entry, FoundKind]]:
    """Yield an mbox file.

    Raises:
        ArchiveError: It is no file.
    """
    if not path.is_file():
        raise ArchiveError(f"{path} is no file")
    yield read_file(path.resolve(), path.name), FoundKind.MBOX
