"""STATUS (RFC 9051 §6.3.11): counters that are kept, nothing is counted."""

from mox.imapserver.commands.hello import enable_condstore
from mox.imapserver.session import Done, Session
from mox.store import Mailbox, get_mailbox, mailbox_object_id
from moxkit.imap import Status, StatusData, StatusItem, check_mailbox_name

__all__ = ["status", "status_data"]


def status_data(session: Session, mailbox: Mailbox, items: tuple[StatusItem, ...]) -> bytes:
    """Write the response for one mailbox."""
    values: dict[StatusItem, int | str | None] = {
        StatusItem.APPENDLIMIT: None,
        StatusItem.DELETED: mailbox.deleted,
        StatusItem.DELETED_STORAGE: mailbox.deleted_octets,
        StatusItem.HIGHESTMODSEQ: mailbox.modseq,
        StatusItem.MAILBOXID: mailbox_object_id(session.mail.object_prefix, mailbox.id),
        StatusItem.MESSAGES: mailbox.total,
        StatusItem.RECENT: 0,
        StatusItem.SIZE: mailbox.octets,
        StatusItem.UIDNEXT: mailbox.uidnext,
        StatusItem.UIDVALIDITY: mailbox.uidvalidity,
        StatusItem.UNSEEN: mailbox.unseen,
    }
    data = StatusData(mailbox.name, tuple((item, values[item]) for item in items))
    return data.encode(utf8=session.utf8)


async def status(session: Session, _tag: str, command: Status) -> Done:
    """Tell about one mailbox, selected or not."""
    if StatusItem.HIGHESTMODSEQ in command.items:
        enable_condstore(session)
    mailbox = get_mailbox(session.mail.reader, check_mailbox_name(command.mailbox))
    session.write(status_data(session, mailbox, command.items))
    return Done("status told")
