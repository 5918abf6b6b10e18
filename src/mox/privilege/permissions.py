"""Ownership and modes of the server's files: compared at each start by root, and put right.

Reference serve.md §1.5. Only where a directory itself is wrong, all below it is looked at: mail may be
millions of files.
"""

import logging
import os
import stat
import sys
from collections.abc import Iterable, Iterator
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


@dataclass(frozen=True, slots=True)
class _Difference:
    path: Path
    found: os.stat_result
    uid: int
    gid: int
    mode: int

    @property
    def texts(self) -> dict[str, str]:
        """Owner, group and mode, as they are and as they should be."""
        found = self.found
        return {
            "owner": f"{found.st_uid}:{found.st_gid}",
            "owner_wanted": f"{self.uid}:{self.gid}",
            "mode": f"{found.st_mode & 0o7777:04o}",
            "mode_wanted": f"{self.mode:04o}",
        }


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
    count = 0
    for each in wrong:
        for difference in _all_of(each):
            count += 1
            _change(difference, fix=fix)
    return count


def _differs(wanted: Expected) -> bool:
    try:
        found = wanted.path.lstat()
    except OSError as error:
        if wanted.is_optional:
            return False
        raise PrivilegeError(f"{wanted.path}: {error.strerror}") from error
    return (found.st_uid, found.st_gid, found.st_mode & _COMPARED) != (wanted.uid, wanted.gid, wanted.mode)


def _all_of(wanted: Expected) -> Iterator[_Difference]:
    """Yield what differs: the path itself, and if so is wanted, whatever is below it."""
    yield _Difference(wanted.path, wanted.path.lstat(), wanted.uid, wanted.gid, wanted.mode)
    if not wanted.below:
        return
    # No link is followed out of it.
    for directory, directories, files in os.walk(wanted.path, followlinks=False, onerror=_log_unreadable):
        for name in (*directories, *files):
            path = Path(directory, name)
            try:
                found = path.lstat()
            except OSError as error:
                _log_unreadable(error)
                continue
            if stat.S_ISLNK(found.st_mode):
                continue
            mode = _DIRECTORY if stat.S_ISDIR(found.st_mode) else _FILE
            if (found.st_uid, found.st_gid) != (wanted.uid, wanted.gid) or found.st_mode & _COMPARED != mode:
                yield _Difference(path, found, wanted.uid, wanted.gid, mode)


def _change(difference: _Difference, *, fix: bool) -> None:
    logger.info("permissions differ", extra={"path": difference.path, **difference.texts})
    if not fix:
        return
    try:
        # A file that was replaced by a link in between leads nowhere.
        os.chown(difference.path, difference.uid, difference.gid, follow_symlinks=False)
        if not difference.path.is_symlink():
            difference.path.chmod(difference.mode)
    except OSError as error:
        logger.warning("permissions not fixed", extra={"path": difference.path, "error": error})


def _log_unreadable(error: OSError) -> None:
    logger.warning("permissions not looked at", extra={"path": error.filename, "error": error.strerror})
