"""APPEND of one or more messages (RFC 9051 §6.3.12, RFC 3502), REPLACE of one (RFC 8508): all of it, or none.

Messages stream into spools; nothing of the account changes before the last octet is on stable storage.
"""

import asyncio
import logging
import re

from mox.imapserver.commands.replace import replace, replaced_uid
from mox.imapserver.errors import RefusedError
from mox.imapserver.messagelimit import check_whole
from mox.imapserver.session import Done, Session
from mox.imapserver.urls import UrlRefusedError, relative_content
from mox.store import (
    Added,
    Content,
    Flags,
    NewMessage,
    Prepared,
    Spool,
    StoreError,
    Tx,
    add_message,
    check_quota,
    get_mailbox,
    parse_flags,
)
from moxkit.imap import (
    AppendMessage,
    AppendUid,
    CatenateBegin,
    Code,
    ConditionKind,
    MailboxNameError,
    Replaces,
    SequenceSet,
    check_mailbox_name,
)

__all__ = ["Append"]

logger = logging.getLogger(__name__)

_MOST_MESSAGES = 1000
_MOST_PARTS = 1000
# What a response code can hold (RFC 4469 §5, url-resp-text), of what a URL can.
_TELLABLE = re.compile(r"[!-\\^-~]{1,1000}")


class Append:
    """One APPEND or REPLACE under way."""

    def __init__(self, session: Session, tag: str, mailbox: str, replaces: Replaces | None = None) -> None:
        self._session = session
        self.tag = tag
        self._mailbox = mailbox
        self._replaces = replaces
        self._replaced_uid: int | None = None
        self._spools: list[Spool] = []
        self._flags: list[Flags] = []
        self._received_at: list[int | None] = []
        self._prepared: list[asyncio.Future[tuple[Content, Prepared]]] = []
        self._is_cancelled = False
        self._octets = 0
        self._trouble: OSError | None = None
        self._refused: RefusedError | StoreError | MailboxNameError | None = None
        self._is_whole = True
        self._parts = 0
        self._message_octets = 0

    def begin(self, message: AppendMessage, *, is_whole: bool = True) -> None:
        """Decide on an announced message, before any of its octets come.

        Args:
            message: As announced.
            is_whole: Its octets come in one literal.

        Raises:
            RefusedError: Too large, or too many.
            mox.store.StoreError: No such mailbox, no room, or bad flags.
        """
        session = self._session
        get_mailbox(session.mail.reader, check_mailbox_name(self._mailbox))
        if self._replaces is not None:
            self._replaced_uid = replaced_uid(session, self._replaces)
        limit = session.services.appendlimit_octets
        if message.size > limit:
            raise RefusedError(f"message is larger than {limit} octets", "TOOBIG")
        if len(self._spools) >= _MOST_MESSAGES:
            raise RefusedError(
                f"more than {_MOST_MESSAGES} messages in one APPEND", "LIMIT", ConditionKind.BAD
            )
        check_whole(len(self._spools) + 1, session.services.message_limit)
        self._flags.append(parse_flags(message.flags))
        self._received_at.append(None if message.date is None else int(message.date.timestamp()))
        self._octets += message.size
        session.mail.check_room(self._octets, len(self._flags))
        self._is_whole, self._message_octets = is_whole, message.size
        # A message of no octets cancels the whole (RFC 3502 §6.3.11).
        self._is_cancelled |= is_whole and message.size == 0
        self._spools.append(session.services.store.spools.new())

    async def take(self, octets: bytes, *, last: bool) -> None:
        """Take a piece of the message that was begun last."""
        if self._trouble is not None:
            return
        self._spools[-1].write_text_lines(octets)
        await self._flush_spool()
        if last and self._is_whole and not self._is_cancelled and self._trouble is None:
            self._prepare()

    async def _flush_spool(self) -> None:
        spool = self._spools[-1]
        if spool.wants_flush:
            try:
                await spool.flush()
            except OSError as error:
                # Answered when the client has sent all: it would not listen before.
                self._trouble = error

    def _prepare(self) -> None:
        # Synced in its own thread while the next message comes in.
        spool = self._spools[-1]
        self._prepared.append(asyncio.ensure_future(self._session.services.store.prepare(spool)))

    # A message that is put together (RFC 4469): what goes wrong is told where the client listens.

    def begin_parts(self, message: CatenateBegin) -> None:
        """Begin a message of several parts."""
        if self._refused is None:
            try:
                self.begin(AppendMessage(message.flags, message.date, 0, sync=False), is_whole=False)
            except (RefusedError, StoreError, MailboxNameError) as error:
                self._refused = error

    async def add_url(self, url: str) -> None:
        """Add what a URL stands for, octet by octet as it is."""
        if self._refused is not None or self._trouble is not None:
            return
        try:
            self._count_part()
            content = relative_content(self._session, url)
        except UrlRefusedError as error:
            logger.debug("url not appended", extra={"reason": str(error)})
            self._refused = RefusedError("URL cannot be used", _bad_url(url))
            return
        except RefusedError as error:
            self._refused = error
            return
        try:
            self._add_octets(content.size)
            for piece in content.pieces:
                self._spools[-1].write(piece)
                await self._flush_spool()
        except (RefusedError, StoreError) as error:
            self._refused = error
        finally:
            content.close()
        await asyncio.sleep(0)

    def begin_text(self, size: int) -> None:
        """Decide on an announced part.

        Raises:
            RefusedError: Too large, too many, or something before it cannot be used.
            mox.store.StoreError: No such mailbox, no room, or bad flags.
        """
        if self._refused is not None:
            raise self._refused
        self._count_part()
        self._add_octets(size)

    def end_parts(self) -> None:
        """End the message."""
        if self._refused is None and self._trouble is None:
            if self._spools[-1].size == 0:
                self._refused = RefusedError("message is empty")
                return
            self._prepare()

    def _count_part(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise RefusedError(f"more than {_MOST_PARTS} parts in one APPEND", "LIMIT")

    def _add_octets(self, size: int) -> None:
        self._message_octets += size
        self._octets += size
        limit = self._session.services.appendlimit_octets
        if self._message_octets > limit:
            raise RefusedError(f"message is larger than {limit} octets", "TOOBIG")
        self._session.mail.check_room(self._octets, len(self._flags))

    async def finish(self) -> Done:
        """File what came.

        Raises:
            RefusedError: It was cancelled.
            OSError: It could not be written.
            mox.store.StoreError: It cannot be filed; nothing was.
        """
        if self._is_cancelled:
            raise RefusedError("append cancelled")
        if self._refused is not None:
            raise self._refused
        if self._trouble is not None:
            raise self._trouble
        prepared = await asyncio.gather(*self._prepared)
        name = check_mailbox_name(self._mailbox)

        def file(tx: Tx) -> list[Added]:
            mailbox = get_mailbox(tx.connection, name)
            check_quota(tx, sum(content.size for content, _ in prepared), len(prepared))
            return [
                add_message(
                    tx, NewMessage(mailbox.id, content, learned, flags=flags, received_at=received_at)
                )
                for (content, learned), flags, received_at in zip(
                    prepared, self._flags, self._received_at, strict=True
                )
            ]

        session = self._session
        if self._replaced_uid is not None:
            return await replace(session, self._replaced_uid, file)
        added = await session.mail.write(file, session)
        uids = SequenceSet.of([each.uid for each in added])
        return Done("appended", bytes(AppendUid(added[0].uidvalidity, uids)))

    def discard(self) -> None:
        """Forget the temporary files, however it ended."""
        for spool in self._spools:
            spool.discard()
        for prepared in self._prepared:
            # What was given up while it was synced fails there, and nobody waits for it any more.
            prepared.add_done_callback(_look_at)


def _look_at(prepared: asyncio.Future[tuple[Content, Prepared]]) -> None:
    if not prepared.cancelled():
        prepared.exception()


def _bad_url(url: str) -> Code:
    """Name the URL that cannot be used (RFC 4469 §4.1), if a code can hold it."""
    return Code("BADURL", url.encode("ascii") if _TELLABLE.fullmatch(url) else b"")
