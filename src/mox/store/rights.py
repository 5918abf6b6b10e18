"""Who may do what in a mailbox (RFC 4314): its owner everything, others what was granted to them.

Only the owner's sessions exist so far, so nothing is refused for want of a right; what is granted is kept,
inherited by new mailboxes below, and gone with its mailbox, so that sharing has its ground.
"""

from collections.abc import Collection
from enum import Flag

from mox.database import Connection
from mox.store.errors import RightsSyntaxError
from mox.store.mailboxes import get_mailbox
from mox.store.transaction import Tx

__all__ = ["ANYONE", "Rights", "list_rights", "rights_of", "set_rights"]

ANYONE = "anyone"
# An identifier behind it takes rights away (RFC 4314 §2).
_NEGATIVE = "-"

_LIST = "SELECT identifier, rights FROM mailbox_rights WHERE mailbox_id = :mailbox_id ORDER BY identifier"
_SET = """INSERT INTO mailbox_rights(mailbox_id, identifier, rights)
  VALUES (:mailbox_id, :identifier, :rights)
  ON CONFLICT DO UPDATE SET rights = :rights"""
_REMOVE = "DELETE FROM mailbox_rights WHERE mailbox_id = :mailbox_id AND identifier = :identifier"


class Rights(Flag):
    """The standard rights (RFC 4314 §2.1), in the order in which they are written."""

    LOOKUP = 1 << 0
    READ = 1 << 1
    KEEP_SEEN = 1 << 2
    WRITE_FLAGS = 1 << 3
    INSERT = 1 << 4
    POST = 1 << 5
    CREATE_MAILBOX = 1 << 6
    DELETE_MAILBOX = 1 << 7
    DELETE_MESSAGE = 1 << 8
    EXPUNGE = 1 << 9
    ADMINISTER = 1 << 10

    @classmethod
    def parse(cls, letters: str) -> "Rights":
        """Return the rights that letters stand for; `c` and `d` mean all of their members (RFC 4314 §2.1.1).

        Raises:
            RightsSyntaxError: A letter stands for nothing.
        """
        rights = cls(0)
        for letter in letters:
            if letter not in _BY_LETTER:
                raise RightsSyntaxError(letter)
            rights |= _BY_LETTER[letter]
        return rights

    def encode(self) -> str:
        """Return letters; `c` and `d` are among them where one of their members is (RFC 4314 §2.1.1)."""
        return "".join(letter for letter, rights in _BY_LETTER.items() if self & rights)


_BY_LETTER = dict(zip("lrswipkxtea", Rights, strict=True)) | {
    "c": Rights.CREATE_MAILBOX | Rights.DELETE_MAILBOX,
    "d": Rights.EXPUNGE | Rights.DELETE_MESSAGE,
}


def list_rights(connection: Connection, mailbox_id: int) -> dict[str, Rights]:
    """Return what was granted in a mailbox, by identifier; the owner is not among them."""
    return {name: Rights.parse(letters) for name, letters in connection.rows(_LIST, mailbox_id=mailbox_id)}


def set_rights(tx: Tx, mailbox_id: int, identifier: str, rights: Rights) -> None:
    """Grant exactly these rights, none to grant nothing (RFC 4314 §3.1); with `-` before the name: take them.

    Raises:
        MailboxUnknownError: No such mailbox.
    """
    get_mailbox(tx.connection, mailbox_id)
    if rights:
        tx.connection.run(_SET, mailbox_id=mailbox_id, identifier=identifier, rights=rights.encode())
    else:
        tx.connection.run(_REMOVE, mailbox_id=mailbox_id, identifier=identifier)


def rights_of(connection: Connection, mailbox_id: int, identifiers: Collection[str]) -> Rights:
    """Return what someone who is known by these identifiers may do; `anyone` is always one of them.

    Rights taken away win over rights granted (RFC 4314 §2).
    """
    granted, taken = Rights(0), Rights(0)
    names = {ANYONE, *identifiers}
    for name, rights in list_rights(connection, mailbox_id).items():
        if name in names:
            granted |= rights
        elif name.startswith(_NEGATIVE) and name[1:] in names:
            taken |= rights
    return granted & ~taken
