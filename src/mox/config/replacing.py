"""Writing a configuration file anew: the old text or the new one survives a crash, never a part of one."""

import os
import sys
from pathlib import Path

from mox.runtime import remove_file, sync_directory

__all__ = ["replace_text"]

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def replace_text(file: Path, text: str) -> None:
    """Write a file that is there anew; owner, mode and a link that leads to it stay.

    Where that cannot be, since the directory or the owner is another's, it is written in place.

    Raises:
        OSError: It cannot be written. The old text stays, unless it was being written in place.
    """
    target, octets = Path(os.path.realpath(file)), text.encode()
    beside = target.with_name(f".{target.name}.new")
    try:
        # What a crash left; and never what somebody else put there, such as a link.
        remove_file(beside)
        _write_beside(beside, octets, target.stat())
        beside.replace(target)
    except PermissionError:
        remove_file(beside)
        _write_in_place(target, octets)
    except BaseException:
        remove_file(beside)
        raise
    else:
        sync_directory(target.parent)


def _write_beside(beside: Path, octets: bytes, like: os.stat_result) -> None:
    with os.fdopen(os.open(beside, _CREATE, 0o600), "wb") as opened:
        if sys.platform != "win32":
            # Before the mode, which a change of owner may cut.
            os.fchown(opened.fileno(), like.st_uid, like.st_gid)
            os.fchmod(opened.fileno(), like.st_mode & 0o7777)
        opened.write(octets)
        opened.flush()
        os.fsync(opened.fileno())


def _write_in_place(target: Path, octets: bytes) -> None:
    with target.open("r+b") as opened:
        opened.write(octets)
        opened.truncate()
        opened.flush()
        os.fsync(opened.fileno())
