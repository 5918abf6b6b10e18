"""A message on its way: what is settled for which recipient, and what stood in the way of the rest."""

import logging
from collections.abc import Mapping
from pathlib import Path

from mox.queue import QueuedEntry, QueuedMessage, Result, Retry
from moxkit.dns import Address
from moxkit.domain import Domain

__all__ = ["Attempt"]

logger = logging.getLogger(__name__)


class Attempt:
    """One attempt to deliver.

    Attributes:
        pending: Recipients that are still to be spoken for, by entry id.
        attempts: Made before this one, for the recipient with the most.
        sessions: Connections that the message was sent over.
    """

    def __init__(self, message: QueuedMessage, content: Path) -> None:
        self.message = message
        self.content = content
        self.pending: dict[int, QueuedEntry] = {entry.id: entry for entry in message.entries}
        self.attempts = max(entry.attempts for entry in message.entries)
        self.sessions = 0
        self._results: dict[int, Result] = {}
        self._troubles: list[Result] = []

    def settle(self, entry: QueuedEntry, result: Result) -> None:
        """Note a result; what is to be tried again can be tried at the next host already."""
        self._results[entry.id] = result
        if not isinstance(result, Retry):
            self.pending.pop(entry.id, None)

    def settle_all(self, result: Result) -> None:
        """Note the same for all that are left; no further host is tried."""
        for entry in self.pending.values():
            self._results[entry.id] = result
        self.pending.clear()

    def trouble(
        self, result: Result, *, host: Domain | Address | None = None, address: Address | None = None
    ) -> None:
        """Note what stands in the way of all that are left, at one host or at all of them.

        Args:
            result: Why.
            host: Where; None if it did not come to a host.
            address: Of the host, if there was a connection.
        """
        self._troubles.append(result)
        logger.info(
            "no delivery this way",
            extra={
                "queueid": self.message.id,
                "domain": self.message.domain,
                "host": "" if host is None else str(host),
                "address": "" if address is None else str(address),
                "code": result.enhanced,
                "reason": result.text,
            },
        )

    def finish(self) -> Mapping[int, Result]:
        """Return all results; what no host spoke of got as far as its trouble."""
        trouble: Result = Retry(None, "4.4.1", "no host could be reached")
        if self._troubles:
            # Only what stands in the way everywhere, for good, is a failure (RFC 8689 §4.2.1).
            temporary = [each for each in self._troubles if isinstance(each, Retry)]
            trouble = temporary[-1] if temporary else self._troubles[-1]
        for entry in self.pending.values():
            self._results.setdefault(entry.id, trouble)
        return self._results
