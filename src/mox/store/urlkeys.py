"""Keys that authorize URLs of messages (RFC 4467): one for each mailbox, made when first needed."""

from collections.abc import Callable

from mox.database import Connection
from mox.store.transaction import Tx

__all__ = ["drop_url_keys", "ensure_url_key", "url_key"]

_KEY_OCTETS = 32
_GET = "SELECT key FROM url_key WHERE mailbox_id = :mailbox_id"
_ADD = "INSERT INTO url_key(mailbox_id, key) VALUES (:mailbox_id, :key)"
_DROP = "DELETE FROM url_key WHERE mailbox_id = :mailbox_id"
_DROP_ALL = "DELETE FROM url_key"


def url_key(connection: Connection, mailbox_id: int) -> bytes | None:
    """Return a mailbox's key; None: no URL of it is authorized."""
    key: bytes | None = connection.value(_GET, mailbox_id=mailbox_id)
    return key


def ensure_url_key(tx: Tx, mailbox_id: int, token: Callable[[int], bytes]) -> bytes:
    """Return a mailbox's key; make one from `token` if there is none."""
    if (key := url_key(tx.connection, mailbox_id)) is not None:
        return key
    key = token(_KEY_OCTETS)
    tx.connection.run(_ADD, mailbox_id=mailbox_id, key=key)
    return key


def drop_url_keys(tx: Tx, mailbox_id: int | None) -> None:
    """Revoke what was authorized for a mailbox; None: for all of them."""
    if mailbox_id is None:
        tx.connection.run(_DROP_ALL)
    else:
        tx.connection.run(_DROP, mailbox_id=mailbox_id)
