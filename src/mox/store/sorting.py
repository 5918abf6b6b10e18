"""Messages in the order of SORT, and as threads (RFC 5256, RFC 5957).

What is compared stands in the search index; of messages that it does not have, it is read from their headers
and handed to the same statement. Runs in a worker thread, sorted inside SQLite.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from mox.database import Connection
from mox.store.account import Account
from mox.store.searchindex import SortFacts, read_facts, read_file_header
from moxkit.imap import (
    SortCriterion,
    SortKey,
    ThreadAlgorithm,
    ThreadMessage,
    ThreadNode,
    thread_by_references,
    thread_by_subject,
)
from moxkit.message import Headers

__all__ = ["sort_messages", "thread_messages"]

T = TypeVar("T")

# Messages whose headers are read in one turn of the loop.
_CHUNK = 50
# Messages that are handed from the database to the threading at once.
_BLOCK = 2000

_COLUMNS = {
    SortKey.ARRIVAL: "received_at",
    SortKey.CC: "cc",
    SortKey.DATE: "sent_at",
    SortKey.FROM: "from_",
    SortKey.SIZE: "size",
    SortKey.SUBJECT: "subject",
    SortKey.TO: "to_",
    SortKey.DISPLAYFROM: "display_from",
    SortKey.DISPLAYTO: "display_to",
}
_FACTS = (
    "sent_at",
    "from_",
    "to_",
    "cc",
    "display_from",
    "display_to",
    "subject",
    "is_reply",
    "message_id",
    "ancestors",
)

_TOTAL = "SELECT total FROM mailbox WHERE id = :mailbox_id"
_WITHOUT_FACTS = """SELECT json_group_array(m.id) FROM mail.message m
  WHERE m.mailbox_id = :mailbox_id AND m.expunged_at IS NULL
    AND m.uid IN (SELECT value FROM json_each(:uids))
    AND NOT EXISTS (SELECT 1 FROM fact f WHERE f.id = m.id)"""
_ALL_IDS = """SELECT json_group_array(m.id) FROM message m
  WHERE m.mailbox_id = :mailbox_id AND m.expunged_at IS NULL
    AND m.uid IN (SELECT value FROM json_each(:uids))"""
_HEADERS = """SELECT id, prefix, header FROM content
  WHERE id IN (SELECT value FROM json_each(:ids))"""

# The sent date falls back to the internal date (RFC 5256 §2.2).
_INDEXED = """SELECT {columns} FROM {{message}} m JOIN fact f ON f.id = m.id
  WHERE m.mailbox_id = :mailbox_id AND m.uid BETWEEN :first AND :last AND m.expunged_at IS NULL {chosen}"""
# From the facts to the messages, never the other way round: that is what CROSS and the plus signs say.
_HANDED = """SELECT {columns} FROM json_each(:facts) j CROSS JOIN {{message}} m ON m.id = j.value ->> 0
  WHERE +m.mailbox_id = :mailbox_id AND +m.uid BETWEEN :first AND :last AND m.expunged_at IS NULL"""
_CHOSEN = "AND m.uid IN (SELECT value FROM json_each(:uids))"
_SORTED = "SELECT group_concat(uid, ' ') FROM (SELECT uid FROM ({rows}) ORDER BY {order}, uid)"
_THREADED = """SELECT json_group_array(json_array(uid, sent_at, subject, is_reply, message_id, ancestors))
  FROM (SELECT * FROM ({rows}) ORDER BY uid)"""


async def sort_messages(
    account: Account, mailbox_id: int, uids: Sequence[int], criteria: Sequence[SortCriterion]
) -> list[int]:
    """Return those of the UIDs that are live, in the order asked for; ties in mailbox order."""
    # Of a criterion that occurs again, the first says it all.
    order = {criterion.key: criterion.reverse for criterion in reversed(criteria)}
    keys = dict.fromkeys(criterion.key for criterion in criteria)
    terms = ", ".join(f"{_COLUMNS[key]}{' DESC' if order[key] else ''}" for key in keys)

    def ask(connection: Connection, rows: str, parameters: dict[str, object]) -> list[int]:
        text = connection.value(_SORTED.format(rows=rows, order=terms), **parameters)
        return list(map(int, text.split())) if text else []

    found = await _ask(account, mailbox_id, uids, ask)
    wanted = set(uids)
    return [uid for uid in found if uid in wanted]


async def thread_messages(
    account: Account, mailbox_id: int, uids: Sequence[int], algorithm: ThreadAlgorithm
) -> tuple[ThreadNode, ...]:
    """Return the live messages among the UIDs, which ascend, as threads, numbered by UID."""
    wanted = set(uids)

    def ask(connection: Connection, rows: str, parameters: dict[str, object]) -> tuple[ThreadNode, ...]:
        messages: list[ThreadMessage] = []
        statement = _THREADED.format(rows=rows)
        for start in range(0, len(uids), _BLOCK):
            block = uids[start : start + _BLOCK]
            found = connection.value(statement, **{**parameters, "first": block[0], "last": block[-1]})
            messages += (
                ThreadMessage(uid, sent_at, subject, bool(is_reply), message_id, tuple(ancestors.split()))
                for uid, sent_at, subject, is_reply, message_id, ancestors in json.loads(found)
                if uid in wanted
            )
        if algorithm is ThreadAlgorithm.ORDEREDSUBJECT:
            return thread_by_subject(messages)
        return thread_by_references(messages)

    return await _ask(account, mailbox_id, uids, ask)


Ask = Callable[[Connection, str, dict[str, object]], T]


async def _ask(account: Account, mailbox_id: int, uids: Sequence[int], ask: Ask[T]) -> T:
    """Have a function ask for the facts of messages: it gets a connection, rows as SQL, and parameters."""
    index = account.search_index
    chosen: dict[str, object] = {"mailbox_id": mailbox_id, "uids": f"[{','.join(map(str, uids))}]"}
    parameters = {**chosen, "first": min(uids, default=0), "last": max(uids, default=0)}
    missing = await index.ask(lambda search: _numbers(search.value(_WITHOUT_FACTS, **chosen)), None)
    if missing is not None:
        facts = await _read_facts(account, missing)
        total = account.reader.value(_TOTAL, mailbox_id=mailbox_id)
        # Most of a mailbox is sorted as fast as those that are wanted are picked out.
        rows = _rows("mail.message", picks=len(uids) * 2 < total)
        with_facts = {**parameters, "facts": json.dumps(facts)}
        answer = await index.ask(lambda search: (ask(search, rows, _used(rows, with_facts)),), None)
        if answer is not None:
            return answer[0]
    # No index, or none any more.
    ids = _numbers(account.reader.value(_ALL_IDS, **chosen))
    with_facts = {**parameters, "facts": json.dumps(await _read_facts(account, ids))}
    rows = _handed("message")
    return await index.ask_mail(lambda mail: ask(mail, rows, _used(rows, with_facts)))


def _used(sql: str, parameters: dict[str, object]) -> dict[str, object]:
    """Return the parameters that a statement has: the driver refuses others."""
    return {name: value for name, value in parameters.items() if f":{name}" in sql}


def _numbers(array: str) -> list[int]:
    return list(json.loads(array))


def _rows(message: str, *, picks: bool) -> str:
    columns = ", ".join(f"f.{name}" for name in _FACTS[1:])
    indexed = _INDEXED.format(
        columns=f"m.uid, m.received_at, m.size, coalesce(f.sent_at, m.received_at) AS sent_at, {columns}",
        chosen=_CHOSEN if picks else "",
    )
    return f"{indexed.format(message=message)} UNION ALL {_handed(message)}"


def _handed(message: str) -> str:
    columns = ", ".join(f"j.value ->> {n} AS {name}" for n, name in enumerate(_FACTS[1:], 2))
    sent = "coalesce(j.value ->> 1, m.received_at) AS sent_at"
    return _HANDED.format(columns=f"m.uid, m.received_at, m.size, {sent}, {columns}").format(message=message)


async def _read_facts(account: Account, ids: Sequence[int]) -> list[tuple[object, ...]]:
    """Read the facts of messages from their headers, as rows for the statement."""
    found: list[tuple[object, ...]] = []
    for start in range(0, len(ids), _CHUNK):
        chunk = json.dumps(list(ids[start : start + _CHUNK]))
        for id_, prefix, header in account.reader.rows(_HEADERS, ids=chunk):
            octets = header if header is not None else read_file_header(account.files.path(id_), prefix)
            found.append((id_, *_row(read_facts(Headers(octets)))))
        await asyncio.sleep(0)
    return found


def _row(facts: SortFacts) -> tuple[object, ...]:
    values = {name: getattr(facts, name) for name in _FACTS}
    values["ancestors"] = " ".join(facts.ancestors)
    values["is_reply"] = int(facts.is_reply)
    return tuple(values.values())
