"""How much an account may send in a day, so that a stolen password is not the end of a server's reputation.

Counted where entries are made, in the same transaction: what is refused was not counted, what was counted is
in the queue.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from mox.database import Connection

__all__ = ["LimitKind", "SendLimitError", "SendLimits", "count_sent"]

_DAY_S = 24 * 3600

_SENT = "SELECT coalesce(sum(recipients), 0) FROM sent WHERE account = :account AND sent_at > :since"
_NEW = "SELECT count(*) FROM correspondent WHERE account = :account AND first_at > :since"
_KNOWN = """SELECT count(*) FROM correspondent WHERE account = :account
  AND address IN (SELECT value FROM json_each(:addresses))"""
_ADD_SENT = "INSERT INTO sent VALUES (:account, :now, :recipients)"
_ADD_NEW = """INSERT OR IGNORE INTO correspondent
  SELECT :account, value, :now FROM json_each(:addresses)"""
_FORGET = "DELETE FROM sent WHERE sent_at <= :since"


class LimitKind(StrEnum):
    """What there was too much of."""

    RECIPIENTS = "recipients"
    NEW_RECIPIENTS = "new recipients"


@dataclass(frozen=True, slots=True)
class SendLimits:
    """Of any 24 hours.

    Attributes:
        recipients: Of all messages together.
        new_recipients: To whom the account has never written before.
    """

    recipients: int
    new_recipients: int


class SendLimitError(Exception):
    """An account has sent too much; the text is for its owner."""

    def __init__(self, kind: LimitKind, limit: int) -> None:
        super().__init__(f"at most {limit} {kind} in 24 hours, try again later")
        self.kind = kind
        self.limit = limit


def count_sent(
    connection: Connection, account: str, addresses: Collection[str], limits: SendLimits | None, *, now: int
) -> None:
    """Count recipients, inside the transaction that queues a message for them.

    Args:
        connection: Inside a transaction.
        account: Who sends.
        addresses: Canonical, without repetition.
        limits: None: count only.
        now: Unix seconds.

    Raises:
        SendLimitError: That would be too many.
    """
    since, listed = now - _DAY_S, json.dumps(list(addresses))
    if limits is not None:
        sent = connection.value(_SENT, account=account, since=since)
        if sent + len(addresses) > limits.recipients:
            raise SendLimitError(LimitKind.RECIPIENTS, limits.recipients)
        fresh = len(addresses) - connection.value(_KNOWN, account=account, addresses=listed)
        if fresh and fresh + connection.value(_NEW, account=account, since=since) > limits.new_recipients:
            raise SendLimitError(LimitKind.NEW_RECIPIENTS, limits.new_recipients)
    connection.run(_FORGET, since=since)
    connection.run(_ADD_SENT, account=account, now=now, recipients=len(addresses))
    connection.run(_ADD_NEW, account=account, addresses=listed, now=now)
