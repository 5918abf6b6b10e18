"""Keeping up with a server: coming back with a cache, replacing drafts, hearing of events."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from moxkit.imap import (
    LAST,
    AppendUid,
    Condition,
    Enable,
    EnabledData,
    EsearchData,
    EventGroup,
    ExistsData,
    Fetch,
    FetchAttribute,
    FetchData,
    FetchItem,
    MailboxFilter,
    MultiSearch,
    Notify,
    NumberCode,
    OutgoingMessage,
    QresyncParameters,
    Replaces,
    Response,
    Search,
    SearchKey,
    Select,
    SequenceSet,
    StatusData,
    VanishedData,
    parse_sequence_set,
)
from moxkit.imapclient.running import Running
from moxkit.wiretrace import Kind

__all__ = ["Changes", "Opened", "SyncPart"]


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to the messages of a mailbox.

    Attributes:
        changed: Messages that are new or have other flags, as they are now.
        vanished: UIDs of messages that are gone; also some that the client never knew of.
    """

    changed: tuple[FetchData, ...]
    vanished: SequenceSet


@dataclass(frozen=True, slots=True)
class Opened:
    """A mailbox as SELECT tells of it.

    Attributes:
        exists: How many messages there are.
        uidvalidity: What was known counts only if this is as it was.
        uidnext: 0 if it was not told.
        highest_modseq: To come back with; 0 if the server does not keep modseqs.
        changes: Since what was known; empty without.
    """

    exists: int
    uidvalidity: int
    uidnext: int
    highest_modseq: int
    changes: Changes


class SyncPart(Running):
    """Commands about what happened and what happens; part of `ImapClient`."""

    async def enable(self, *names: str) -> frozenset[str]:
        """Switch extensions on (RFC 5161); return what was switched on, in upper case.

        Raises:
            ImapError: Refused.
        """
        answer = await self.run(Enable(names))
        found = (data.names for data in answer.untagged if isinstance(data, EnabledData))
        return frozenset(name.upper() for names in found for name in names)

    async def open(
        self, mailbox: str, *, known: QresyncParameters | None = None, read_only: bool = False
    ) -> Opened:
        """Select a mailbox and, with what is known of it, learn what happened since (RFC 7162 §3.2.5).

        Args:
            mailbox: Its name.
            known: Of the cache; QRESYNC has to be enabled.
            read_only: EXAMINE.

        Raises:
            ImapError: Refused.
        """
        answer = await self.run(Select(mailbox, read_only, qresync=known))
        exists = [data.count for data in answer.untagged if isinstance(data, ExistsData)]
        numbers = {
            data.code.name: data.code.number
            for data in answer.untagged
            if isinstance(data, Condition) and isinstance(data.code, NumberCode)
        }
        return Opened(
            exists=exists[-1] if exists else 0,
            uidvalidity=numbers.get("UIDVALIDITY", 0),
            uidnext=numbers.get("UIDNEXT", 0),
            highest_modseq=numbers.get("HIGHESTMODSEQ", 0),
            changes=_changes(answer.untagged),
        )

    async def changes_since(
        self, modseq: int, uids: str = "1:*", *items: FetchItem, vanished: bool = True
    ) -> Changes:
        """Learn what happened to messages of the selected mailbox (RFC 7162 §3.1.4.1, §3.2.6).

        Args:
            modseq: Since then.
            uids: Of which messages.
            items: To fetch of those that changed; FLAGS without.
            vanished: Also which are gone; QRESYNC has to be enabled.

        Raises:
            ImapError: Refused.
        """
        wanted = items or (FetchAttribute.UID, FetchAttribute.FLAGS)
        numbers = parse_sequence_set(uids.encode())
        answer = await self.run(Fetch(numbers, wanted, uid=True, changed_since=modseq, vanished=vanished))
        return _changes(answer.untagged)

    async def replace(
        self, number: int | None, mailbox: str, message: OutgoingMessage, *, uid: bool = True
    ) -> AppendUid | None:
        """File a message and remove another of the selected mailbox, both or neither (RFC 8508).

        Args:
            number: Of the message to be removed; None for the last one.
            mailbox: Where the new one goes.
            message: The new one.
            uid: The number is a UID.

        Returns:
            Where the new message is; None if the server does not say.

        Raises:
            ImapError: Refused; nothing was changed.
        """
        replaces = Replaces(LAST if number is None else number, uid)
        tag = self._machine.replace(replaces, mailbox, message)
        answer = await self._finish("UID REPLACE" if uid else "REPLACE", tag, Kind.DATA)
        for data in (*answer.untagged, answer.condition):
            if isinstance(data, Condition) and isinstance(data.code, AppendUid):
                return data.code
        return None

    async def search_in(
        self, sources: Iterable[MailboxFilter], key: SearchKey, *returns: str
    ) -> list[EsearchData]:
        """Search in several mailboxes (RFC 7377); return one result for each in which something was found.

        Raises:
            ImapError: Refused.
        """
        search = Search(key, uid=True, returns=frozenset(option.upper() for option in returns) or None)
        answer = await self.run(MultiSearch(search, tuple(sources)))
        tag = answer.condition.tag
        return [data for data in answer.untagged if isinstance(data, EsearchData) and data.tag == tag]

    async def notify(self, *groups: EventGroup, status: bool = False) -> tuple[StatusData, ...]:
        """Say which events to hear of from now on; without groups, of none (RFC 5465).

        Args:
            groups: In their order.
            status: Learn first where things stand in the mailboxes that are watched.

        Raises:
            ImapError: Refused, with the code BADEVENT if the server does not know an event.
        """
        answer = await self.run(Notify(groups, status))
        return tuple(data for data in answer.untagged if isinstance(data, StatusData))

    @asynccontextmanager
    async def news(self) -> AsyncIterator[AsyncIterator[Response]]:
        """Wait for what NOTIFY asked for: yields an iterator of it, until the block ends.

        Commands can be run before and after it, not within. A server that has too much to tell says so by
        a condition with the code NOTIFICATIONOVERFLOW, and then tells nothing more.
        """
        timeout_s, self._conn.read_timeout = self._conn.read_timeout, None
        try:
            yield self._heard()
        finally:
            self._conn.read_timeout = timeout_s

    async def _heard(self) -> AsyncIterator[Response]:
        while True:
            yield await self._next()


def _changes(untagged: Sequence[Response]) -> Changes:
    vanished = [data.uids for data in untagged if isinstance(data, VanishedData) and data.earlier]
    return Changes(
        changed=tuple(data for data in untagged if isinstance(data, FetchData)),
        vanished=SequenceSet(tuple(each for uids in vanished for each in uids.ranges)),
    )
