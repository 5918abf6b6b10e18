"""What is known of senders, by message: the memory that reputation is judged by.

A message adds rows when it is filed; they go when its content is forgotten. How people judged a message, its
junk flags, is read from the message itself, so that a change of mind counts at once.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from mox.database import Connection
from mox.store.flags import Flag

__all__ = [
    "Identity",
    "IdentityKind",
    "Judged",
    "add_identities",
    "arrivals_since",
    "copy_identities",
    "count_arrival",
    "forget_identities",
    "has_written_to",
    "identities_json",
    "judged_messages",
]


class IdentityKind(IntEnum):
    """What a value is; the numbers are stored.

    Of From only one of a pair is there: the domain owner vouches for it, or does not.
    """

    FROM_VALIDATED = 1
    FROM = 2
    FROM_DOMAIN_VALIDATED = 3
    FROM_DOMAIN = 4
    FROM_ORG_VALIDATED = 5
    FROM_ORG = 6
    DKIM_DOMAIN = 7
    MAIL_FROM = 8
    MAIL_FROM_DOMAIN = 9
    EHLO_DOMAIN = 10
    NETWORK_1 = 11
    NETWORK_2 = 12
    NETWORK_3 = 13
    SENT_TO = 14
    SENT_TO_DOMAIN = 15
    SENT_TO_ORG = 16


@dataclass(frozen=True, slots=True)
class Identity:
    """One thing that is known; addresses and domains are canonical."""

    kind: IdentityKind
    value: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A message that a person, or a rule, said to be junk or not.

    Attributes:
        sender: Address in From; empty if it had none.
    """

    id: int
    is_junk: bool
    sender: str


_ADD = "INSERT OR IGNORE INTO identity VALUES (:kind, :value, :id)"
_COPY = """INSERT OR IGNORE INTO identity SELECT i.kind, i.value, :first_id + c.key
  FROM json_each(:from_ids) c CROSS JOIN content ON content.id = c.value
    CROSS JOIN json_each(content.identities) pair
    CROSS JOIN identity i ON i.kind = pair.value ->> 0 AND i.value = pair.value ->> 1 AND i.id = content.id"""
_FORGET = """DELETE FROM identity WHERE id = :id AND (kind, value) IN
  (SELECT pair.value ->> 0, pair.value ->> 1 FROM content, json_each(content.identities) pair
    WHERE content.id = :id)"""
# Exactly one of both flags; newest first. The sender stands in the index, too.
_JUDGED = """SELECT m.id, m.flags & :junk <> 0,
    coalesce((SELECT s.value ->> 1 FROM content c, json_each(c.identities) s
      WHERE c.id = m.id AND s.value ->> 0 IN (1, 2)), '')
  FROM (SELECT id FROM identity WHERE kind = :kind AND value = :value ORDER BY id DESC LIMIT :most) i
    CROSS JOIN message m ON m.id = i.id
  WHERE m.original_mailbox_id = :mailbox_id AND m.expunged_at IS NULL AND m.received_at > :since
    AND m.flags & :both IN (:junk, :notjunk)
  ORDER BY m.id DESC LIMIT :limit"""
_SENT_TO = """SELECT 1
  FROM (SELECT id FROM identity WHERE kind = :kind AND value = :value ORDER BY id DESC LIMIT :most) i
    CROSS JOIN message m ON m.id = i.id
  WHERE m.expunged_at IS NULL AND m.received_at > :since LIMIT 1"""
_ARRIVED = """INSERT INTO arrival VALUES (:kind, :value, :minute, 1, :octets)
  ON CONFLICT DO UPDATE SET messages = messages + 1, octets = octets + excluded.octets"""
_FORGET_ARRIVALS = "DELETE FROM arrival WHERE minute < :minute"
_ARRIVALS = """SELECT coalesce(sum(messages), 0), coalesce(sum(octets), 0) FROM arrival
  WHERE kind = :kind AND value = :value AND minute > :since"""
# Messages of one sender that are looked at, of those that nobody judged and all.
_MOST_LOOKED_AT = 2_000
_DAY_MINUTES = 24 * 60
_NETWORKS = frozenset({IdentityKind.NETWORK_1, IdentityKind.NETWORK_2, IdentityKind.NETWORK_3})


def add_identities(connection: Connection, message_id: int, identities: Iterable[Identity]) -> None:
    """Remember what is known of a message; its content row is written by the caller."""
    connection.run_many(
        _ADD, [{"kind": int(each.kind), "value": each.value, "id": message_id} for each in identities]
    )


def identities_json(identities: Sequence[Identity]) -> str:
    """Write identities as `content` keeps them."""
    pairs = [[int(each.kind), each.value] for each in identities]
    return json.dumps(pairs, separators=(",", ":"), ensure_ascii=False)


def copy_identities(connection: Connection, from_ids_json: str, first_id: int) -> None:
    """Remember of copies what is known of their originals; copies have ids in a row."""
    connection.run(_COPY, from_ids=from_ids_json, first_id=first_id)


def forget_identities(connection: Connection, message_id: int) -> None:
    """Forget what is known of a message, before its content row goes."""
    connection.run(_FORGET, id=message_id)


def judged_messages(
    connection: Connection, identity: Identity, *, mailbox_id: int, since: int, limit: int
) -> list[Judged]:
    """Return messages of a sender that were judged, newest first.

    Args:
        connection: The account's reader.
        identity: The sender.
        mailbox_id: That they were delivered to at first.
        since: Received after that, Unix seconds.
        limit: At most so many.
    """
    both = Flag.JUNK | Flag.NOTJUNK
    rows = connection.rows(
        _JUDGED,
        kind=int(identity.kind),
        value=identity.value,
        mailbox_id=mailbox_id,
        since=since,
        limit=limit,
        most=_MOST_LOOKED_AT,
        both=int(both),
        junk=int(Flag.JUNK),
        notjunk=int(Flag.NOTJUNK),
    )
    return [Judged(id_, bool(is_junk), sender) for id_, is_junk, sender in rows]


def has_written_to(connection: Connection, identity: Identity, *, since: int) -> bool:
    """Say whether the account has sent mail to an address, or to a domain."""
    found = connection.row(
        _SENT_TO, kind=int(identity.kind), value=identity.value, since=since, most=_MOST_LOOKED_AT
    )
    return found is not None


def count_arrival(connection: Connection, identities: Iterable[Identity], *, octets: int, now: int) -> None:
    """Count a message for the networks that it came from."""
    minute = now // 60
    connection.run(_FORGET_ARRIVALS, minute=minute - _DAY_MINUTES)
    networks = [each for each in identities if each.kind in _NETWORKS]
    connection.run_many(
        _ARRIVED,
        [
            {"kind": int(each.kind), "value": each.value, "minute": minute, "octets": octets}
            for each in networks
        ],
    )


def arrivals_since(connection: Connection, network: Identity, since: int) -> tuple[int, int]:
    """Return number and octets of messages that came from a network after a time of the last day."""
    count, octets = connection.row(
        _ARRIVALS, kind=int(network.kind), value=network.value, since=since // 60
    ) or (0, 0)
    return count, octets
