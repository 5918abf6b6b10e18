"""Why a message was accepted and filed where it is, as it was stored with it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mox.database import Connection

__all__ = ["Decisions", "decisions_of"]

_OF = """SELECT m.received_at, b.name, c.envelope_from, c.envelope_to, c.remote_ip, c.decisions
  FROM message m JOIN content c ON c.id = m.id JOIN mailbox b ON b.id = m.mailbox_id
  WHERE m.id = :id AND m.expunged_at IS NULL"""


@dataclass(frozen=True, slots=True)
class Decisions:
    """Of one message.

    Attributes:
        received_at: Unix seconds.
        mailbox: Where it is now.
        remote_ip: Of the client; None, like the envelope: it did not come by SMTP.
        steps: Each check with what was seen, in order; the verdict last.
    """

    received_at: int
    mailbox: str
    envelope_from: str | None
    envelope_to: str | None
    remote_ip: str | None
    steps: tuple[Mapping[str, Any], ...]


def decisions_of(connection: Connection, message_id: int) -> Decisions | None:
    """Return what was decided about a message; None if there is no such message."""
    row = connection.row(_OF, id=message_id)
    if row is None:
        return None
    received_at, mailbox, envelope_from, envelope_to, remote_ip, decisions = row
    steps = tuple(json.loads(decisions or "[]"))
    return Decisions(received_at, mailbox, envelope_from, envelope_to, remote_ip, steps)
