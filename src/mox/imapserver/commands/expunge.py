"""EXPUNGE, UID EXPUNGE, CLOSE (RFC 9051 §6.4.1, §6.4.3, RFC 4315 §2.1)."""

from bisect import bisect_right

from mox.imapserver.errors import RefusedError
from mox.imapserver.messagelimit import limited
from mox.imapserver.progress import Progress
from mox.imapserver.session import Done, Session
from mox.store import expunge_deleted
from moxkit.imap import Close, Expunge

__all__ = ["close", "expunge"]


async def _expunge(session: Session, tag: str, ranges: list[tuple[int, int]]) -> None:
    """Remove what is marked, among what the client knows: never a message it has not been told of."""
    view = session.view
    highest = view.uids[-1] if view.uids else 0
    lows = [low for low, _ in ranges]

    def accepts(uid: int) -> bool:
        at = bisect_right(lows, uid) - 1
        return uid <= highest and at >= 0 and uid <= ranges[at][1]

    work = session.mail.write(lambda tx: expunge_deleted(tx, view.mailbox_id, accepts), session)
    await Progress(session, tag, len(view.uids)).watch(work)


async def expunge(session: Session, tag: str, command: Expunge) -> Done:
    """Remove messages marked for it; the removals are told before the answer."""
    view = session.view
    if view.read_only:
        raise RefusedError("mailbox is open for reading only")
    ranges, limit_code = [(1, 2**32)], b""
    if command.uids is not None:
        spans = session.spans(command.uids, by_uid=True)
        spans, limit_code = limited(view, spans, session.services.message_limit)
        ranges = view.uid_ranges(spans)
    await _expunge(session, tag, ranges)
    session.write_updates()
    if limit_code:
        return Done("removed among the newest", limit_code)
    if session.condstore:
        return Done("removed", b"HIGHESTMODSEQ %d" % view.told_modseq)
    return Done("removed")


async def close(session: Session, tag: str, _command: Close) -> Done:
    """Remove silently what is marked, and close."""
    if not session.view.read_only:
        await _expunge(session, tag, [(1, 2**32)])
    session.deselect()
    return Done("mailbox is closed")
