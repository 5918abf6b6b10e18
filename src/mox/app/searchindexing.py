"""Fills the accounts' search indexes in the background; how far one is stands in the index itself.

Until then searches look into the messages' files.
"""

from collections.abc import Callable, Iterable

from mox.app.catchingup import CatchingUp
from mox.runtime import Clock
from mox.store import Store

__all__ = ["SearchIndexing"]

_MANY_BATCHES = 3


class SearchIndexing(CatchingUp):
    """Called by the store when messages come or go."""

    def __init__(self, *, store: Store, clock: Clock, account_names: Callable[[], Iterable[str]]) -> None:
        super().__init__(
            what="search indexing",
            work=self._fill,
            clock=clock,
            account_names=account_names,
            many_batches=_MANY_BATCHES,
        )
        self._store = store
        store.call_indexer = self.call

    async def _fill(self, name: str, apart: bool) -> bool:
        index = self._store.account(name).search_index
        return await (index.fill_apart() if apart else index.fill())
