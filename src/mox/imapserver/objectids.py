"""Object identifiers in codes and in searches (RFC 8474)."""

from mox.imapserver.session import Session
from mox.store import mailbox_object_id, uids_of_email, uids_of_thread
from moxkit.imap import EmailIdKey, MailboxIdCode, NumberKey, SequenceSet, ThreadIdKey

__all__ = ["by_object_id", "mailbox_id_code"]


def mailbox_id_code(session: Session, mailbox_id: int) -> MailboxIdCode:
    """Return the code for a mailbox (RFC 8474 §4.1, §4.2)."""
    return MailboxIdCode(mailbox_object_id(session.mail.object_prefix, mailbox_id))


def by_object_id(session: Session, mailbox_id: int, key: EmailIdKey | ThreadIdKey) -> NumberKey:
    """Turn a key into UIDs: the store finds them by its indexes (RFC 8474 §6)."""
    find = uids_of_email if isinstance(key, EmailIdKey) else uids_of_thread
    return NumberKey(SequenceSet.of(find(session.mail.reader, mailbox_id, key.object_id)), uid=True)
