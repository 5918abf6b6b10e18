"""The configuration that is in force: read at the start, kept up to date, changed from within.

A file that cannot be used never replaces one that could: its problems are logged, the old configuration
stays.
"""

import logging
from collections.abc import Callable
from pathlib import Path

from mox.config.check import check_dynamic, check_static
from mox.config.dynamic import DynamicConfig
from mox.config.load import Loaded, load_text
from mox.config.problem import ConfigError, Problem
from mox.config.replacing import replace_text
from mox.config.snapshot import ConfigSnapshot, make_snapshot
from mox.config.static import StaticConfig
from mox.config.write import rewrite
from mox.runtime import Clock

__all__ = ["DYNAMIC_NAME", "STATIC_NAME", "ConfigSource", "load_config"]

logger = logging.getLogger(__name__)

STATIC_NAME = "mox.toml"
DYNAMIC_NAME = "domains.toml"
# Between two looks at the file's time of change.
_LOOK_EVERY_S = 1.0


def _read(cls: type, file: Path) -> Loaded:
    return load_text(cls, _read_text(file), file)


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([Problem(file, (), f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(file, (), "is not UTF-8")]) from error


def _checked_dynamic(loaded: Loaded, static: StaticConfig) -> DynamicConfig:
    config: DynamicConfig = loaded.value
    problems = list(loaded.problems)
    if loaded.is_usable:
        problems += [loaded.problem(path, text) for path, text in check_dynamic(config, static)]
    if problems:
        raise ConfigError(problems)
    return config


def load_config(static_file: Path, *, opens_keys: bool = True) -> ConfigSnapshot:
    """Read and check both files.

    Args:
        static_file: `mox.toml`; `domains.toml` is beside it.
        opens_keys: See whether TLS keys and certificates can be opened, which may be for root only.

    Raises:
        ConfigError: With all problems of both files.
    """
    problems: list[Problem] = []
    static: StaticConfig | None = None
    dynamic: Loaded | None = None
    try:
        loaded = _read(StaticConfig, static_file)
        problems += loaded.problems
        if loaded.is_usable:
            static = loaded.value
            problems += [
                loaded.problem(path, text)
                for path, text in check_static(static, static_file.parent, opens_keys=opens_keys)
            ]
    except ConfigError as error:
        problems += error.problems
    try:
        dynamic = _read(DynamicConfig, static_file.with_name(DYNAMIC_NAME))
        if static is not None:
            _checked_dynamic(dynamic, static)
        else:
            problems += dynamic.problems
    except ConfigError as error:
        problems += error.problems
    if problems or static is None or dynamic is None:
        raise ConfigError(problems)
    return make_snapshot(static, dynamic.value)


class ConfigSource:
    """The configuration in force; on the loop's thread.

    Attributes:
        on_change: Called when it was changed from within.
    """

    def __init__(self, static_file: Path, snapshot: ConfigSnapshot, clock: Clock) -> None:
        self.directory = static_file.parent
        self._file = static_file.with_name(DYNAMIC_NAME)
        self._snapshot = snapshot
        self._clock = clock
        self._seen = self._changed_at()
        self._look_at = clock.monotonic() + _LOOK_EVERY_S
        self.on_change: Callable[[], None] = lambda: None

    def look_soon(self) -> None:
        """Look at the file when somebody next asks: another process changed it."""
        self._look_at = self._clock.monotonic()

    @property
    def current(self) -> ConfigSnapshot:
        """The configuration of now; take it once for one command, and keep it."""
        now = self._clock.monotonic()
        if now >= self._look_at:
            self._look_at = now + _LOOK_EVERY_S
            if (changed_at := self._changed_at()) != self._seen:
                self._reload(changed_at)
        return self._snapshot

    def _changed_at(self) -> int | None:
        try:
            return self._file.stat().st_mtime_ns
        except OSError:
            return None

    def _reload(self, changed_at: int | None) -> None:
        self._seen = changed_at
        try:
            dynamic = _checked_dynamic(_read(DynamicConfig, self._file), self._snapshot.static)
        except ConfigError as error:
            for problem in error.problems:
                extra = {"problem": str(problem)}
                logger.error("configuration not reloaded, the old one stays", extra=extra)  # noqa: TRY400  it says all
            return
        self._snapshot = make_snapshot(self._snapshot.static, dynamic)
        logger.info("domains config reloaded", extra={"path": self._file})

    def change(self, build: Callable[[DynamicConfig], DynamicConfig]) -> ConfigSnapshot:
        """Change domains.toml, keeping its comments; blocking for a few milliseconds.

        Raises:
            ConfigError: The result would not be a good configuration; nothing was changed.
        """
        static = self._snapshot.static
        # From what the file holds now: an admin may be in the middle of something.
        old_text = _read_text(self._file)
        old = _checked_dynamic(load_text(DynamicConfig, old_text, self._file), static)
        text = rewrite(old_text, build(old))
        dynamic = _checked_dynamic(load_text(DynamicConfig, text, self._file), static)
        replace_text(self._file, text)
        self._seen = self._changed_at()
        self._snapshot = make_snapshot(static, dynamic)
        self.on_change()
        return self._snapshot
