"""Localserve's way out: every message goes to this server's own SMTP port, whatever its recipient."""

from collections.abc import Mapping
from pathlib import Path

from mox.config import StaticConfig
from mox.queue import QueuedMessage, Result, Retry

__all__ = ["SelfDelivery"]


class SelfDelivery:
    """Delivers to the first address of the first listener that takes mail."""

    def __init__(self, static: StaticConfig) -> None:
        self._static = static

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        """Deliver to the recipients of one message."""
        return {entry.id: Retry(None, "4.3.0", "no smtp client yet") for entry in message.entries}
