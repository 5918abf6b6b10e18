"""SEARCH, SORT and THREAD, by number or UID (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 5256, RFC 5267)."""

from dataclasses import replace

from mox.imapserver.commands.filters import with_filters
from mox.imapserver.commands.hello import enable_condstore
from mox.imapserver.commands.searchresults import Found, saved_uids, write_extended
from mox.imapserver.contexts import Context, add_context, check_tag
from mox.imapserver.errors import RefusedError
from mox.imapserver.messagelimit import limited_key
from mox.imapserver.objectids import by_object_id
from mox.imapserver.progress import Progress
from mox.imapserver.selected import Selected
from mox.imapserver.session import Done, Session
from mox.store import latest_modseq, search_messages, sort_messages, thread_messages
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
    view = session.view
    found = await find(session, tag, command, view, limit=session.services.message_limit)
    if command.returns is None and not session.is_rev2:
        session.write(encode_search(*_plain(session, command, found)))
        return Done("searched", found.code)
    return _extended(session, tag, command, found)


async def sort(session: Session, tag: str, command: Sort) -> Done:
    """Find messages, in an order."""
    view = session.view
    found = await find(session, tag, command, view)
    order = await sort_messages(session.mail, view.mailbox_id, found.uids, command.criteria)
    found = replace(found, uids=order)
    if command.returns is None:
        numbers, modseq = _plain(session, command, found)
        session.write(SortData(tuple(numbers), modseq).encode())
        return Done("sorted")
    return _extended(session, tag, command, found)


def _plain(session: Session, command: Search | Sort, found: Found) -> tuple[list[int], int | None]:
    """Return numbers or UIDs for an answer of the old kind, and the latest modseq if it is wanted."""
    view, modseq = session.view, None
    if found.is_about_modseqs:
        modseq = latest_modseq(session.mail, view.mailbox_id, found.uids)
    return found.uids if command.uid else view.numbers_of(found.uids), modseq


async def thread(session: Session, tag: str, command: Thread) -> Done:
    """Find messages, in threads."""
    view = session.view
    uids = (await find(session, tag, command, view)).uids
    threads = await thread_messages(session.mail, view.mailbox_id, uids, command.algorithm)
    if not command.uid:
        _number(threads, dict(zip(uids, view.numbers_of(uids), strict=True)))
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
    limit: int = 0,
) -> Found:
    """Return what is found of the messages of a view.

    Args:
        session: Whose client asked.
        tag: Of the command.
        command: What to look for.
        view: Where.
        is_strict: A message number that no message has is an error (RFC 9051 §9, seq-number).
        limit: How many messages to look at (RFC 9738); 0: all.

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
    among, code = limited_key(view, key, limit)
    looking = search_messages(
        session.mail, view.mailbox_id, among, now=session.now(), looked_at=progress.count
    )
    return Found(key, view.known(await progress.watch(looking)), wants_modseq, code)


def _extended(session: Session, tag: str, command: Search | Sort, found: Found) -> Done:
    returns = command.returns or frozenset({"ALL"})
    if "SAVE" in returns:
        session.saved = saved_uids(command, found)
        if returns == {"SAVE"}:
            return Done("searched and saved", found.code)
    write_extended(session, tag, command, found, view=session.view)
    if "UPDATE" in returns:
        criteria = command.criteria if isinstance(command, Sort) else ()
        context = Context(
            tag, found.key, found.uids, uid=command.uid, criteria=criteria, items=command.update_items
        )
        if not add_context(session, context):
            return Done("searched, will not notify", found.code)
        return Done("searched, will notify", found.code)
    return Done("searched", found.code)


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
