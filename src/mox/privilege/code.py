"""Whose code root would run: no interpreter and no module may be writable by anybody else."""

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from mox.privilege.errors import PrivilegeError

assert sys.platform != "win32"  # noqa: S101  there is no such thing on Windows

__all__ = ["check_code_of_root"]


def check_code_of_root(paths: Iterable[str | Path] | None = None) -> None:
    """Look at the interpreter and at all places that modules are found in.

    Args:
        paths: Others, for tests.

    Raises:
        PrivilegeError: Somebody besides root could write there.
    """
    for path in paths if paths is not None else (sys.executable, *sys.path):
        for place in _with_parents(Path(path)):
            if trouble := _trouble(place):
                raise PrivilegeError(
                    f"not started as root, since root's code could be changed: {place} {trouble}; "
                    "install mox where only root can write"
                )


def _with_parents(path: Path) -> Iterator[Path]:
    """Yield a path as it is written and as it really is, with the directories above both."""
    seen: set[Path] = set()
    for way in (path.absolute(), Path(os.path.realpath(path))):
        for place in (way, *way.parents):
            if place not in seen:
                seen.add(place)
                yield place


def _trouble(place: Path) -> str:
    try:
        found = place.stat()
    except FileNotFoundError:
        # Like the zip file of the standard library, which few have; who could make it is seen above it.
        return ""
    if found.st_uid != 0:
        return f"belongs to user {found.st_uid}"
    if found.st_mode & stat.S_ISVTX and stat.S_ISDIR(found.st_mode):
        # As /tmp: others can add, but not replace what is root's.
        return ""
    if found.st_mode & stat.S_IWOTH:
        return "can be written by everybody"
    if found.st_mode & stat.S_IWGRP and found.st_gid != 0:
        return f"can be written by group {found.st_gid}"
    return ""
