"""Log levels by the names of the configuration; they can change while the server runs."""

import logging
from collections.abc import Callable

from moxkit.wiretrace import TRACE, TRACEAUTH, TRACEDATA

__all__ = ["LogLevels"]

_BY_NAME = {
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": TRACE,
    "traceauth": TRACEAUTH,
    "tracedata": TRACEDATA,
}
DEFAULT = "(default)"


class LogLevels:
    """The default level, and those of single packages."""

    def __init__(self, default: str, packages: dict[str, str] | None = None) -> None:
        """Apply levels.

        Raises:
            ValueError: A level that is none.
        """
        self._levels: dict[str, str] = {}
        self._listeners: list[Callable[[str, str], None]] = []
        self.set(default)
        for package, level in (packages or {}).items():
            self.set(level, package)

    def set(self, level: str, package: str = DEFAULT) -> None:
        """Set the default level, or a package's; an empty level clears a package's.

        Raises:
            ValueError: A level that is none; the text lists those there are.
        """
        name = "" if package == DEFAULT else package
        if not level and name:
            self._levels.pop(package, None)
            logging.getLogger(name).setLevel(logging.NOTSET)
        elif level not in _BY_NAME:
            raise ValueError(f"invalid log level {level!r}; use one of {', '.join(_BY_NAME)}")
        else:
            self._levels[package] = level
            logging.getLogger(name).setLevel(_BY_NAME[level])
        for listener in self._listeners:
            listener(level, package)

    def listen(self, listener: Callable[[str, str], None]) -> None:
        """Have somebody called with each level that is set, and its package."""
        self._listeners.append(listener)

    def all(self) -> dict[str, str]:
        """Return the levels in force, by package."""
        return dict(sorted(self._levels.items()))
