"""Tells news together with what has to be fetched for it (RFC 5465 §5.2)."""

import asyncio

from mox.imapserver.commands.contentitems import ContentWriter
from mox.imapserver.contexts import tell_changed
from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Session
from mox.store import stored_messages
from moxkit.imap import FetchItem

__all__ = ["tell"]

_BLOCK = 50


async def tell(session: Session, *, may_remove: bool = True) -> None:
    """Tell what is new.

    Args:
        session: Whose client is told.
        may_remove: See `News.tell`.

    Raises:
        ConnectionError: The client is gone, or could not be sent a message to its end.
    """
    session.write_updates(may_remove=may_remove)
    wanted: dict[int, dict[FetchItem, None]] = {}
    for context, uids in await tell_changed(session):
        _want(wanted, uids, context.items)
    news = session.news
    if news is not None and news.new_uids:
        uids, news.new_uids = news.new_uids, []
        _want(wanted, uids, news.items)
    by_items: dict[tuple[FetchItem, ...], list[int]] = {}
    for uid in sorted(wanted):
        by_items.setdefault(tuple(wanted[uid]), []).append(uid)
    for items, uids in by_items.items():
        for start in range(0, len(uids), _BLOCK):
            await _tell_items(session, uids[start : start + _BLOCK], items)


def _want(wanted: dict[int, dict[FetchItem, None]], uids: list[int], items: tuple[FetchItem, ...]) -> None:
    """Note items; what is asked for twice is told once, in one response (RFC 5465 §5.2)."""
    for uid in uids if items else ():
        wanted.setdefault(uid, {}).update(dict.fromkeys(items))


async def _tell_items(session: Session, uids: list[int], items: tuple[FetchItem, ...]) -> None:
    selected = session.selected
    if selected is None:
        return
    writer = ContentWriter(session, items)
    stored = stored_messages(session.mail, selected.mailbox_id, uids, with_renderings=writer.needs_renderings)
    for row, content in stored:
        number = selected.number_of(row.uid)
        if number is None:
            continue
        try:
            await writer.write(number, row, content)
        except RefusedError as error:
            # The client learns that it is there, and why there is no more of it.
            code = b"" if error.code is None else b"[%b] " % bytes(error.code)
            session.write(b"* NO %b%b\r\n" % (code, error.text.encode()))
            session.write(session.dialect.flags(number, row.uid, row.flags_text, row.modseq))
        except OSError as error:
            raise ConnectionError("a new message could not be read") from error
    await session.flush()
    await asyncio.sleep(0)
