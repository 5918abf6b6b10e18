"""Has the accounts' classifiers learn in the background; how far one is stands in its own database.

Nobody waits for it: mail is judged by what was learned before.
"""

from collections.abc import Callable, Iterable

from mox.app.catchingup import CatchingUp
from mox.filtering.classifier import Classifiers
from mox.runtime import Clock

__all__ = ["JunkTraining"]

_MANY_BATCHES = 10


class JunkTraining(CatchingUp):
    """Called when messages come or go, or have other flags."""

    def __init__(
        self, *, classifiers: Classifiers, clock: Clock, account_names: Callable[[], Iterable[str]]
    ) -> None:
        super().__init__(
            what="junk training",
            work=self._learn,
            clock=clock,
            account_names=account_names,
            many_batches=_MANY_BATCHES,
        )
        self._classifiers = classifiers

    async def _learn(self, name: str, apart: bool) -> bool:
        classifier = self._classifiers.of(name)
        return await (classifier.learn_apart() if apart else classifier.learn())
