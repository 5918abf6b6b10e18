"""What may start now: due entries, no domain with more deliveries than allowed, and all domains in turn.

Which domains have something due is a table of its own, one row each; of a domain's entries only the first
few are read. So a long backlog for one domain costs the others neither time nor turns.
"""

import heapq
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from mox.database import Connection, Row
from mox.queue.message import QueuedEntry, QueuedMessage
from moxkit.smtp import Notify, RecipientAddress, Ret

__all__ = ["due_groups", "groups_of", "next_due_at"]

_NEXT_DUE = """SELECT min(due_at) FROM destination
  WHERE domain NOT IN (SELECT value FROM json_each(:without))"""
_DUE_DOMAINS = """SELECT domain FROM destination WHERE due_at <= :now
  AND domain NOT IN (SELECT value FROM json_each(:without)) ORDER BY due_at LIMIT :limit"""
_HEADS = """SELECT id, message_id, require_tls, transport FROM entry
  WHERE domain = :domain AND NOT hold AND due_at <= :now ORDER BY due_at, id LIMIT :limit"""
_READ = """SELECT m.id, e.domain, e.id, e.recipient, e.attempts, e.due_at, e.is_told_late, e.notify,
    e.orcpt, m.account, m.reverse_path, m.prefix, m.size, m.smtputf8, m.has_8bit, e.require_tls, m.queued_at,
    m.message_id, m.subject, e.transport, m.ret, m.envid, m.release_at, m.future_release
  FROM entry e JOIN message m ON m.id = e.message_id"""
_OF_GROUP = """ WHERE e.message_id = :message_id AND e.domain = :domain AND e.require_tls IS :require_tls
    AND e.transport = :transport AND NOT e.hold AND e.due_at <= :now ORDER BY e.due_at, e.id LIMIT :limit"""
_OF_IDS = " WHERE e.id IN (SELECT value FROM json_each(:ids)) ORDER BY e.message_id, e.id"
# Of a domain, looked at in one go. Messages with more recipients there are split.
_MOST_HEADS = 200
_MOST_RECIPIENTS = 1000


def next_due_at(connection: Connection, *, without: Collection[str] = ()) -> int | None:
    """Return when the next entry is due, those for some domains left out."""
    due_at: int | None = connection.value(_NEXT_DUE, without=json.dumps(list(without)))
    return due_at


def due_groups(
    connection: Connection,
    *,
    now: int,
    room: int,
    per_domain: int,
    active: Mapping[str, int],
    under_way: Collection[int],
) -> Iterator[QueuedMessage]:
    """Yield deliveries that may start, at most `room`; a domain with fewer under way goes first.

    Args:
        connection: For reading.
        now: Unix seconds.
        room: At most so many.
        per_domain: No domain gets more deliveries than that at once.
        active: How many deliveries each domain has now.
        under_way: Entries of these.
    """
    idle = connection.rows(_DUE_DOMAINS, now=now, without=json.dumps(list(active)), limit=room)
    turns = [(0, n, domain) for n, (domain,) in enumerate(idle)]
    # Domains that are served have their turn after those that wait.
    turns += [(count, room, domain) for domain, count in active.items() if count < per_domain]
    heapq.heapify(turns)
    waiting: dict[str, Iterator[QueuedMessage]] = {}
    while turns and room > 0:
        count, n, domain = heapq.heappop(turns)
        if domain not in waiting:
            waiting[domain] = _groups(connection, domain, now, under_way)
        if (group := next(waiting[domain], None)) is None:
            continue
        yield group
        room -= 1
        if count + 1 < per_domain:
            heapq.heappush(turns, (count + 1, n, domain))


def _groups(
    connection: Connection, domain: str, now: int, under_way: Collection[int]
) -> Iterator[QueuedMessage]:
    """Yield a domain's deliveries, the longest due first: recipients of one message that go the same way."""
    heads = connection.rows(_HEADS, domain=domain, now=now, limit=_MOST_HEADS)
    keys = dict.fromkeys((message, *way) for id_, message, *way in heads if id_ not in under_way)
    for message_id, require_tls, transport in keys:
        rows = connection.rows(
            _READ + _OF_GROUP,
            message_id=message_id,
            domain=domain,
            require_tls=require_tls,
            transport=transport,
            now=now,
            limit=_MOST_RECIPIENTS,
        )
        if free := [row for row in rows if row[2] not in under_way]:
            yield _group(free)


def groups_of(connection: Connection, ids: Sequence[int]) -> list[QueuedMessage]:
    """Return messages with these entries, whatever their domains; entries that are gone are left out."""
    groups: dict[int, list[Row]] = {}
    for row in connection.rows(_READ + _OF_IDS, ids=json.dumps(list(ids))):
        groups.setdefault(row[0], []).append(row)
    return [_group(rows) for rows in groups.values()]


def _group(rows: Sequence[Row]) -> QueuedMessage:
    id_, domain, *_ = rows[0]
    account, reverse_path, prefix, size, smtputf8, has_8bit, require_tls, queued_at, *told = rows[0][9:]
    message_id, subject, transport, ret, envid, release_at, future_release = told
    return QueuedMessage(
        id=id_,
        account=account,
        reverse_path=reverse_path,
        prefix=prefix,
        size=size,
        smtputf8=bool(smtputf8),
        has_8bit=bool(has_8bit),
        require_tls=None if require_tls is None else bool(require_tls),
        queued_at=datetime.fromtimestamp(queued_at, UTC),
        domain=domain,
        entries=tuple(_entry(row) for row in rows),
        message_id=message_id,
        subject=subject,
        transport=transport,
        ret=Ret(ret) if ret else None,
        envid=envid,
        release_at=None if release_at is None else datetime.fromtimestamp(release_at, UTC),
        future_release=future_release,
    )


def _entry(row: Row) -> QueuedEntry:
    id_, recipient, attempts, due_at, is_told_late, notify, orcpt = row[2:9]
    kind, separator, address = orcpt.partition(";")
    return QueuedEntry(
        id=id_,
        recipient=recipient,
        attempts=attempts,
        due_at=datetime.fromtimestamp(due_at, UTC),
        is_told_late=bool(is_told_late),
        notify=frozenset(map(Notify, notify.split(","))) if notify else frozenset(),
        orcpt=RecipientAddress(kind, address) if separator else None,
    )
