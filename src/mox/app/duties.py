"""What one process does for all: deliveries of the queue, commands, imports, and care in the background."""

from mox.app.commands import make_commands
from mox.app.housekeeping import Housekeeping
from mox.app.junktraining import JunkTraining
from mox.app.parts import Parts
from mox.app.searchindexing import SearchIndexing
from mox.control import ControlServer
from mox.moving import Imports
from mox.runtime import Shutdown, Tasks

__all__ = ["Duties"]


class Duties:
    """The duties of the first process.

    Attributes:
        imports: Of accounts' mail.
        training: Has classifiers learn.
    """

    def __init__(self, parts: Parts, *, shutdown: Shutdown) -> None:
        """Make what does them; `shutdown` is what a command may ask for."""
        store, ground = parts.store, parts.ground
        clock = ground.clock

        def names() -> list[str]:
            return list(ground.source.current.accounts)

        self._parts = parts
        self._tasks = Tasks()
        self._housekeeping = Housekeeping(
            store=store, clock=clock, account_names=names, forget_old=parts.receiving.forget_old
        )
        self._indexing = SearchIndexing(store=store, clock=clock, account_names=names)
        self.training = JunkTraining(
            classifiers=parts.receiving.classifiers, clock=clock, account_names=names
        )
        store.call_trainer = self.training.call
        self.imports = Imports(store=store, clock=clock)
        commands = make_commands(parts, shutdown=shutdown, training=self.training, imports=self.imports)
        self._control = ControlServer(data_dir=ground.data_dir, commands=commands)

    async def start(self) -> None:
        """Begin."""
        parts, spawn = self._parts, self._tasks.spawn
        await self.imports.discard_left()
        await self._control.start()
        spawn(parts.queue.run(), "queue")
        spawn(parts.queue.steering.run(), "retired entries")
        spawn(self._housekeeping.run(), "housekeeping")
        spawn(parts.store.run_removals(), "removed accounts")
        spawn(self._indexing.run(), "search indexing")
        spawn(self.training.run(), "junk training")

    async def close(self) -> None:
        """End them; the parts are still there."""
        await self._control.close()
        await self._tasks.close()
        await self.imports.close()
