"""The database of reports, and what works on it."""

from collections.abc import Callable, Collection
from concurrent.futures import Executor
from pathlib import Path

from mox.database import GroupWriter, Migrations, open_database, open_reader
from mox.reports.evaluations import Evaluations
from mox.reports.inbox import ReportInbox
from mox.runtime import Clock

__all__ = ["Reports"]

_MIGRATIONS = Migrations("mox.reports", "schema")


class Reports:
    """The reports of a server.

    Attributes:
        inbox: Reports that came in.
        evaluations: What we will report.
    """

    def __init__(
        self,
        *,
        directory: Path,
        clock: Clock,
        pool: Executor,
        own_domains: Callable[[], Collection[str]],
        is_shared: bool = False,
    ) -> None:
        """Open `reports.db` below the data directory, creating it if need be; blocking.

        Args:
            directory: The server's data directory.
            clock: For what is written later.
            pool: Writes.
            own_domains: ASCII names that reports may be about: domains, and hosts for TLS; asked each time.
            is_shared: Other processes write to it, too.
        """
        self._writing = open_database(directory / "reports.db", _MIGRATIONS)
        self._reader = open_reader(directory / "reports.db")
        self._writer = GroupWriter(self._writing, pool, is_shared=is_shared)
        self.inbox = ReportInbox(writer=self._writer, reader=self._reader, own_domains=own_domains)
        self.evaluations = Evaluations(writer=self._writer, reader=self._reader, clock=clock)

    async def close(self) -> None:
        """Write what is left and close."""
        await self.evaluations.close()
        await self._writer.run(lambda _: None)
        self._reader.close()
        self._writer.close()
