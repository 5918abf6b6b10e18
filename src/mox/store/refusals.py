"""A small log of mail that was refused, so that its reader can ask why; and the keys that let a sender in."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from mox.database import Connection, Row

__all__ = [
    "NewRefusal",
    "Refusal",
    "find_refusal",
    "known_pass_key",
    "list_refusals",
    "note_refusal",
    "pass_key",
]

# The newest are kept, for some time.
_MOST = 1_000
_KEPT_S = 30 * 24 * 3600
_SUBJECT_CHARACTERS = 200
_KEY_OCTETS = 16

_INSERT = """INSERT INTO refusal(refused_at, envelope_from, envelope_to, remote_ip, author, subject,
    message_id, size, reply, reason, decisions, kept_id)
  VALUES (:refused_at, :envelope_from, :envelope_to, :remote_ip, :author, :subject, :message_id, :size,
    :reply, :reason, :decisions, :kept_id)"""
_FORGET = """DELETE FROM refusal WHERE refused_at < :before
  OR id <= (SELECT max(id) FROM refusal) - :most"""
_COLUMNS = """SELECT id, refused_at, envelope_from, envelope_to, remote_ip, author, subject, message_id, size,
    reply, reason, decisions, kept_id FROM refusal"""
_FIELDS = (
    "envelope_from",
    "envelope_to",
    "remote_ip",
    "author",
    "subject",
    "message_id",
    "size",
    "reply",
    "reason",
    "decisions",
    "kept_id",
)
_LIST = _COLUMNS + " ORDER BY id DESC LIMIT :limit"
_ONE = _COLUMNS + " WHERE id = :id"
_KEY = "SELECT key FROM pass_key WHERE address = :address"
_ADD_KEY = "INSERT OR IGNORE INTO pass_key VALUES (:address, :key)"


@dataclass(frozen=True, slots=True)
class NewRefusal:
    """A message that was not taken.

    Attributes:
        author: Address in From; empty without one.
        reply: As the client was told.
        reason: What decided.
        decisions: Each check with what was seen, as it is stored with messages.
        kept_id: The message's id in Rejects; None: it was not kept.
    """

    envelope_from: str
    envelope_to: str
    remote_ip: str
    author: str
    subject: str
    message_id: str
    size: int
    reply: str
    reason: str
    decisions: tuple[Mapping[str, object], ...]
    kept_id: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal of the log."""

    id: int
    refused_at: datetime
    what: NewRefusal


def note_refusal(connection: Connection, new: NewRefusal, now: int) -> None:
    """Write a refusal down, and forget old ones."""
    connection.run(
        _INSERT,
        refused_at=now,
        envelope_from=new.envelope_from,
        envelope_to=new.envelope_to,
        remote_ip=new.remote_ip,
        author=new.author,
        subject=new.subject[:_SUBJECT_CHARACTERS],
        message_id=new.message_id,
        size=new.size,
        reply=new.reply,
        reason=new.reason,
        decisions=json.dumps(new.decisions, separators=(",", ":"), ensure_ascii=False, default=dict),
        kept_id=new.kept_id,
    )
    connection.run(_FORGET, before=now - _KEPT_S, most=_MOST)


def list_refusals(connection: Connection, limit: int = 100) -> list[Refusal]:
    """Return the latest refusals, newest first."""
    return [_refusal(row) for row in connection.rows(_LIST, limit=limit)]


def find_refusal(connection: Connection, id_: int) -> Refusal | None:
    """Return one of them."""
    row = connection.row(_ONE, id=id_)
    return None if row is None else _refusal(row)


def _refusal(row: Row) -> Refusal:
    id_, refused_at, *values = row
    named = dict(zip(_FIELDS, values, strict=True))
    named["decisions"] = tuple(json.loads(named["decisions"]))
    return Refusal(id_, datetime.fromtimestamp(refused_at, UTC), NewRefusal(**named))


def pass_key(connection: Connection, address: str) -> bytes:
    """Return the key of an address's tokens, inside a transaction that makes one if there is none."""
    connection.run(_ADD_KEY, address=address, key=secrets.token_bytes(_KEY_OCTETS))
    key: bytes = connection.value(_KEY, address=address)
    return key


def known_pass_key(connection: Connection, address: str) -> bytes | None:
    """Return the key of an address's tokens; None: nobody was ever given one."""
    key: bytes | None = connection.value(_KEY, address=address)
    return key
