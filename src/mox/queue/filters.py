"""Which entries people mean, and in what order: values, and the SQL that says the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

__all__ = ["EntryFilter", "EntrySort", "Period", "RetiredFilter", "RetiredSort"]

# A negative LIMIT is none.
_NO_LIMIT = -1
# Of entries with their message, or of retired entries; only `id` needs its table (e).
_CONDITIONS = {
    "ids": "e.id IN (SELECT value FROM json_each(:ids))",
    "account": "account = :account",
    "sender": "instr(lower(reverse_path), :sender) > 0",
    "recipient": "instr(lower(recipient), :recipient) > 0",
    "hold": "hold = :hold",
    "transport": "transport = :transport",
    "is_delivered": "is_delivered = :is_delivered",
    "queued_before": "queued_at < :queued_before",
    "queued_after": "queued_at > :queued_after",
    "due_before": "due_at < :due_before",
    "due_after": "due_at > :due_after",
    "active_before": "last_activity_at < :active_before",
    "active_after": "last_activity_at > :active_after",
}


class EntrySort(StrEnum):
    """What entries are sorted by."""

    NEXT_ATTEMPT = "nextattempt"
    QUEUED = "queued"

    def order(self, *, is_descending: bool) -> str:
        """Return what follows WHERE; ids are given in the order of queueing."""
        return _ORDERS[self.value, is_descending]


class RetiredSort(StrEnum):
    """What retired entries are sorted by."""

    LAST_ACTIVITY = "lastactivity"
    QUEUED = "queued"

    def order(self, *, is_descending: bool) -> str:
        """Return what follows WHERE."""
        return _ORDERS[self.value, is_descending]


_ORDERS = {
    ("nextattempt", False): " ORDER BY due_at, e.id LIMIT :limit",
    ("nextattempt", True): " ORDER BY due_at DESC, e.id DESC LIMIT :limit",
    ("queued", False): " ORDER BY e.id LIMIT :limit",
    ("queued", True): " ORDER BY e.id DESC LIMIT :limit",
    ("lastactivity", False): " ORDER BY last_activity_at, e.id LIMIT :limit",
    ("lastactivity", True): " ORDER BY last_activity_at DESC, e.id DESC LIMIT :limit",
}


@dataclass(frozen=True, slots=True)
class Period:
    """Times before or after a moment; both None: any time."""

    before: datetime | None = None
    after: datetime | None = None


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Entries that have all of this; what is None is not looked at.

    Attributes:
        ids: Of entries.
        sender: Part of the reverse-path, such as `@example.com`; in any case of ASCII letters.
        recipient: Part of the recipient's address, likewise.
        transport: The whole name; empty: those that go as routes say.
        limit: At most so many.
    """

    ids: tuple[int, ...] | None = None
    account: str | None = None
    sender: str | None = None
    recipient: str | None = None
    hold: bool | None = None
    transport: str | None = None
    queued: Period = Period()
    due: Period = Period()
    limit: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether all entries are meant."""
        return replace(self, limit=None) == EntryFilter()

    @property
    def where(self) -> str:
        """The WHERE clause."""
        return _where(self.parameters)

    @property
    def parameters(self) -> Mapping[str, object]:
        """What the clause, and the LIMIT, refer to."""
        return _given(
            self,
            hold=self.hold,
            due_before=_seconds(self.due.before),
            due_after=_seconds(self.due.after),
        )


@dataclass(frozen=True, slots=True)
class RetiredFilter:
    """Retired entries that have all of this; see `EntryFilter`."""

    ids: tuple[int, ...] | None = None
    account: str | None = None
    sender: str | None = None
    recipient: str | None = None
    is_delivered: bool | None = None
    transport: str | None = None
    queued: Period = Period()
    active: Period = Period()
    limit: int | None = None

    @property
    def where(self) -> str:
        """The WHERE clause."""
        return _where(self.parameters)

    @property
    def parameters(self) -> Mapping[str, object]:
        """What the clause, and the LIMIT, refer to."""
        return _given(
            self,
            is_delivered=self.is_delivered,
            active_before=_seconds(self.active.before),
            active_after=_seconds(self.active.after),
        )


def _where(parameters: Mapping[str, object]) -> str:
    conditions = [_CONDITIONS[name] for name in parameters if name != "limit"]
    return " WHERE " + " AND ".join(conditions) if conditions else ""


def _given(one: EntryFilter | RetiredFilter, **own: object) -> Mapping[str, object]:
    """Return what is looked at: what filters of both kinds have, and what is this kind's own."""
    values = {
        "ids": None if one.ids is None else json.dumps(one.ids),
        "account": one.account,
        "sender": _lowered(one.sender),
        "recipient": _lowered(one.recipient),
        "transport": one.transport,
        "queued_before": _seconds(one.queued.before),
        "queued_after": _seconds(one.queued.after),
        **own,
    }
    given = {name: value for name, value in values.items() if value is not None}
    return {**given, "limit": _NO_LIMIT if one.limit is None else one.limit}


def _lowered(text: str | None) -> str | None:
    # ASCII letters only, as lower() of SQLite does.
    return None if not text else text.encode(errors="replace").lower().decode()


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
