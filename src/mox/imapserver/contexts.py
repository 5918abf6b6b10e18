"""Results that the client keeps, and is told the changes of: CONTEXT=SEARCH, CONTEXT=SORT (RFC 5267 §4.3).

A result speaks of what the client knows. Removals are told before their EXPUNGE, so that message numbers are
still right; what was added or changed is looked at again after it was told.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mox.imapserver.errors import RefusedError
from mox.store import Batch, FlagsChanged, MessagesAdded, MessagesRemoved, search_messages, sort_messages
from moxkit.imap import (
    And,
    ConditionKind,
    EsearchData,
    FetchItem,
    NumberKey,
    ResultUpdate,
    SearchKey,
    SequenceSet,
    SortCriterion,
    ordered_set,
)

if TYPE_CHECKING:
    from mox.imapserver.session import Session

__all__ = ["Context", "add_context", "check_tag", "tell_changed", "tell_removed"]

# Of one selected mailbox; each is looked at with every change.
_MOST_CONTEXTS = 10
# A sorted result is sorted again when something comes in.
_MOST_SORTED = 20_000


class Context:
    """One result.

    Attributes:
        uids: What is in it, in its order.
        waiting: Messages to be looked at again.
        is_stale: Changes were missed: all has to be looked at again.
        items: What to fetch of new messages that enter it (RFC 5465 §7).
        new: Those of them that others added, and that were not looked at yet.
    """

    __slots__ = ("criteria", "is_stale", "items", "key", "new", "tag", "uid", "uids", "waiting")

    def __init__(
        self,
        tag: str,
        key: SearchKey,
        uids: list[int],
        *,
        uid: bool,
        criteria: tuple[SortCriterion, ...] = (),
        items: tuple[FetchItem, ...] = (),
    ) -> None:
        self.tag = tag
        self.key = key
        self.uids = uids
        self.uid = uid
        self.criteria = criteria
        self.items = items
        self.new: set[int] = set()
        self.waiting: set[int] = set()
        self.is_stale = False


def check_tag(session: "Session", tag: str) -> None:
    """Refuse a tag that stands for a result already (RFC 5267 §4.3).

    Raises:
        RefusedError: BAD.
    """
    if tag in session.view.contexts:
        raise RefusedError("tag reuse", kind=ConditionKind.BAD)


def add_context(session: "Session", context: Context) -> bool:
    """Keep a result; if that is too much, say so with NOUPDATE, and return False (RFC 5267 §4.3.1)."""
    contexts = session.view.contexts
    if len(contexts) < _MOST_CONTEXTS and (not context.criteria or len(context.uids) <= _MOST_SORTED):
        contexts[context.tag] = context
        return True
    session.write(f'* NO [NOUPDATE "{context.tag}"] too many or too large contexts\r\n'.encode())
    return False


def tell_removed(session: "Session") -> None:
    """Note what happened, before the client is told of it; tell what leaves results by being removed."""
    selected = session.selected
    if selected is None or not selected.contexts:
        return
    listener = session.listener
    removed, changed, new = _touched(selected.mailbox_id, listener.waiting(), origin=session)
    for context in selected.contexts.values():
        context.waiting |= changed
        context.new |= new
        context.is_stale |= listener.overflowed
        if removed:
            _write(session, context, _remove(session, context, removed))


async def tell_changed(session: "Session") -> list[tuple[Context, list[int]]]:
    """Tell what entered and left results by other changes, after the client was told of these.

    Returns:
        New messages in results of which something is to be fetched, ascending.
    """
    wanted: list[tuple[Context, list[int]]] = []
    selected = session.selected
    if selected is None:
        return wanted
    for context in list(selected.contexts.values()):
        if not (context.waiting or context.is_stale):
            continue
        if context.is_stale:
            looked_at = set(selected.uids)
        else:
            looked_at = {uid for uid in context.waiting if selected.number_of(uid) is not None}
        # What the client does not know yet waits until it does.
        context.waiting -= looked_at
        context.is_stale = False
        if looked_at:
            _write(session, context, await _look_again(session, context, looked_at))
        new, context.new = context.new & looked_at, context.new - looked_at
        if context.items and (entered := new & set(context.uids)):
            wanted.append((context, sorted(entered)))
    return wanted


def _touched(
    mailbox_id: int, batches: Iterable[Batch], *, origin: object
) -> tuple[set[int], set[int], set[int]]:
    """Return what was removed, what was added or changed, and what of that others added."""
    removed: set[int] = set()
    changed: set[int] = set()
    new: set[int] = set()
    for batch in batches:
        for change in batch.changes:
            if change.mailbox_id != mailbox_id:
                continue
            match change:
                case MessagesRemoved(uids=uids):
                    removed.update(uids)
                case MessagesAdded(messages=messages) | FlagsChanged(messages=messages):
                    changed.update(uid for uid, _ in messages)
                    # RFC 5465 §5.2: not of one's own.
                    if isinstance(change, MessagesAdded) and batch.origin is not origin:
                        new.update(uid for uid, _ in messages)
                case _:
                    pass
    return removed, changed - removed, new - removed


async def _look_again(session: "Session", context: Context, uids: set[int]) -> list[ResultUpdate]:
    view = session.view
    key = And((NumberKey(SequenceSet.of(sorted(uids)), uid=True), context.key))
    found = await search_messages(session.mail, view.mailbox_id, key, now=session.now())
    matching = set(view.known(found))
    before = set(context.uids)
    updates = _remove(session, context, (before & uids) - matching)
    return updates + await _add(session, context, matching - before)


def _remove(session: "Session", context: Context, gone: set[int]) -> list[ResultUpdate]:
    leaving = [(place, uid) for place, uid in enumerate(context.uids, 1) if uid in gone]
    if not leaving:
        return []
    context.uids = [uid for uid in context.uids if uid not in gone]
    if not context.criteria:
        return [ResultUpdate(False, 0, _set(session, context, [uid for _, uid in leaving]))]
    # From the end, so that the places of those before stay.
    return [ResultUpdate(False, place, _set(session, context, [uid])) for place, uid in reversed(leaving)]


async def _add(session: "Session", context: Context, new: set[int]) -> list[ResultUpdate]:
    if not new:
        return []
    uids = sorted({*context.uids, *new})
    if not context.criteria:
        context.uids = uids
        return [ResultUpdate(True, 0, _set(session, context, sorted(new)))]
    context.uids = await sort_messages(session.mail, session.view.mailbox_id, uids, context.criteria)
    return [
        ResultUpdate(True, place, _set(session, context, [uid]))
        for place, uid in enumerate(context.uids, 1)
        if uid in new
    ]


def _set(session: "Session", context: Context, uids: Sequence[int]) -> SequenceSet:
    if context.uid:
        return ordered_set(uids)
    numbers = (session.view.number_of(uid) for uid in uids)
    return ordered_set(number for number in numbers if number is not None)


def _write(session: "Session", context: Context, updates: list[ResultUpdate]) -> None:
    told = tuple(update for update in updates if update.numbers.ranges)
    if told:
        data = EsearchData(tag=context.tag, uid=context.uid, updates=told)
        session.write(data.encode(utf8=session.utf8))
