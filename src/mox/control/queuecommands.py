"""What the running server does for the command line about its queue."""

import dataclasses
import re
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from mox.config import parse_duration
from mox.control.server import CommandRefusedError
from mox.queue import (
    EntryFilter,
    EntrySort,
    NewHoldRule,
    Period,
    Queue,
    RetiredFilter,
    RetiredSort,
    Steered,
)
from mox.runtime import Clock

__all__ = ["QueueCommands"]

_USUALLY_LISTED, _MOST_LISTED = 1_000, 10_000
# SQLite's integers.
_HIGHEST_ID = 2**63 - 1
_PERIOD = re.compile(r"([<>])(-?)([0-9a-z.]+)")
_REQUIRE_TLS = {"yes": True, "no": False, "default": None}
_TIMES = ("due_at", "queued_at", "last_attempt_at", "last_activity_at", "keep_until", "at")
_BOOLS = ("hold", "require_tls")

SortT = TypeVar("SortT", EntrySort, RetiredSort)


class QueueCommands:
    """The commands; each takes and returns JSON values.

    Those on several entries take a `filter`: an object with any of ids, account, from, to, submitted,
    nextattempt, hold, transport and limit.
    """

    def __init__(self, *, queue: Queue, clock: Clock, transports: Collection[str] = ()) -> None:
        """Remember whom to ask.

        Args:
            queue: To steer.
            clock: For times that are counted from now.
            transports: Names of the configuration.
        """
        self._queue = queue.steering
        self._clock = clock
        self._transports = transports

    def table(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[object]]]:
        """Return all commands by name."""
        return {
            "queuelist": self.list_,
            "queueholdset": self.set_hold,
            "queueschedule": self.schedule,
            "queuerequiretls": self.require_tls,
            "queuetransport": self.transport,
            "queuefail": self.fail,
            "queuedrop": self.drop,
            "queuedump": self.dump,
            "queueholdruleslist": self.hold_rules,
            "queueholdrulesadd": self.add_hold_rule,
            "queueholdrulesremove": self.remove_hold_rule,
            "queueretiredlist": self.retired,
        }

    async def list_(self, arguments: dict[str, Any]) -> object:
        """Return entries, by default those that are due first."""
        wanted = _bounded(self._filter(arguments))
        sort = _sort(EntrySort, arguments, EntrySort.NEXT_ATTEMPT)
        is_descending = bool(arguments.get("descending"))
        return [_shown(each) for each in self._queue.entries(wanted, sort, is_descending=is_descending)]

    async def set_hold(self, arguments: dict[str, Any]) -> object:
        """Put entries on hold, or release them."""
        return _counted(await self._queue.set_hold(self._filter(arguments), hold=bool(arguments["hold"])))

    async def schedule(self, arguments: dict[str, Any]) -> object:
        """Add a duration to when attempts are due, or to now."""
        by = _duration(str(arguments["duration"]))
        wanted = self._filter(arguments)
        if not arguments.get("now"):
            return _counted(await self._queue.add_time(wanted, by))
        return _counted(await self._queue.set_due_at(wanted, _moment(self._clock.now(), by)))

    async def require_tls(self, arguments: dict[str, Any]) -> object:
        """Set whether TLS is required: yes, no or default."""
        value = str(arguments["value"])
        if value not in _REQUIRE_TLS:
            raise CommandRefusedError(f"{value!r} is not yes, no or default")
        return _counted(await self._queue.set_require_tls(self._filter(arguments), _REQUIRE_TLS[value]))

    async def transport(self, arguments: dict[str, Any]) -> object:
        """Set the way out: the name of a transport, or default for what routes say."""
        name = _transport(str(arguments["transport"]))
        if name and name not in self._transports:
            known = ", ".join(sorted(self._transports))
            raise CommandRefusedError(f"no transport {name!r}: {known or 'none'} configured")
        return _counted(await self._queue.set_transport(self._filter(arguments), name))

    async def fail(self, arguments: dict[str, Any]) -> object:
        """Give up on entries; their senders are told."""
        return _counted(await self._queue.fail(self._chosen(arguments)))

    async def drop(self, arguments: dict[str, Any]) -> object:
        """Remove entries; nobody is told."""
        return _counted(await self._queue.drop(self._chosen(arguments)))

    async def dump(self, arguments: dict[str, Any]) -> object:
        """Return the octets of an entry's message (as Latin-1 text, which keeps each)."""
        entry_id = _id(arguments["id"])
        if (octets := await self._queue.content(entry_id)) is None:
            raise CommandRefusedError(f"no message {entry_id} in the queue")
        return octets.decode("latin-1")

    async def hold_rules(self, _arguments: dict[str, Any]) -> object:
        """Return all hold rules."""
        return [dataclasses.asdict(rule) for rule in self._queue.hold_rules()]

    async def add_hold_rule(self, arguments: dict[str, Any]) -> object:
        """Add a hold rule; return it, and how many entries it put on hold."""
        names = ("account", "sender_domain", "recipient_domain")
        rule, held = await self._queue.add_hold_rule(
            NewHoldRule(*(str(arguments.get(name) or "") for name in names))
        )
        return dataclasses.asdict(rule) | {"held": held}

    async def remove_hold_rule(self, arguments: dict[str, Any]) -> object:
        """Remove a hold rule."""
        rule_id = _id(arguments["id"])
        if not await self._queue.remove_hold_rule(rule_id):
            raise CommandRefusedError(f"no hold rule {rule_id}")
        return None

    async def retired(self, arguments: dict[str, Any]) -> object:
        """Return entries that were done with, by default the latest first."""
        wanted = _bounded(self._retired_filter(arguments))
        sort = _sort(RetiredSort, arguments, RetiredSort.LAST_ACTIVITY)
        is_descending = bool(arguments.get("descending", True))
        return [_shown(each) for each in self._queue.retired(wanted, sort, is_descending=is_descending)]

    def _chosen(self, arguments: dict[str, Any]) -> EntryFilter:
        """Read a filter for what cannot be undone: it must say what is meant."""
        wanted = self._filter(arguments)
        if wanted.is_everything and not arguments.get("all"):
            raise CommandRefusedError("say which messages are meant, or that all are (--all)")
        return wanted

    def _filter(self, arguments: dict[str, Any]) -> EntryFilter:
        given = _Given(arguments, self._clock.now())
        wanted = EntryFilter(
            ids=given.ids(),
            account=given.text("account"),
            sender=given.text("from"),
            recipient=given.text("to"),
            hold=given.truth("hold"),
            transport=given.transport(),
            queued=given.period("submitted"),
            due=given.period("nextattempt"),
            limit=given.limit(),
        )
        given.refuse_rest()
        return wanted

    def _retired_filter(self, arguments: dict[str, Any]) -> RetiredFilter:
        given = _Given(arguments, self._clock.now())
        wanted = RetiredFilter(
            ids=given.ids(),
            account=given.text("account"),
            sender=given.text("from"),
            recipient=given.text("to"),
            is_delivered=given.truth("success"),
            transport=given.transport(),
            queued=given.period("submitted"),
            active=given.period("lastactivity"),
            limit=given.limit(),
        )
        given.refuse_rest()
        return wanted


class _Given:
    """The fields of a filter, taken one after the other; None is as good as absent."""

    def __init__(self, arguments: dict[str, Any], now: datetime) -> None:
        given = arguments.get("filter") or {}
        if not isinstance(given, dict):
            raise CommandRefusedError("a filter is an object")
        self._rest = {name: value for name, value in given.items() if value is not None}
        self._now = now

    def ids(self) -> tuple[int, ...] | None:
        given = self._rest.pop("ids", None)
        if given is None:
            return None
        if not isinstance(given, list):
            raise CommandRefusedError("ids is a list of numbers")
        return tuple(_id(each) for each in given)

    def text(self, name: str) -> str | None:
        given = self._rest.pop(name, None)
        return None if given is None else str(given)

    def truth(self, name: str) -> bool | None:
        given = self._rest.pop(name, None)
        return None if given is None else bool(given)

    def transport(self) -> str | None:
        given = self.text("transport")
        return None if given is None else _transport(given)

    def limit(self) -> int | None:
        given = self._rest.pop("limit", None)
        return None if given is None else _id(given)

    def period(self, name: str) -> Period:
        """Read `<1h` (before in an hour), `>-30m` (after half an hour ago), `<now`."""
        if (given := self.text(name)) is None:
            return Period()
        if (found := _PERIOD.fullmatch(given.replace(" ", ""))) is None:
            raise CommandRefusedError(f"{given!r} is not like <1h, >-30m or <now")
        by = timedelta() if found[3] == "now" else _duration(found[2] + found[3])
        at = _moment(self._now, by)
        return Period(before=at) if found[1] == "<" else Period(after=at)

    def refuse_rest(self) -> None:
        if self._rest:
            raise CommandRefusedError(f"unknown in a filter: {', '.join(sorted(self._rest))}")


def _id(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= _HIGHEST_ID:
        raise CommandRefusedError(f"{given!r} is not a number from 0 to 2^63-1")
    return given


def _transport(given: str) -> str:
    return "" if given == "default" else given


def _duration(text: str) -> timedelta:
    try:
        return -parse_duration(text[1:]) if text.startswith("-") else parse_duration(text)
    except ValueError as error:
        raise CommandRefusedError(str(error)) from error


def _moment(now: datetime, by: timedelta) -> datetime:
    try:
        return now + by
    except OverflowError as error:
        raise CommandRefusedError("that is beyond the calendar") from error


def _sort(kind: type[SortT], arguments: dict[str, Any], usual: SortT) -> SortT:
    given = arguments.get("sort") or usual
    try:
        return kind(given)
    except ValueError as error:
        raise CommandRefusedError(f"sort is one of {', '.join(kind)}") from error


FilterT = TypeVar("FilterT", EntryFilter, RetiredFilter)


def _bounded(wanted: FilterT) -> FilterT:
    """Limit what is listed at once: an answer is made in memory."""
    limit = _USUALLY_LISTED if wanted.limit is None else min(wanted.limit, _MOST_LISTED)
    return dataclasses.replace(wanted, limit=limit)


def _counted(steered: Steered) -> dict[str, object]:
    return {"changed": steered.changed, "under_way": steered.under_way}


def _shown(entry: dict[str, object]) -> dict[str, object]:
    """Return it with times and truths as scripts want them."""
    shown = dict(entry)
    for name in _TIMES:
        if isinstance(seconds := shown.get(name), int):
            shown[name] = datetime.fromtimestamp(seconds, UTC).isoformat()
    for name in _BOOLS:
        if isinstance(value := shown.get(name), int):
            shown[name] = bool(value)
    if isinstance(attempts := shown.get("attempts"), list):
        shown["attempts"] = [_shown(each) for each in attempts]
    return shown
