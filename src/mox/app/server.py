"""A built server: started, run until somebody asks for its end, stopped."""

import gc
import logging
from collections.abc import Callable

import mox
from mox.accounts import Identities
from mox.app.duties import Duties
from mox.app.parts import Parts
from mox.app.receiving import Receiving
from mox.app.web import WebPorts
from mox.listen import Listeners, Port
from mox.observe import Metrics
from mox.queue import Queue
from mox.runtime import Shutdown, Tasks
from mox.store import Store

__all__ = ["Server"]

logger = logging.getLogger(__name__)

_GRACE_S = 1.5


class Server:
    """A built server: started, run until somebody asks for its end, stopped.

    Attributes:
        metrics: Its numbers.
        shutdown: Asked for its end.
    """

    def __init__(
        self,
        *,
        parts: Parts,
        listeners: Listeners,
        ports: list[Port],
        duties: Duties | None,
        metrics: Metrics,
        shutdown: Shutdown,
        web: WebPorts | None,
    ) -> None:
        self._parts = parts
        self._listeners = listeners
        self._ports = ports
        self._duties = duties
        self._web = web
        self._tasks = Tasks()
        self.metrics = metrics
        self.shutdown = shutdown

    @property
    def store(self) -> Store:
        """The accounts' mail."""
        return self._parts.store

    @property
    def queue(self) -> Queue:
        """Mail that goes out."""
        return self._parts.queue

    @property
    def identities(self) -> Identities:
        """Who signs in."""
        return self._parts.identities

    @property
    def receiving(self) -> Receiving:
        """What receives."""
        return self._parts.receiving

    async def start(self) -> None:
        """Listen, and begin background work.

        Raises:
            mox.listen.BindError: A port cannot be had.
        """
        logging.getLogger().addHandler(self.metrics.log)
        self._parts.ground.notices.start()
        for port in self._ports:
            await self._listeners.listen(port)
        if self._duties is not None:
            await self._duties.start()
            logger.info("ready to serve", extra={"version": mox.__version__})
        else:
            self._tasks.spawn(self.metrics.share(self._parts.ground.clock), "numbers")
            self._parts.ground.notices.tell("started")
            logger.info("ready to help", extra={"worker": self._parts.ground.worker.number})

    async def stop(self) -> None:
        """End connections, finish what is being written, close."""
        self.shutdown.ask("stopping")
        await self._listeners.close(_GRACE_S)
        if self._web is not None:
            await self._web.close()
        if self._duties is not None:
            await self._duties.close()
        await self._tasks.close()
        await self._parts.close()
        self._parts.ground.notices.close()
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
