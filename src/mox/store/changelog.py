"""The change log of an account: what a change leaves there, and what one was by that.

It holds ids and not content: who reads it gets the current state of what changed.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from itertools import chain
from typing import Any, get_args

from mox.database import Connection
from mox.store.changes import (
    Change,
    FlagsChanged,
    MessagesAdded,
    MessagesRemoved,
    SubscriptionAdded,
    SubscriptionRemoved,
)

__all__ = ["last_change", "log_entry", "logged_changes"]

_KINDS: dict[str, Any] = {kind.__name__: kind for kind in get_args(Change)}
_OF_NO_MAILBOX = (SubscriptionAdded, SubscriptionRemoved)
_LAST = "SELECT modseq FROM account"
_LOGGED = """SELECT modseq, kind, mailbox_id, data FROM change
  WHERE modseq > :since AND modseq <= :until ORDER BY modseq, id"""
# One row, whatever the number: the driver gives up its turn at every row.
_FLAGS = """SELECT group_concat(uid || ' ' || flags_text, char(10)) FROM
  (SELECT uid, flags_text FROM message
   WHERE mailbox_id = :mailbox_id AND uid IN (SELECT value FROM json_each(:uids)) ORDER BY uid)"""
_FLAGS_LINE = re.compile(r"(\d+) (.*)")


def log_entry(change: Change) -> tuple[str, str]:
    """Return kind and data of a change, as the log keeps them."""
    match change:
        case MessagesAdded(messages=messages) | FlagsChanged(messages=messages):
            data: Any = {"uids": _ranges(uid for uid, _ in messages)}
        case MessagesRemoved(uids=uids):
            data = {"uids": _ranges(uids)}
        case _:
            data = {k: v for k, v in asdict(change).items() if k not in ("mailbox_id", "modseq")}
    return type(change).__name__, json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def _ranges(uids: Iterable[int]) -> str:
    """Write ascending numbers as `1:3,7`."""
    parts: list[str] = []
    first = last = -1
    for uid in chain(uids, (-1,)):
        if uid != last + 1 or first < 0:
            if first >= 0:
                parts.append(str(first) if first == last else f"{first}:{last}")
            first = uid
        last = uid
    return ",".join(parts)


def last_change(connection: Connection) -> int:
    """Return the modseq of the last change."""
    modseq: int = connection.value(_LAST)
    return modseq


def logged_changes(
    connection: Connection, *, since: int, until: int, most_messages: int
) -> list[Change] | None:
    """Return what the log has after a modseq and up to another, in the order in which it was committed.

    Returns:
        None: These are changes of more messages than are wanted.
    """
    found, messages = list[Change](), 0
    for modseq, name, mailbox_id, text in connection.rows(_LOGGED, since=since, until=until):
        data = json.loads(text)
        spans = _spans(data.pop("uids", ""))
        messages += 1 + sum(map(len, spans))
        if messages > most_messages:
            return None
        kind, uids = _KINDS[name], chain.from_iterable(spans)
        if kind is MessagesRemoved:
            found.append(MessagesRemoved(mailbox_id, modseq, tuple(uids)))
        elif kind in (MessagesAdded, FlagsChanged):
            found.append(kind(mailbox_id, modseq, _with_flags(connection, mailbox_id, uids)))
        else:
            found.append(kind(modseq=modseq, **_fields(kind, mailbox_id, data)))
    return found


def _fields(kind: type, mailbox_id: int | None, data: dict[str, Any]) -> dict[str, Any]:
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return fields if kind in _OF_NO_MAILBOX else fields | {"mailbox_id": mailbox_id}


def _with_flags(connection: Connection, mailbox_id: int, uids: Iterable[int]) -> tuple[tuple[int, str], ...]:
    text: str | None = connection.value(_FLAGS, mailbox_id=mailbox_id, uids=json.dumps(list(uids)))
    return tuple((int(line[1]), line[2]) for line in _FLAGS_LINE.finditer(text or ""))


def _spans(ranges: str) -> list[range]:
    """Return what `_ranges` wrote."""
    pairs = (part.partition(":") for part in ranges.split(",") if part)
    return [range(int(first), int(last or first) + 1) for first, _, last in pairs]
