"""Takes a message in: puts it on stable storage, and finds out who it is from while the disk is busy."""

import asyncio
import logging
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Protocol

from mox.delivery.forgedresults import forged_results
from mox.delivery.headers import received_field
from mox.delivery.incoming import Incoming
from mox.delivery.received import ReceivedMessage, sender_of
from mox.reports import ReportProblem, ValidReport
from mox.runtime import Clock
from mox.store import Content, Prepared, Spool, Store, copy_without, open_content, read_header
from mox.verification import Peer, Verification, Verifying
from moxkit.message import Headers, Source

__all__ = ["ChecksReports", "Intake"]

logger = logging.getLogger(__name__)

_Found = tuple[Verification, ValidReport | ReportProblem | None]


class ChecksReports(Protocol):
    """Recognises reports about mail authentication; see `mox.reports.ReportInbox`."""

    async def check(self, source: Source, found: Verification, now: datetime) -> ValidReport | ReportProblem:
        """Say whether a message is a report that can be used."""
        ...


class Intake:
    """Takes messages of one server in."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        verifier: Verifying,
        own_names: Callable[[], Collection[str]],
        reports: ChecksReports | None,
    ) -> None:
        """Remember whom to ask; see `Delivery`."""
        self._store = store
        self._clock = clock
        self._verifier = verifier
        self._own_names = own_names
        self._reports = reports

    async def take(self, incoming: Incoming, copy: Spool) -> ReceivedMessage:
        """Take a message in.

        Args:
            incoming: The message.
            copy: For what is filed of it, should that be another than what came.

        Raises:
            OSError: It could not be put on stable storage.
        """
        as_it_came = incoming.spool.in_memory()
        if as_it_came is None:
            content, prepared, (found, report) = await self._take_large(incoming, copy)
        else:
            content, prepared, (found, report) = await self._take_small(incoming, as_it_came, copy)
        received = received_field(
            incoming.connection,
            received_at=incoming.received_at,
            recipients=[each.path for each in incoming.recipients] + [each.path for each in incoming.aliases],
            smtputf8=incoming.smtputf8,
            requires_tls=incoming.requires_tls,
            reverse_name="" if found.iprev.name is None else found.iprev.name.ascii,
        )
        sender = sender_of(found, is_tls=bool(incoming.connection.tls_version))
        headers = Headers(_header(content, prepared))
        return ReceivedMessage(incoming, content, prepared, headers, found, sender, received, report)

    async def _take_small(
        self, incoming: Incoming, as_it_came: Content, copy: Spool
    ) -> tuple[Content, Prepared, _Found]:
        spool = incoming.spool
        if forged := self._forged(incoming, as_it_came):
            spool = copy
            await copy_without(as_it_came, forged, spool)
        # Neither waits for the other; both end, so that nothing goes on behind whoever asked.
        stored, found = await asyncio.gather(
            self._store.prepare(spool), self._find_out(incoming, as_it_came), return_exceptions=True
        )
        for each in (stored, found):
            if isinstance(each, BaseException):
                raise each
        assert not isinstance(stored, BaseException)  # noqa: S101  for the type checker, which loses it
        assert not isinstance(found, BaseException)  # noqa: S101
        return *stored, found

    async def _take_large(self, incoming: Incoming, copy: Spool) -> tuple[Content, Prepared, _Found]:
        as_it_came, prepared = await self._store.prepare(incoming.spool)
        content = as_it_came
        found = await self._find_out(incoming, as_it_came)
        if forged := self._forged(incoming, as_it_came):
            await copy_without(as_it_came, forged, copy)
            content, prepared = await self._store.prepare(copy)
        return content, prepared, found

    def _forged(self, incoming: Incoming, content: Content) -> list[tuple[int, int]]:
        with open_content(content) as octets:
            forged = forged_results(octets, {incoming.connection.hostname, *self._own_names()})
        if forged:
            logger.info(
                "forged results removed", extra={"fields": len(forged), "from": incoming.reverse_path}
            )
        return forged

    async def _find_out(self, incoming: Incoming, content: Content) -> _Found:
        connection = incoming.connection
        peer = Peer(connection.remote_ip, connection.ehlo, connection.hostname)
        header = read_header(content) or b""
        with open_content(content) as octets:
            found = await self._verifier.verify(peer, incoming.reverse_path, octets, header)
            return found, await self._check_report(incoming, octets, found)

    async def _check_report(
        self, incoming: Incoming, octets: Source, found: Verification
    ) -> ValidReport | ReportProblem | None:
        """Say whether a message is a report; None if nobody waits for one."""
        if self._reports is None or not any(each.reports for each in incoming.recipients):
            return None
        return await self._reports.check(octets, found, self._clock.now())


def _header(content: Content, prepared: Prepared) -> bytes:
    header = prepared.header if prepared.header is not None else read_header(content)
    return header or b""
