"""Clients that gave message numbers up may not use them (RFC 9586 §3)."""

from mox.imapserver.errors import RefusedError
from moxkit.imap import (
    And,
    ConditionKind,
    Copy,
    Fetch,
    Move,
    MultiSearch,
    Not,
    NumberKey,
    Or,
    Search,
    SearchKey,
    Select,
    Sort,
    Store,
    Thread,
)

__all__ = ["check_uids_only"]


def check_uids_only(command: object) -> None:
    """Refuse a command that uses message numbers.

    Raises:
        RefusedError: BAD [UIDREQUIRED] (RFC 9586 §3.1).
    """
    match command:
        case Fetch(uid=uid) | Store(uid=uid) | Copy(uid=uid) | Move(uid=uid):
            uses_numbers = not uid
        case Search(uid=uid, key=key) | Sort(uid=uid, key=key) | Thread(uid=uid, key=key):
            uses_numbers = not uid or _has_numbers(key)
        case MultiSearch(search=Search(key=key)):
            uses_numbers = _has_numbers(key)
        case Select(qresync=known):
            uses_numbers = known is not None and known.matches is not None
        case _:
            uses_numbers = False
    if uses_numbers:
        raise RefusedError("message numbers are given up", "UIDREQUIRED", ConditionKind.BAD)


def _has_numbers(key: SearchKey) -> bool:
    match key:
        case And(keys):
            return any(map(_has_numbers, keys))
        case Or(left, right):
            return _has_numbers(left) or _has_numbers(right)
        case Not(inner):
            return _has_numbers(inner)
        case NumberKey(numbers, uid):
            return not uid and not numbers.saved
        case _:
            return False
