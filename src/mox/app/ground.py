"""What all parts of a server stand on."""

from dataclasses import dataclass, field
from pathlib import Path

from mox.config import ConfigSource, StaticConfig
from mox.observe import LogLevels
from mox.runtime import Clock, Notices, Worker

__all__ = ["Ground"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What all parts of a server stand on.

    Attributes:
        source: The configuration.
        data_dir: Where all data lies.
        clock: For all times.
        levels: Of the log.
        worker: Which of several processes this is; only the first has web sites and duties.
        notices: Of the others, and for them.
        local_address: In localserve: the address that takes everybody's mail. Special recipients fail there
            on purpose, and nobody is limited or slowed down.
        enforces: Mail that is judged to be junk is refused; else it is filed, with the judgement.
    """

    source: ConfigSource
    data_dir: Path
    clock: Clock
    levels: LogLevels
    worker: Worker = Worker()  # noqa: RUF009  frozen
    notices: Notices = field(default_factory=Notices)
    local_address: str | None = None
    enforces: bool = True

    @property
    def static(self) -> StaticConfig:
        """The part of the configuration that stays until the server ends."""
        return self.source.current.static

    @property
    def is_local(self) -> bool:
        """Whether this is localserve."""
        return self.local_address is not None

    def has_account(self, name: str) -> bool:
        """Say whether an account is configured now."""
        return name in self.source.current.accounts
