"""How many messages one command works on, where the configuration sets a limit (RFC 9738).

The newest come first; the answer says where work stopped, and the client goes on below. What has to be done
as a whole is refused instead.
"""

from collections.abc import Sequence

from mox.imapserver.errors import RefusedError
from mox.imapserver.selected import Selected
from moxkit.imap import And, MessageLimitCode, Not, NumberKey, SearchKey, SequenceSet

__all__ = ["check_whole", "limited", "limited_key"]

Spans = Sequence[tuple[int, int]]


def limited(view: Selected, spans: Spans, limit: int) -> tuple[list[tuple[int, int]], bytes]:
    """Return the index ranges of the newest messages among some, and the code that says so.

    Args:
        view: Whose messages.
        spans: Index ranges (start, stop).
        limit: Messages; 0: no limit.

    Returns:
        All of the ranges and no code, if they are within the limit.
    """
    room, kept = limit, list[tuple[int, int]]()
    if not limit or _count(spans) <= limit:
        return list(spans), b""
    for start, stop in sorted(spans, reverse=True):
        first = max(start, stop - room)
        kept.insert(0, (first, stop))
        room -= stop - first
        if not room:
            break
    return kept, bytes(MessageLimitCode(limit, view.uids[kept[0][0]]))


def check_whole(count: int, limit: int) -> None:
    """Refuse what is done to all of the messages or to none (RFC 9738 §3.1).

    Raises:
        RefusedError: They are more than the limit.
    """
    if limit and count > limit:
        raise RefusedError(f"at most {limit} messages at a time", MessageLimitCode(limit))


def limited_key(view: Selected, key: SearchKey, limit: int) -> tuple[SearchKey, bytes]:
    """Return a key that looks at the newest messages alone, of those it is about, and the code that says so.

    Args:
        view: Where.
        key: With UIDs only, no message numbers.
        limit: Messages; 0: no limit.
    """
    if not limit or len(view.uids) <= limit:
        return key, b""
    spans, code = limited(view, _about(view, key), limit)
    if not code:
        return key, b""
    return And((NumberKey(SequenceSet(tuple(view.uid_ranges(spans))), uid=True), key)), code


def _about(view: Selected, key: SearchKey) -> Spans:
    """Return index ranges outside of which nothing can be found, as far as UIDs in the key tell."""
    match key:
        case NumberKey(numbers):
            return numbers.spans(view.uids)
        case Not(NumberKey(numbers)):
            return _outside(numbers.spans(view.uids), len(view.uids))
        case And(keys):
            spans: Spans = [(0, len(view.uids))]
            for part in keys:
                spans = _common(spans, _about(view, part))
            return spans
        case _:
            return [(0, len(view.uids))]


def _outside(spans: Spans, end: int) -> Spans:
    edges = [0, *(edge for span in spans for edge in span), end]
    return [(start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True) if start < stop]


def _common(left: Spans, right: Spans) -> Spans:
    found, at, other = list[tuple[int, int]](), 0, 0
    while at < len(left) and other < len(right):
        start, stop = max(left[at][0], right[other][0]), min(left[at][1], right[other][1])
        if start < stop:
            found.append((start, stop))
        if left[at][1] < right[other][1]:
            at += 1
        else:
            other += 1
    return found


def _count(spans: Spans) -> int:
    return sum(stop - start for start, stop in spans)
