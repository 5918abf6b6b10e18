"""Answers, positive and negative, kept for as long as their TTL says; bounded in number."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from moxkit.dns.answer import Answer
from moxkit.dns.bytype import RecordType

__all__ = ["Cache"]

# Longer is never useful to mail, and an error in a zone should end some day (RFC 2308 §5, RFC 8767 §4).
_LONGEST_S = 86400
_LONGEST_NEGATIVE_S = 3600

Key = tuple[str, RecordType]


class Cache:
    """Least recently used answers go first; an `Answer` without records says that there are none."""

    __slots__ = ("_entries", "_max_entries", "_monotonic")

    def __init__(self, *, max_entries: int, monotonic: Callable[[], float]) -> None:
        self._max_entries = max_entries
        self._monotonic = monotonic
        self._entries: OrderedDict[Key, tuple[float, Answer[Any]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Answer[Any] | None:
        """Return what is known, with the TTL that is left; `None` when nothing is."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        expires, answer = entry
        left = expires - self._monotonic()
        if left <= 0:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return replace(answer, ttl=int(left))

    def put(self, key: Key, answer: Answer[Any]) -> None:
        """Keep an answer for its TTL."""
        ttl = min(answer.ttl, _LONGEST_S if answer.records else _LONGEST_NEGATIVE_S)
        if ttl <= 0:
            return
        self._entries[key] = (self._monotonic() + ttl, answer)
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
