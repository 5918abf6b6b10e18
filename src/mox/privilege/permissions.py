"""Ownership and modes of the server's files: compared at each start by root, and put right.

Reference serve.md §1.5. Only where a directory itself is wrong, all below it is looked at: mail may be
millions of files.
"""

import errno
import logging
import os
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

assert sys.platform != "win32"  # noqa: S101  there is no such thing on Windows

from mox.privilege.errors import PrivilegeError  # noqa: E402  see above
from mox.privilege.user import RunAs  # noqa: E402  see above

__all__ = ["Expected", "expected", "repair"]

logger = logging.getLogger(__name__)

_ROOT = 0
_COMPARED = 0o7777 & ~stat.S_ISVTX & ~stat.S_ISUID
_DIRECTORY, _FILE = 0o2750, 0o640
# Links, sockets, what is gone meanwhile.
_NO_FILES = (errno.ELOOP, errno.ENXIO, errno.ENOENT)


@dataclass(frozen=True, slots=True)
class Expected:
    """How a path should be.

    Attributes:
        is_optional: It need not be there.
        below: What is below it belongs to the same user; directories 02750, files 0640.
    """

    path: Path
    uid: int
    gid: int
    mode: int
    is_optional: bool = False
    below: bool = False


def expected(config_dir: Path, data_dir: Path, run_as: RunAs) -> list[Expected]:
    """Return how the paths of an installation should be."""
    work = config_dir.parent
    return [
        Expected(work, _ROOT, run_as.gid, 0o751),
        Expected(config_dir, run_as.uid, _ROOT, _DIRECTORY, below=True),
        Expected(data_dir, run_as.uid, _ROOT, _DIRECTORY, below=True),
        Expected(work / "mox.service", _ROOT, _ROOT, 0o644, is_optional=True),
    ]


def repair(wanted: Iterable[Expected], *, fix: bool) -> int:
    """Compare, and put right what differs; return how many paths differed.

    Args:
        wanted: How paths should be.
        fix: Put it right; else only tell.

    Raises:
        PrivilegeError: A path that has to be there cannot be looked at.
    """
    wrong = [each for each in wanted if _differs(each)]
    if not wrong:
        return 0
    logger.info("fixing up permissions" if fix else "permissions are not as they should be, and are left so")
    return sum(_repair_all(each, fix=fix) for each in wrong)


def _differs(wanted: Expected) -> bool:
    try:
        found = wanted.path.lstat()
    except OSError as error:
        if wanted.is_optional:
            return False
        raise PrivilegeError(f"{wanted.path}: {error.strerror}") from error
    return not _is_right(found, wanted.uid, wanted.gid, wanted.mode)


def _is_right(found: os.stat_result, uid: int, gid: int, mode: int) -> bool:
    return (found.st_uid, found.st_gid, found.st_mode & _COMPARED) == (uid, gid, mode)


def _repair_all(wanted: Expected, *, fix: bool) -> int:
    """Repair a path, and if so is wanted whatever is below it; return how many differed.

    Below it somebody without privileges may write, who would like root to change other files. So nothing is
    looked up twice by name: directories and files are opened without following links, and then changed.
    """
    count = _repair(wanted.path, None, wanted.path, wanted, fix=fix)
    if wanted.below:
        for directory, names, files, fd in os.fwalk(wanted.path, onerror=_log_unreadable):
            for name in (*names, *files):
                count += _repair(name, fd, Path(directory, name), wanted, fix=fix)
    return count


def _repair(name: str | Path, directory: int | None, path: Path, wanted: Expected, *, fix: bool) -> int:
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except OSError as error:
        if error.errno not in _NO_FILES:
            logger.warning("permissions not looked at", extra={"path": path, "error": error.strerror})
        return 0
    try:
        found = os.fstat(fd)
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            return 0
        below = _DIRECTORY if stat.S_ISDIR(found.st_mode) else _FILE
        mode = wanted.mode if directory is None else below
        if _is_right(found, wanted.uid, wanted.gid, mode):
            return 0
        _log_difference(path, found, wanted, mode)
        if fix:
            _change(fd, found, path, wanted, mode)
    except OSError as error:
        logger.warning("permissions not fixed", extra={"path": path, "error": error.strerror})
    finally:
        os.close(fd)
    return 1


def _change(fd: int, found: os.stat_result, path: Path, wanted: Expected, mode: int) -> None:
    if wanted.uid != _ROOT and found.st_uid == _ROOT and stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
        # It may be the same file as one of root's elsewhere, which somebody linked here to be given it.
        logger.warning(
            "permissions not fixed", extra={"path": path, "error": "a file of root with other names"}
        )
        return
    os.fchown(fd, wanted.uid, wanted.gid)
    os.fchmod(fd, mode)


def _log_difference(path: Path, found: os.stat_result, wanted: Expected, mode: int) -> None:
    logger.info(
        "permissions differ",
        extra={
            "path": path,
            "owner": f"{found.st_uid}:{found.st_gid}",
            "owner_wanted": f"{wanted.uid}:{wanted.gid}",
            "mode": f"{found.st_mode & 0o7777:04o}",
            "mode_wanted": f"{mode:04o}",
        },
    )


def _log_unreadable(error: OSError) -> None:
    logger.warning("permissions not looked at", extra={"path": error.filename, "error": error.strerror})
