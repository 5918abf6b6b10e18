"""SEARCH, SORT and THREAD, by number or UID (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 5256, RFC 5267)."""

from mox.imapserver.commands.filters import with_filters
from mox.imapserver.commands.hello import enable_condstore
from mox.imapserver.commands.searchresults import KnownMessage, saved_uids, write_extended
from mox.imapserver.contexts import Context, add_context, check_tag
from mox.imapserver.errors import RefusedError
from mox.imapserver.objectids import by_object_id
from mox.imapserver.progress import Progress
from mox.imapserver.selected import Selected
from mox.imapserver.session import Done, Session
from mox.store import search_messages, sort_messages, thread_messages
from moxkit.imap import (
    And,
    BadCharset,
    CancelUpdate,
    ConditionKind,
    EmailIdKey,
    FilterKey,
    ModSeqKey,
    Not,
    NumberKey,
    Or,
    Search,
    SearchKey,
    SequenceSet,
    Sort,
    SortData,
    Thread,
    ThreadData,
    ThreadIdKey,
    ThreadNode,
    encode_search,
)

__all__ = ["cancel_update", "find", "search", "sort", "thread"]

_CHARSETS = ("US-ASCII", "UTF-8")


async def search(session: Session, tag: str, command: Search) -> Done:
    """Find messages the client knows."""
    key, found, wants_modseq = await find(session, tag, command, session.view)
    if command.returns is None and not session.is_rev2:
        numbers = [message.uid if command.uid else message.number for message in found]
        modseq = max((message.modseq for message in found), default=None) if wants_modseq else None
        session.write(encode_search(numbers, modseq))
        return Done("searched")
    return _extended(session, tag, command, key, found, wants_modseq=wants_modseq)


async def sort(session: Session, tag: str, command: Sort) -> Done:
    """Find messages, in an order."""
    key, found, wants_modseq = await find(session, tag, command, session.view)
    by_uid = {message.uid: message for message in found}
    view = session.view
    order = await sort_messages(session.mail, view.mailbox_id, list(by_uid), command.criteria)
    found = [by_uid[uid] for uid in order]
    if command.returns is None:
        numbers = tuple(message.uid if command.uid else message.number for message in found)
        modseq = max((message.modseq for message in found), default=None) if wants_modseq else None
        session.write(SortData(numbers, modseq).encode())
        return Done("sorted")
    return _extended(session, tag, command, key, found, wants_modseq=wants_modseq)


async def thread(session: Session, tag: str, command: Thread) -> Done:
    """Find messages, in threads."""
    _, found, _ = await find(session, tag, command, session.view)
    uids = [message.uid for message in found]
    threads = await thread_messages(session.mail, session.view.mailbox_id, uids, command.algorithm)
    if not command.uid:
        _number(threads, {message.uid: message.number for message in found})
    session.write(ThreadData(threads).encode())
    return Done("threaded")


async def cancel_update(session: Session, _tag: str, command: CancelUpdate) -> Done:
    """Tell no more of some results (RFC 5267 §4.3.5); a tag that has none is no error."""
    for tag in command.tags:
        session.view.contexts.pop(tag, None)
    return Done("no further updates")


def _number(threads: tuple[ThreadNode, ...], numbers: dict[int, int]) -> None:
    """Put message numbers where UIDs stand."""
    waiting = list(threads)
    while waiting:
        node = waiting.pop()
        if node.number is not None:
            node.number = numbers[node.number]
        waiting += node.children


async def find(
    session: Session,
    tag: str,
    command: Search | Sort | Thread,
    view: Selected,
    *,
    is_strict: bool = True,
) -> tuple[SearchKey, list[KnownMessage], bool]:
    """Return the key by UIDs, what it finds of the messages of a view, and whether it is about modseqs.

    Args:
        session: Whose client asked.
        tag: Of the command.
        command: What to look for.
        view: Where.
        is_strict: A message number that no message has is an error (RFC 9051 §9, seq-number).

    Raises:
        RefusedError: A charset, a tag or a message number that cannot be.
    """
    returns = frozenset[str]() if isinstance(command, Thread) else command.returns or frozenset[str]()
    previous = session.saved
    if "SAVE" in returns:
        # Also if the search is refused (RFC 5182 §2.1).
        session.saved = []
    if "UPDATE" in returns:
        check_tag(session, tag)
    charset = command.charset
    if charset is not None and charset.upper() not in _CHARSETS:
        # RFC 5466 §3.1: filters are in UTF-8.
        kind = ConditionKind.BAD if _mentions(command.key, FilterKey) else ConditionKind.NO
        raise RefusedError("unknown charset", BadCharset(_CHARSETS), kind)
    key = with_filters(session, command.key)
    wants_modseq = _mentions(key, ModSeqKey)
    if wants_modseq:
        enable_condstore(session)
    key = _Numbers(session, view, previous, is_strict=is_strict).by_uid(key)
    progress = Progress(session, tag, len(view.uids))
    looking = search_messages(session.mail, view.mailbox_id, key, now=session.now(), looked_at=progress.count)
    found = await progress.watch(looking)
    known = [
        KnownMessage(number, uid, modseq)
        for uid, modseq in found.messages
        if (number := view.number_of(uid)) is not None
    ]
    return key, known, wants_modseq


def _extended(
    session: Session,
    tag: str,
    command: Search | Sort,
    key: SearchKey,
    found: list[KnownMessage],
    *,
    wants_modseq: bool,
) -> Done:
    returns = command.returns or frozenset({"ALL"})
    if "SAVE" in returns:
        session.saved = saved_uids(command, found)
        if returns == {"SAVE"}:
            return Done("searched and saved")
    write_extended(session, tag, command, found, with_modseq=wants_modseq)
    if "UPDATE" in returns:
        criteria = command.criteria if isinstance(command, Sort) else ()
        uids = [message.uid for message in found]
        if not add_context(
            session, Context(tag, key, uids, uid=command.uid, criteria=criteria, items=command.update_items)
        ):
            return Done("searched, will not notify")
        return Done("searched, will notify")
    return Done("searched")


def _mentions(key: SearchKey, kind: type) -> bool:
    match key:
        case And(keys):
            return any(_mentions(each, kind) for each in keys)
        case Or(left, right):
            return _mentions(left, kind) or _mentions(right, kind)
        case Not(inner):
            return _mentions(inner, kind)
        case _:
            return isinstance(key, kind)


class _Numbers:
    """Turns message numbers, `*` and `$` into UIDs, by the messages of a view."""

    def __init__(self, session: Session, view: Selected, saved: list[int], *, is_strict: bool) -> None:
        self._session = session
        self._view = view
        # What `$` stands for is in the selected mailbox alone.
        self._saved = saved if view is session.selected else []
        self._is_strict = is_strict

    def by_uid(self, key: SearchKey) -> SearchKey:
        """Return the key without them."""
        match key:
            case And(keys):
                return And(tuple(self.by_uid(each) for each in keys))
            case Or(left, right):
                return Or(self.by_uid(left), self.by_uid(right))
            case Not(inner):
                return Not(self.by_uid(inner))
            case EmailIdKey() | ThreadIdKey():
                return by_object_id(self._session, self._view.mailbox_id, key)
            case NumberKey():
                return self._uids(key)
            case _:
                return key

    def _uids(self, key: NumberKey) -> NumberKey:
        if key.numbers.saved:
            return NumberKey(SequenceSet.of(self._saved), uid=True)
        spans = self._session.spans(key.numbers, by_uid=key.uid, view=self._view, is_strict=self._is_strict)
        return NumberKey(SequenceSet(tuple(self._view.uid_ranges(spans))), uid=True)
