"""What is known of senders, by message: the memory that reputation is judged by.

A message is filed with what is known of its sender. Rows that can be asked for follow from that and from the
message's junk flags, by triggers of the database: a change of mind counts at once.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from mox.database import Connection

__all__ = [
    "Identity",
    "IdentityKind",
    "Judged",
    "count_arrival",
    "has_written_to",
    "identities_json",
    "judged_messages",
    "recent_arrivals",
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


# The sender stands with the message, too.
_JUDGED = """SELECT i.id, i.is_junk, coalesce((SELECT s.value ->> 1 FROM content c, json_each(c.identities) s
      WHERE c.id = i.id AND s.value ->> 0 IN (1, 2)), '')
  FROM identity i WHERE i.kind = :kind AND i.value = :value AND i.mailbox_id = :mailbox_id
    AND i.received_at > :since ORDER BY i.id DESC LIMIT :limit"""
_SENT_TO = """SELECT 1 FROM identity
  WHERE kind = :kind AND value = :value AND mailbox_id = 0 AND received_at > :since LIMIT 1"""
_ARRIVED = """INSERT INTO arrival VALUES (:kind, :value, :minute, 1, :octets)
  ON CONFLICT DO UPDATE SET messages = messages + 1, octets = octets + excluded.octets"""
_FORGET_ARRIVALS = "DELETE FROM arrival WHERE minute < :minute"
_ARRIVALS = """SELECT coalesce(sum(messages) FILTER (WHERE minute > :minute), 0),
    coalesce(sum(octets) FILTER (WHERE minute > :minute), 0),
    coalesce(sum(messages), 0), coalesce(sum(octets), 0) FROM arrival
  WHERE kind = :kind AND value = :value AND minute > :day"""
_DAY_MINUTES = 24 * 60
_NETWORKS = frozenset({IdentityKind.NETWORK_1, IdentityKind.NETWORK_2, IdentityKind.NETWORK_3})


def identities_json(identities: Sequence[Identity]) -> str:
    """Write identities as `content` keeps them."""
    pairs = [[int(each.kind), each.value] for each in identities]
    return json.dumps(pairs, separators=(",", ":"), ensure_ascii=False)


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
    rows = connection.rows(
        _JUDGED,
        kind=int(identity.kind),
        value=identity.value,
        mailbox_id=mailbox_id,
        since=since,
        limit=limit,
    )
    return [Judged(id_, bool(is_junk), sender) for id_, is_junk, sender in rows]


def has_written_to(connection: Connection, identity: Identity, *, since: int) -> bool:
    """Say whether the account has sent mail to an address, or to a domain."""
    found = connection.row(_SENT_TO, kind=int(identity.kind), value=identity.value, since=since)
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


def recent_arrivals(
    connection: Connection, network: Identity, now: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return number and octets of what came from a network in the last minute, and in the last day."""
    row = connection.row(
        _ARRIVALS,
        kind=int(network.kind),
        value=network.value,
        minute=(now - 60) // 60,
        day=now // 60 - _DAY_MINUTES,
    )
    in_minute, octets_in_minute, in_day, octets_in_day = row or (0, 0, 0, 0)
    return (in_minute, octets_in_minute), (in_day, octets_in_day)
