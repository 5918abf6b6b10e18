"""A built server: started, run until somebody asks for its end, stopped."""

import gc
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import mox
from mox.accounts import Identities
from mox.app.housekeeping import Housekeeping
from mox.app.receiving import Receiving
from mox.app.searchindexing import SearchIndexing
from mox.app.web import WebPorts
from mox.control import ControlServer
from mox.listen import Listeners, Port
from mox.moving import Imports
from mox.observe import Metrics
from mox.queue import Queue
from mox.runtime import Shutdown, Tasks
from mox.store import Store

__all__ = ["Server"]

logger = logging.getLogger(__name__)

_GRACE_S = 1.5


class Server:
    """A built server: started, run until somebody asks for its end, stopped."""

    def __init__(
        self,
        *,
        listeners: Listeners,
        ports: list[Port],
        store: Store,
        queue: Queue,
        identities: Identities,
        receiving: Receiving,
        imports: Imports,
        control: ControlServer,
        housekeeping: Housekeeping,
        search_indexing: SearchIndexing,
        metrics: Metrics,
        shutdown: Shutdown,
        web: WebPorts,
        pools: Sequence[ThreadPoolExecutor],
    ) -> None:
        self._listeners = listeners
        self._ports = ports
        self._control = control
        self._housekeeping = housekeeping
        self._search_indexing = search_indexing
        self._web = web
        self._pools = tuple(pools)
        self._tasks = Tasks()
        self.store = store
        self.queue = queue
        self.identities = identities
        self.receiving = receiving
        self.imports = imports
        self.metrics = metrics
        self.shutdown = shutdown

    async def start(self) -> None:
        """Listen, and begin background work.

        Raises:
            mox.listen.BindError: A port cannot be had.
        """
        logging.getLogger().addHandler(self.metrics.log)
        for port in self._ports:
            await self._listeners.listen(port)
        await self.imports.discard_left()
        await self._control.start()
        self._tasks.spawn(self.queue.run(), "queue")
        self._tasks.spawn(self.queue.steering.run(), "retired entries")
        self._tasks.spawn(self._housekeeping.run(), "housekeeping")
        self._tasks.spawn(self.store.run_removals(), "removed accounts")
        self._tasks.spawn(self._search_indexing.run(), "search indexing")
        self._tasks.spawn(self.receiving.training.run(), "junk training")
        logger.info("ready to serve", extra={"version": mox.__version__})

    async def stop(self) -> None:
        """End connections, finish what is being written, close."""
        self.shutdown.ask("stopping")
        await self._listeners.close(_GRACE_S)
        await self._web.close()
        await self._control.close()
        await self._tasks.close()
        await self.imports.close()
        await self.receiving.close()
        await self.queue.close()
        await self.store.close()
        await self.identities.close()
        for pool in self._pools:
            pool.shutdown()
        logging.getLogger().removeHandler(self.metrics.log)

    async def run(self, ready: Callable[[], None]) -> int:
        """Serve until the end is asked for; return the exit status."""
        try:
            await self.start()
            # What is there now stays: looking through it again and again would stop everything for 60 ms.
            gc.collect()
            gc.freeze()
            ready()
            await self.shutdown.wait()
            logger.info("stopping", extra={"reason": self.shutdown.reason})
        finally:
            await self.stop()
        return self.shutdown.code
