"""NOTIFY (RFC 5465): what the client is told from now on, in IDLE and between commands too."""

from mox.imapserver.errors import RefusedError
from mox.imapserver.mailboxnews import status_values
from mox.imapserver.session import Done, Session
from mox.imapserver.watch import Watch, watch_of
from mox.store import list_mailboxes, list_subscriptions
from moxkit.imap import Notify, NotifyEvent, StatusItem

__all__ = ["notify"]

_INITIAL = {StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.UIDVALIDITY, StatusItem.UNSEEN}


async def notify(session: Session, _tag: str, command: Notify) -> Done:
    """Replace what was asked for before; what happened until now is told as a NOOP would."""
    news = session.news
    if news is None:
        raise RefusedError("sign in first")
    if not command.groups:
        news.be_silent()
        return Done("nothing more is told")
    watch = watch_of(command)
    news.watch_for(watch)
    if command.status:
        _write_status(session, watch)
    return Done("you will be told")


def _write_status(session: Session, watch: Watch) -> None:
    """Tell where things stand in the mailboxes whose messages are watched (RFC 5465 §3.1)."""
    reader, selected = session.mail.reader, session.selected
    subscribed = set(list_subscriptions(reader)) if watch.needs_subscriptions else set[str]()
    for mailbox in list_mailboxes(reader):
        is_subscribed = mailbox.name in subscribed
        if selected is not None and mailbox.id == selected.mailbox_id:
            continue
        if not watch.wants_messages(mailbox.name, is_subscribed=is_subscribed):
            continue
        items = set(_INITIAL)
        if session.condstore or watch.wants(
            NotifyEvent.FLAG_CHANGE, mailbox.name, is_subscribed=is_subscribed
        ):
            items.add(StatusItem.HIGHESTMODSEQ)
        session.write(status_values(mailbox, items).encode(utf8=session.utf8))
