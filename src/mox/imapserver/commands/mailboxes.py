"""CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 §6.3.4-§6.3.8, RFC 6154 §3)."""

from mox import store
from mox.imapserver.errors import RefusedError
from mox.imapserver.objectids import mailbox_id_code
from mox.imapserver.session import Done, Session
from moxkit.imap import INBOX, Create, Delete, ListData, Rename, Subscribe, Unsubscribe, check_mailbox_name

__all__ = ["create", "delete", "rename", "subscribe", "unsubscribe"]

_USES = {use.lower(): use for use in store.SPECIAL_USES}


async def create(session: Session, _tag: str, command: Create) -> Done:
    """Create a mailbox and the parents it lacks; each is told."""
    # A trailing separator announces children, which all mailboxes can have (RFC 9051 §6.3.4).
    asked = command.mailbox.removesuffix("/")
    name = check_mailbox_name(asked)
    if len(command.special_use) > 1:
        raise RefusedError("one special use for each mailbox", "USEATTR")
    use = _USES.get(command.special_use[0].lower()) if command.special_use else None
    if command.special_use and use is None:
        raise RefusedError("no such special use", "USEATTR")
    created = await session.mail.write(lambda tx: store.create_mailbox(tx, name, use), session)
    for mailbox in created:
        was_changed = session.is_rev2 and mailbox.name == name != asked and not name.startswith(INBOX)
        data = ListData(("\\Subscribed",), "/", mailbox.name, old_name=asked if was_changed else None)
        session.write(data.encode(utf8=session.utf8))
    return Done("mailbox is created", bytes(mailbox_id_code(session, created[-1].id)))


async def delete(session: Session, _tag: str, command: Delete) -> Done:
    """Delete a mailbox with its messages."""
    name = check_mailbox_name(command.mailbox)
    await session.mail.write(lambda tx: store.delete_mailbox(tx, name), session)
    return Done("mailbox is deleted")


async def rename(session: Session, _tag: str, command: Rename) -> Done:
    """Rename a mailbox with its children; the Inbox instead gives its messages away."""
    source, destination = check_mailbox_name(command.source), check_mailbox_name(command.destination)
    if source == INBOX:
        await session.mail.write(lambda tx: _empty_inbox(tx, destination), session)
        return Done("messages are moved")
    created = await session.mail.write(lambda tx: store.rename_mailbox(tx, source, destination), session)
    for mailbox in created:
        session.write(ListData(("\\Subscribed",), "/", mailbox.name).encode(utf8=session.utf8))
    if session.is_rev2:
        session.write(ListData((), "/", destination, old_name=source).encode(utf8=session.utf8))
    return Done("mailbox is renamed")


def _empty_inbox(tx: store.Tx, destination: str) -> None:
    """RFC 9051 §6.3.6: Inbox stays, its messages go to a new mailbox, with a copy of its annotations."""
    created = store.create_mailbox(tx, destination)
    inbox = store.get_mailbox(tx.connection, INBOX)
    # RFC 5464 §4.1.
    copied = [(each.name, each.value) for each in store.list_annotations(tx.connection, inbox.id)]
    store.set_annotations(tx, created[-1].id, copied)
    store.move_messages(tx, inbox.id, [(1, inbox.uidnext)], destination)


async def subscribe(session: Session, _tag: str, command: Subscribe) -> Done:
    """Subscribe any name a mailbox could have."""
    name = check_mailbox_name(command.mailbox)
    await session.mail.write(lambda tx: store.subscribe(tx, name), session)
    return Done("subscribed")


async def unsubscribe(session: Session, _tag: str, command: Unsubscribe) -> Done:
    """End a subscription."""
    name = check_mailbox_name(command.mailbox)
    await session.mail.write(lambda tx: store.unsubscribe(tx, name), session)
    return Done("unsubscribed")
