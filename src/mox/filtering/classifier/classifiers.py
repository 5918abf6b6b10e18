"""The classifiers of all accounts: made when asked for, closed when nobody has used them for long."""

from collections import OrderedDict
from collections.abc import Callable, Iterable

from mox.config import JunkFilter
from mox.filtering.classifier.classifier import Classifier, grams_wanted
from mox.filtering.classifier.takenapart import TakenApart
from mox.filtering.classifier.words import Grams
from mox.store import Content, Store

__all__ = ["Classifiers"]

# Each holds three databases open.
_MOST_OPEN = 100


class Classifiers:
    """One for each account that wants one; on the loop's thread."""

    def __init__(self, *, store: Store, settings: Callable[[str], JunkFilter | None]) -> None:
        """Remember whom to ask.

        Args:
            store: Where the mail is.
            settings: How an account, by name, wants to judge; None: not at all.
        """
        self._store = store
        self._settings = settings
        self._open: OrderedDict[str, Classifier] = OrderedDict()

    def of(self, name: str) -> Classifier:
        """Return the classifier of an account. Use it now; do not keep it over long waits.

        Raises:
            mox.store.AccountUnknownError: The configuration has none of that name.
            mox.database.DatabaseError: The account cannot be opened.
        """
        if (classifier := self._open.get(name)) is not None:
            self._open.move_to_end(name)
            return classifier
        account = self._store.account(name)
        classifier = self._open[name] = Classifier(
            directory=account.files.root.parent,
            account=account.object_prefix,
            files=account.files,
            pool=self._store.pool,
            computing=self._store.computing,
            settings=lambda: self._settings(name),
        )
        self._close_unused()
        return classifier

    def take_apart(self, content: Content, names: Iterable[str], prefix: bytes = b"") -> TakenApart:
        """Return a message that is not filed yet, for the classifiers of some accounts; see `tokenize`."""
        return TakenApart(content, self._grams(names), prefix)

    def _grams(self, names: Iterable[str]) -> Grams:
        wanted = Grams(0)
        for name in names:
            if (settings := self._settings(name)) is not None:
                wanted |= grams_wanted(settings)
        return wanted

    def _close_unused(self) -> None:
        for name, classifier in list(self._open.items())[: max(0, len(self._open) - _MOST_OPEN)]:
            if classifier.is_idle:
                classifier.close()
                del self._open[name]

    async def close(self) -> None:
        """Wait for what runs, then close all."""
        for classifier in self._open.values():
            await classifier.finish()
            classifier.close()
        self._open.clear()
