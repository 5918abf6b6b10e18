"""Mailboxes: find, create, delete, rename, subscribe, special use.

Names are whole paths with `/`, already checked and normalised (`moxkit.imap` holds the rules): every parent
exists, `Inbox` is spelled so and can be neither deleted nor created. Rules: RFC 9051 §6.3.4-§6.3.8, RFC 6154.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mox.database import Connection
from mox.store.changes import (
    MailboxAdded,
    MailboxRemoved,
    MailboxRenamed,
    SpecialUseChanged,
    SubscriptionAdded,
    SubscriptionRemoved,
)
from mox.store.errors import (
    MailboxExistsError,
    MailboxHasChildrenError,
    MailboxNotAllowedError,
    MailboxUnknownError,
)
from mox.store.expunge import expunge_all
from mox.store.quota import check_mailbox_quota
from mox.store.transaction import Tx

__all__ = [
    "INBOX",
    "SPECIAL_USES",
    "Mailbox",
    "create_mailbox",
    "delete_mailbox",
    "ensure_mailbox",
    "find_mailbox",
    "get_mailbox",
    "list_mailboxes",
    "list_subscriptions",
    "rename_mailbox",
    "set_special_use",
    "subscribe",
    "unsubscribe",
]

INBOX = "Inbox"
SPECIAL_USES = ("\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash")

_COLUMNS = """id, parent_id, name, uidvalidity, uidnext, special_use, keywords, modseq,
  total, unseen, deleted, deleted_octets, octets"""
_BY_NAME = f"SELECT {_COLUMNS} FROM mailbox WHERE name = :name AND expunged_at IS NULL"  # noqa: S608  a constant
_BY_ID = f"SELECT {_COLUMNS} FROM mailbox WHERE id = :id AND expunged_at IS NULL"  # noqa: S608  a constant
_ALL = f"SELECT {_COLUMNS} FROM mailbox WHERE expunged_at IS NULL ORDER BY name"  # noqa: S608  a constant
_INSERT = """INSERT INTO mailbox(parent_id, name, uidvalidity, special_use, create_seq, modseq)
  VALUES (:parent_id, :name, :uidvalidity, :special_use, :modseq, :modseq)"""
_NEXT_UIDVALIDITY = (
    "UPDATE account SET next_uidvalidity = next_uidvalidity + 1 RETURNING next_uidvalidity - 1"
)
_HAS_CHILDREN = "SELECT 1 FROM mailbox WHERE parent_id = :id AND expunged_at IS NULL"
_EXPUNGE = "UPDATE mailbox SET expunged_at = :now, special_use = NULL, modseq = :modseq WHERE id = :id"
_RENAME = "UPDATE mailbox SET name = :name, parent_id = :parent_id, modseq = :modseq WHERE id = :id"
_CHILDREN = """SELECT id, name FROM mailbox
  WHERE expunged_at IS NULL AND name > :prefix AND name < :prefix_end ORDER BY name"""
_INHERIT_RIGHTS = """INSERT INTO mailbox_rights(mailbox_id, identifier, rights)
  SELECT :id, identifier, rights FROM mailbox_rights WHERE mailbox_id = :parent_id"""
_FORGET_RIGHTS = "DELETE FROM mailbox_rights WHERE mailbox_id = :id"
_FORGET_ANNOTATIONS = "DELETE FROM annotation WHERE mailbox_id = :id"
_SET_USE = "UPDATE mailbox SET special_use = :use, modseq = :modseq WHERE id = :id"
_BY_USE = "SELECT id, name FROM mailbox WHERE special_use = :use AND id <> :id AND expunged_at IS NULL"
_SUBSCRIBE = "INSERT OR IGNORE INTO subscription(name) VALUES (:name)"
_UNSUBSCRIBE = "DELETE FROM subscription WHERE name = :name"
_SUBSCRIPTIONS = "SELECT name FROM subscription ORDER BY name"


@dataclass(frozen=True, slots=True)
class Mailbox:
    r"""A mailbox as the database has it.

    Attributes:
        special_use: `\Sent` and the like, or None.
        keywords: In use, sorted.
        total: Live messages, those marked \Deleted included.
        octets: Sum of their sizes.
    """

    id: int
    parent_id: int | None
    name: str
    uidvalidity: int
    uidnext: int
    special_use: str | None
    keywords: tuple[str, ...]
    modseq: int
    total: int
    unseen: int
    deleted: int
    deleted_octets: int
    octets: int


def _mailbox(row: Sequence[object]) -> Mailbox:
    values = list(row)
    values[6] = tuple(str(values[6]).split())
    return Mailbox(*values)  # type: ignore[arg-type]  # the columns are the fields, in order


def find_mailbox(connection: Connection, name: str) -> Mailbox | None:
    """Return the live mailbox of that name, or None."""
    row = connection.row(_BY_NAME, name=name)
    return None if row is None else _mailbox(row)


def get_mailbox(connection: Connection, mailbox: str | int) -> Mailbox:
    """Return a live mailbox by name or id.

    Raises:
        MailboxUnknownError: There is none.
    """
    row = (
        connection.row(_BY_ID, id=mailbox)
        if isinstance(mailbox, int)
        else connection.row(_BY_NAME, name=mailbox)
    )
    if row is None:
        raise MailboxUnknownError(mailbox)
    return _mailbox(row)


def list_mailboxes(connection: Connection) -> list[Mailbox]:
    """Return all live mailboxes by name."""
    return [_mailbox(row) for row in connection.rows(_ALL)]


def list_subscriptions(connection: Connection) -> list[str]:
    """Return all subscribed names, sorted; a name's mailbox need not exist."""
    return [row[0] for row in connection.rows(_SUBSCRIPTIONS)]


def create_mailbox(tx: Tx, name: str, special_use: str | None = None) -> list[Mailbox]:
    """Create a mailbox and the parents it lacks, all subscribed; return them, parents first.

    Raises:
        MailboxExistsError: It is there, or is the Inbox.
        OverQuotaError: The account has as many mailboxes as it may have.
    """
    if find_mailbox(tx.connection, name) is not None:
        raise MailboxExistsError(name)
    created = _create_missing(tx, name)
    if special_use is not None:
        set_special_use(tx, created[-1].id, special_use)
        created[-1] = get_mailbox(tx.connection, name)
    return created


def ensure_mailbox(tx: Tx, name: str) -> Mailbox:
    """Return a mailbox; create it with its parents if it is missing, as a delivery does."""
    if (mailbox := find_mailbox(tx.connection, name)) is not None:
        return mailbox
    return _create_missing(tx, name)[-1]


def _create_missing(tx: Tx, name: str) -> list[Mailbox]:
    created: list[Mailbox] = []
    parent_id: int | None = None
    parts = name.split("/")
    for depth in range(1, len(parts) + 1):
        path = "/".join(parts[:depth])
        mailbox = find_mailbox(tx.connection, path)
        if mailbox is None:
            check_mailbox_quota(tx)
            uidvalidity = tx.connection.value(_NEXT_UIDVALIDITY)
            tx.connection.run(
                _INSERT,
                parent_id=parent_id,
                name=path,
                uidvalidity=uidvalidity,
                special_use=None,
                modseq=tx.modseq,
            )
            mailbox = get_mailbox(tx.connection, path)
            if parent_id is not None:
                tx.connection.run(_INHERIT_RIGHTS, id=mailbox.id, parent_id=parent_id)
            created.append(mailbox)
            tx.connection.run(_SUBSCRIBE, name=path)
            tx.announce(MailboxAdded(mailbox.id, tx.modseq, path))
        parent_id = mailbox.id
    return created


def delete_mailbox(tx: Tx, name: str) -> None:
    """Delete a mailbox with its messages; its subscription stays (RFC 9051 §6.3.5).

    Raises:
        MailboxNotAllowedError: It is the Inbox.
        MailboxUnknownError: There is none.
        MailboxHasChildrenError: Children first.
    """
    if name == INBOX:
        raise MailboxNotAllowedError("the Inbox cannot be deleted")
    mailbox = get_mailbox(tx.connection, name)
    if tx.connection.row(_HAS_CHILDREN, id=mailbox.id):
        raise MailboxHasChildrenError(name)
    expunge_all(tx, mailbox.id)
    tx.connection.run(_FORGET_ANNOTATIONS, id=mailbox.id)
    tx.connection.run(_FORGET_RIGHTS, id=mailbox.id)
    tx.connection.run(_EXPUNGE, id=mailbox.id, now=tx.now, modseq=tx.modseq)
    tx.announce(MailboxRemoved(mailbox.id, tx.modseq, name))


def rename_mailbox(tx: Tx, old: str, new: str) -> list[Mailbox]:
    """Rename a mailbox and its children; return parents that were created for the new name.

    UIDs and UIDVALIDITY stay. Renaming the Inbox is another thing (RFC 9051 §6.3.6: its messages move); the
    caller does that with `create_mailbox` and `move_messages`.

    Raises:
        MailboxNotAllowedError: The Inbox is the source or the target.
        MailboxUnknownError: No such source.
        MailboxExistsError: The target, or the target of a child, is there.
    """
    if INBOX in (old, new):
        raise MailboxNotAllowedError("the Inbox cannot be renamed, nor replaced")
    mailbox = get_mailbox(tx.connection, old)
    if find_mailbox(tx.connection, new) is not None:
        raise MailboxExistsError(new)
    # "0" follows "/", so the range holds all names below.
    children = tx.connection.rows(_CHILDREN, prefix=old + "/", prefix_end=old + "0")
    # First out of the way: a mailbox may be renamed to below itself (a/b to a/b/x).
    moved = [(mailbox.id, old), *((id_, name) for id_, name in children)]
    for id_, name in moved:
        tx.connection.run(_RENAME, id=id_, name=f"//{name}", parent_id=None, modseq=tx.modseq)
    parent = new.rpartition("/")[0]
    created = _create_missing(tx, parent) if parent else []
    for id_, name in moved:
        target = new + name[len(old) :]
        if find_mailbox(tx.connection, target) is not None:
            raise MailboxExistsError(target)
        above = target.rpartition("/")[0]
        parent_id = get_mailbox(tx.connection, above).id if above else None
        tx.connection.run(_RENAME, id=id_, name=target, parent_id=parent_id, modseq=tx.modseq)
        tx.announce(MailboxRenamed(id_, tx.modseq, name, target))
    return created


def set_special_use(tx: Tx, mailbox_id: int, special_use: str | None) -> None:
    """Give a mailbox a special use; the mailbox that had it loses it (one each, as in the reference)."""
    if special_use is not None:
        for other_id, name in tx.connection.rows(_BY_USE, use=special_use, id=mailbox_id):
            tx.connection.run(_SET_USE, id=other_id, use=None, modseq=tx.modseq)
            tx.announce(SpecialUseChanged(other_id, tx.modseq, name, None))
    mailbox = get_mailbox(tx.connection, mailbox_id)
    tx.connection.run(_SET_USE, id=mailbox_id, use=special_use, modseq=tx.modseq)
    tx.announce(SpecialUseChanged(mailbox_id, tx.modseq, mailbox.name, special_use))


def subscribe(tx: Tx, name: str) -> None:
    """Subscribe a name, whether or not its mailbox exists."""
    tx.connection.run(_SUBSCRIBE, name=name)
    if tx.connection.changed:
        tx.announce(SubscriptionAdded(tx.modseq, name))


def unsubscribe(tx: Tx, name: str) -> None:
    """End a subscription.

    Raises:
        MailboxUnknownError: Neither subscribed nor a mailbox.
    """
    tx.connection.run(_UNSUBSCRIBE, name=name)
    if tx.connection.changed:
        tx.announce(SubscriptionRemoved(tx.modseq, name))
    elif find_mailbox(tx.connection, name) is None:
        raise MailboxUnknownError(name)
