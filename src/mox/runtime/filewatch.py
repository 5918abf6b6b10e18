"""Files that other tools replace now and then: noticed by their identity, reported once they are still."""

from collections.abc import Iterable
from pathlib import Path

__all__ = ["FileWatch"]

_Identity = tuple[int, int, int, int] | None


class FileWatch:
    """Looks at some files; by whoever may."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Remember how the files are now."""
        self._paths = tuple(dict.fromkeys(paths))
        self._known = self._look()
        self._seen = self._known

    def has_changed(self) -> bool:
        """Look again; say, once, that something is new and was the same at the look before.

        A certificate and its key are two files: between two looks both are in place.
        """
        now = self._look()
        is_still, self._seen = now == self._seen, now
        if now == self._known or not is_still or None in now:
            return False
        self._known = now
        return True

    def _look(self) -> tuple[_Identity, ...]:
        return tuple(map(_identity, self._paths))


def _identity(path: Path) -> _Identity:
    try:
        found = path.stat()
    except OSError:
        # Being replaced, most likely.
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
