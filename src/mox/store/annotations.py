"""Annotations of mailboxes and of the account (RFC 5464): names with values, few and small.

Names come checked and in lower case. Private and shared ones are kept alike: an account has one user.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mox.database import Connection
from mox.store.changes import AnnotationsChanged
from mox.store.errors import AnnotationsTooLargeError, TooManyAnnotationsError
from mox.store.mailboxes import get_mailbox
from mox.store.transaction import Tx

__all__ = ["MOST_ANNOTATIONS", "MOST_ANNOTATION_OCTETS", "Annotation", "list_annotations", "set_annotations"]

# Of an account, names counted with their values.
MOST_ANNOTATIONS = 1000
MOST_ANNOTATION_OCTETS = 1_000_000

_OF_ACCOUNT = 0
_LIST = "SELECT name, value FROM annotation WHERE mailbox_id = :mailbox_id ORDER BY name"
_GET = "SELECT value FROM annotation WHERE mailbox_id = :mailbox_id AND name = :name"
_SET = """INSERT INTO annotation(mailbox_id, name, value, modseq) VALUES (:mailbox_id, :name, :value, :modseq)
  ON CONFLICT DO UPDATE SET value = :value, modseq = :modseq"""
_REMOVE = "DELETE FROM annotation WHERE mailbox_id = :mailbox_id AND name = :name"
_SUM = "SELECT count(*), coalesce(sum(length(name) + length(value)), 0) FROM annotation"
_TOUCH = "UPDATE mailbox SET modseq = max(modseq, :modseq) WHERE id = :mailbox_id"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A name with its value, which may be any octets."""

    name: str
    value: bytes = field(repr=False)


def list_annotations(connection: Connection, mailbox_id: int | None) -> list[Annotation]:
    """Return the annotations of a mailbox, or with None those of the account, by name."""
    rows = connection.rows(_LIST, mailbox_id=mailbox_id or _OF_ACCOUNT)
    return [Annotation(name, bytes(value)) for name, value in rows]


def set_annotations(tx: Tx, mailbox_id: int | None, entries: Sequence[tuple[str, bytes | None]]) -> None:
    """Set annotations of a mailbox or, with None, of the account; a value of None removes one.

    What changes nothing is not announced. A change moves the mailbox's modseq (RFC 7162 §3.2).

    Raises:
        MailboxUnknownError: No such mailbox.
        TooManyAnnotationsError: More than `MOST_ANNOTATIONS` in the account; nothing was set.
        AnnotationsTooLargeError: More than `MOST_ANNOTATION_OCTETS`; nothing was set.
    """
    mailbox = None if mailbox_id is None else get_mailbox(tx.connection, mailbox_id)
    place = mailbox_id or _OF_ACCOUNT
    changed: list[str] = []
    grows = False
    for name, value in entries:
        old = tx.connection.row(_GET, mailbox_id=place, name=name)
        if (None if old is None else bytes(old[0])) == value:
            continue
        changed.append(name)
        if value is None:
            tx.connection.run(_REMOVE, mailbox_id=place, name=name)
        else:
            grows = True
            tx.connection.run(_SET, mailbox_id=place, name=name, value=value, modseq=tx.modseq)
    if not changed:
        return
    if grows:
        _check_limits(tx)
    if mailbox_id is not None:
        tx.connection.run(_TOUCH, mailbox_id=mailbox_id, modseq=tx.modseq)
    tx.announce(
        AnnotationsChanged(mailbox_id, tx.modseq, "" if mailbox is None else mailbox.name, tuple(changed))
    )


def _check_limits(tx: Tx) -> None:
    # Afterwards: raising undoes the transaction.
    count, octets = tx.connection.row(_SUM) or (0, 0)
    if count > MOST_ANNOTATIONS:
        raise TooManyAnnotationsError(MOST_ANNOTATIONS)
    if octets > MOST_ANNOTATION_OCTETS:
        raise AnnotationsTooLargeError(MOST_ANNOTATION_OCTETS)
