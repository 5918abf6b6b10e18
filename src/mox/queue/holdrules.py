"""Hold rules: new messages that match one are put on hold. Functions on the queue's database.

A rule matches what has all of its fields; a rule without any matches everything. Adding one also holds what
is there and matches; removing one releases nothing.
"""

from dataclasses import dataclass

from mox.database import Connection

__all__ = ["HoldRule", "NewHoldRule", "add_hold_rule", "is_held", "list_hold_rules", "remove_hold_rule"]

_INSERT = """INSERT INTO hold_rule(account, sender_domain, recipient_domain)
  VALUES (:account, :sender_domain, :recipient_domain)"""
_LIST = "SELECT id, account, sender_domain, recipient_domain FROM hold_rule ORDER BY id"
_REMOVE = "DELETE FROM hold_rule WHERE id = :id"
_IS_HELD = """SELECT EXISTS (SELECT 1 FROM hold_rule WHERE account IN ('', :account)
  AND sender_domain IN ('', :sender_domain) AND recipient_domain IN ('', :recipient_domain))"""
# With its "@" the end of a path is its domain, whatever the localpart holds.
_HOLD_MATCHING = """UPDATE entry SET hold = 1 WHERE NOT hold
  AND :recipient_domain IN ('', domain)
  AND EXISTS (SELECT 1 FROM message m WHERE m.id = entry.message_id AND :account IN ('', m.account)
    AND (:sender_domain = '' OR
      substr(lower(m.reverse_path), -1 - length(:sender_domain)) = '@' || :sender_domain))"""


@dataclass(frozen=True, slots=True)
class NewHoldRule:
    """What a rule matches; a field that is empty matches everything."""

    account: str = ""
    sender_domain: str = ""
    recipient_domain: str = ""


@dataclass(frozen=True, slots=True)
class HoldRule:
    """A rule and its number."""

    id: int
    account: str
    sender_domain: str
    recipient_domain: str


def list_hold_rules(connection: Connection) -> list[HoldRule]:
    """Return all rules, oldest first."""
    return [HoldRule(*row) for row in connection.rows(_LIST)]


def add_hold_rule(connection: Connection, new: NewHoldRule) -> tuple[HoldRule, int]:
    """Add a rule and hold what matches; return the rule, and how many entries were put on hold."""
    fields = {
        "account": new.account,
        "sender_domain": new.sender_domain.lower(),
        "recipient_domain": new.recipient_domain.lower(),
    }
    connection.run(_INSERT, **fields)
    rule = HoldRule(connection.last_id, **fields)
    connection.run(_HOLD_MATCHING, **fields)
    return rule, connection.changed


def remove_hold_rule(connection: Connection, rule_id: int) -> bool:
    """Remove a rule; return whether there was one."""
    connection.run(_REMOVE, id=rule_id)
    return connection.changed > 0


def is_held(connection: Connection, *, account: str, sender_domain: str, recipient_domain: str) -> bool:
    """Say whether a rule holds a new entry; domains in lower case."""
    return bool(
        connection.value(
            _IS_HELD, account=account, sender_domain=sender_domain, recipient_domain=recipient_domain
        )
    )
