"""Which changes of an account were told in this process: its own, and those that other processes made.

All are told in the order of their modseqs, the order in which they were committed, whoever made them. Those
of others are read from the change log, so nothing is told twice, and a notice that is lost delays only.
"""

from collections.abc import Iterator

from mox.database import Connection, Transaction
from mox.store.changelog import last_change, logged_changes
from mox.store.switchboard import Batch

__all__ = ["Following", "Missed"]

# What listeners would not keep either.
_MOST_MESSAGES = 10_000


class Missed:
    """More happened than is told piece by piece: whoever listens looks at the database."""


class Following:
    """Follows the change log of one account; on the loop's thread, but for `note_own`."""

    def __init__(self, reader: Connection) -> None:
        """Remember where the log is: what was before is nobody's news."""
        self._reader = reader
        self._told = last_change(reader)
        # Of this process, from before their COMMIT until they are told, by modseq.
        self._own: dict[int, Batch] = {}

    def note_own(self, transaction: Transaction, modseq: int, batch: Batch) -> None:
        """Remember whose a change is that is about to be committed; in the writer's thread."""
        self._own[modseq] = batch
        # Before anybody else can have that modseq.
        transaction.on_rollback(lambda: self._forget_own(modseq))

    def _forget_own(self, modseq: int) -> None:
        self._own.pop(modseq, None)

    def news(self, *, is_detailed: bool) -> Iterator[Batch | Missed]:
        """Yield what was committed since the last call.

        Args:
            is_detailed: Somebody wants to know what it is; else only that something was is said.
        """
        newest = last_change(self._reader)
        if newest <= self._told:
            return
        since, self._told = self._told, newest
        own = [(modseq, self._own.pop(modseq)) for modseq in sorted(self._own) if modseq <= newest]
        for modseq, batch in own:
            yield from self._of_others(since, modseq - 1, is_detailed=is_detailed)
            yield batch
            since = modseq
        yield from self._of_others(since, newest, is_detailed=is_detailed)

    def _of_others(self, since: int, until: int, *, is_detailed: bool) -> Iterator[Batch | Missed]:
        if until <= since:
            return
        changes = (
            logged_changes(self._reader, since=since, until=until, most_messages=_MOST_MESSAGES)
            if is_detailed
            else None
        )
        if changes is None:
            yield Missed()
        elif changes:
            yield Batch(None, tuple(changes))
