"""REPLACE (RFC 8508): a new message is filed and an old one removed, both or neither."""

from collections.abc import Callable

from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Done, Session
from mox.store import Added, Tx, expunge_messages
from moxkit.imap import LAST, AppendUid, ConditionKind, Replaces, SequenceSet

__all__ = ["replace", "replaced_uid"]


def replaced_uid(session: Session, replaces: Replaces) -> int:
    """Return the UID of the message to be replaced, which the client must know.

    Raises:
        RefusedError: There is none, or the mailbox is open for reading only.
    """
    view, number = session.view, replaces.number
    if view.read_only:
        raise RefusedError("mailbox is open for reading only")
    if session.uid_only and not replaces.uid:
        raise RefusedError("message numbers are given up", "UIDREQUIRED", ConditionKind.BAD)
    if number == LAST and view.uids:
        return view.uids[-1]
    if replaces.uid and view.number_of(number) is not None:
        return number
    if not replaces.uid and number <= len(view.uids):
        return view.uids[number - 1]
    raise RefusedError("no such message", kind=ConditionKind.NO if replaces.uid else ConditionKind.BAD)


async def replace(session: Session, uid: int, file: Callable[[Tx], list[Added]]) -> Done:
    """File the new message, remove the old one, and tell: where it went comes first (RFC 8508 §4.3).

    Raises:
        RefusedError: Somebody else has removed the old message; the new one was not filed.
        mox.store.StoreError: The new one cannot be filed; nothing was changed.
    """
    view = session.view

    def both(tx: Tx) -> Added:
        (added,) = file(tx)
        if not expunge_messages(tx, view.mailbox_id, [uid]):
            raise RefusedError("the message to be replaced is gone")
        return added

    added = await session.mail.write(both, session)
    code = bytes(AppendUid(added.uidvalidity, SequenceSet.of([added.uid])))
    session.write(b"* OK [%b] replacement is filed\r\n" % code)
    session.write_updates()
    return Done("replaced", b"HIGHESTMODSEQ %d" % view.told_modseq if session.condstore else b"")
