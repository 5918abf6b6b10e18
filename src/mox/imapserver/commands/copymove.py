"""COPY and MOVE (RFC 9051 §6.4.7, §6.4.8, RFC 4315 §3)."""

from mox.imapserver.errors import RefusedError
from mox.imapserver.messagelimit import check_whole, limited
from mox.imapserver.progress import Progress
from mox.imapserver.session import Done, Session
from mox.store import Transferred, copy_messages, move_messages
from moxkit.imap import Copy, CopyUid, Move, SequenceSet, check_mailbox_name

__all__ = ["copy", "move"]


def _copyuid(done: Transferred) -> bytes:
    return bytes(CopyUid(done.uidvalidity, SequenceSet.of(done.from_uids), SequenceSet.of(done.uids)))


async def copy(session: Session, tag: str, command: Copy) -> Done:
    """Copy all of them, or none."""
    view, target = session.view, check_mailbox_name(command.mailbox)
    spans = session.spans(command.numbers, by_uid=command.uid)
    check_whole(sum(stop - start for start, stop in spans), session.services.message_limit)
    ranges = view.uid_ranges(spans)
    work = session.mail.write(lambda tx: copy_messages(tx, view.mailbox_id, ranges, target), session)
    done = await Progress(session, tag, sum(stop - start for start, stop in spans)).watch(work)
    return Done("nothing to copy") if done is None else Done("copied", _copyuid(done))


async def move(session: Session, tag: str, command: Move) -> Done:
    """Move all up to the limit, or none; COPYUID comes before the removals are told (RFC 6851 §4.3)."""
    view, target = session.view, check_mailbox_name(command.mailbox)
    if view.read_only:
        raise RefusedError("mailbox is open for reading only")
    spans = session.spans(command.numbers, by_uid=command.uid)
    spans, limit_code = limited(view, spans, session.services.message_limit)
    ranges = view.uid_ranges(spans)
    work = session.mail.write(lambda tx: move_messages(tx, view.mailbox_id, ranges, target), session)
    done = await Progress(session, tag, sum(stop - start for start, stop in spans)).watch(work)
    if done is None:
        return Done("nothing to move")
    session.write(b"* OK [%b] moved\r\n" % _copyuid(done))
    session.write_updates()
    if limit_code:
        return Done("moved the newest", limit_code)
    return Done("moved", b"HIGHESTMODSEQ %d" % view.told_modseq if session.condstore else b"")
