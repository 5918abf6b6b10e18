"""SELECT, EXAMINE, UNSELECT (RFC 9051 §6.3.2, §6.3.3, §6.4.2)."""

from mox.imapserver.commands.hello import enable_condstore
from mox.imapserver.commands.resync import missed_since, write_missed
from mox.imapserver.errors import RefusedError
from mox.imapserver.objectids import mailbox_id_code
from mox.imapserver.selected import Selected
from mox.imapserver.session import Done, Session
from mox.imapserver.updates import flags_lines
from mox.store import first_unseen_uid, get_mailbox, highest_modseq, live_uids
from moxkit.imap import (
    ConditionKind,
    ExistsData,
    ListData,
    RecentData,
    Select,
    Unselect,
    check_mailbox_name,
)

__all__ = ["select", "unselect"]


async def select(session: Session, _tag: str, command: Select) -> Done:
    """Open a mailbox; the one that was open is closed even if that fails."""
    if session.selected is not None:
        session.deselect()
        session.write(b"* OK [CLOSED] previous mailbox is closed\r\n")
    if command.qresync is not None and not session.qresync:
        raise RefusedError("QRESYNC is not enabled", kind=ConditionKind.BAD)
    if command.condstore:
        enable_condstore(session)
    reader = session.mail.reader
    with reader.snapshot():
        mailbox = get_mailbox(reader, check_mailbox_name(command.mailbox))
        uids = live_uids(reader, mailbox.id)
        # Its message number is of no use to a client without numbers (RFC 9586 §3).
        tells_unseen = mailbox.unseen and not session.is_rev2 and not session.uid_only
        unseen = first_unseen_uid(reader, mailbox.id) if tells_unseen else None
        missed = missed_since(reader, mailbox, command.qresync)
        modseq = highest_modseq(reader)
    selected = Selected(
        mailbox_id=mailbox.id,
        name=mailbox.name,
        uids=uids,
        modseq=modseq,
        keywords=mailbox.keywords,
        read_only=command.read_only,
    )
    write = session.write
    write(flags_lines(mailbox.keywords, read_only=command.read_only))
    if not session.is_rev2:
        write(RecentData(0).encode())
    write(ExistsData(len(uids)).encode())
    if unseen is not None:
        write(b"* OK [UNSEEN %d] first unseen message\r\n" % (selected.number_of(unseen) or 1))
    write(b"* OK [UIDVALIDITY %d] UIDs are valid\r\n" % mailbox.uidvalidity)
    write(b"* OK [UIDNEXT %d] predicted next UID\r\n" % mailbox.uidnext)
    write(ListData((), "/", mailbox.name).encode(utf8=session.utf8))
    # Told to everybody: it costs nothing, and clients learn that it is there (RFC 7162 §3.1.2.1).
    write(b"* OK [HIGHESTMODSEQ %d] highest\r\n" % modseq)
    write(b"* OK [%b] stays when renamed\r\n" % bytes(mailbox_id_code(session, mailbox.id)))
    write(b"* OK [URLMECH INTERNAL] URLs can be authorized\r\n")
    session.select(selected)
    if missed is not None:
        await write_missed(session, missed)
    return Done("mailbox is open", b"READ-ONLY" if command.read_only else b"READ-WRITE")


async def unselect(session: Session, _tag: str, _command: Unselect) -> Done:
    """Close without removing anything."""
    session.deselect()
    return Done("mailbox is closed")
