"""APPEND of one or more messages (RFC 9051 §6.3.12, RFC 3502), REPLACE of one (RFC 8508): all of it, or none.

Messages stream into spools; nothing of the account changes before the last octet is on stable storage.
"""

import asyncio

from mox.imapserver.commands.replace import replace, replaced_uid
from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Done, Session
from mox.store import (
    Added,
    Content,
    Flags,
    NewMessage,
    Prepared,
    Spool,
    Tx,
    add_message,
    check_quota,
    get_mailbox,
    parse_flags,
)
from moxkit.imap import (
    AppendMessage,
    AppendUid,
    ConditionKind,
    Replaces,
    SequenceSet,
    check_mailbox_name,
)

__all__ = ["Append"]

_MOST_MESSAGES = 1000


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

    def begin(self, message: AppendMessage) -> None:
        """Decide on an announced message, before any of its octets come.

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
        self._flags.append(parse_flags(message.flags))
        self._received_at.append(None if message.date is None else int(message.date.timestamp()))
        self._octets += message.size
        session.mail.check_room(self._octets, len(self._flags))
        # A message of no octets cancels the whole (RFC 3502 §6.3.11).
        self._is_cancelled |= message.size == 0
        self._spools.append(session.services.store.spools.new())

    async def take(self, octets: bytes, *, last: bool) -> None:
        """Take a piece of the message that was begun last."""
        if self._trouble is not None:
            return
        spool = self._spools[-1]
        spool.write_text_lines(octets)
        if spool.wants_flush:
            try:
                await spool.flush()
            except OSError as error:
                # Answered when the client has sent all: it would not listen before.
                self._trouble = error
                return
        if last and not self._is_cancelled:
            # Synced in its own thread while the next message comes in.
            self._prepared.append(asyncio.ensure_future(self._session.services.store.prepare(spool)))

    async def finish(self) -> Done:
        """File what came.

        Raises:
            RefusedError: It was cancelled.
            OSError: It could not be written.
            mox.store.StoreError: It cannot be filed; nothing was.
        """
        if self._is_cancelled:
            raise RefusedError("append cancelled")
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
