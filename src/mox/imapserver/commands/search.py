"""SEARCH and UID SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182)."""

from mox.imapserver.commands.hello import enable_condstore
from mox.imapserver.errors import RefusedError
from mox.imapserver.objectids import by_object_id
from mox.imapserver.session import Done, Session
from mox.store import search_messages
from moxkit.imap import (
    And,
    BadCharset,
    EmailIdKey,
    EsearchData,
    ModSeqKey,
    Not,
    NumberKey,
    Or,
    Search,
    SearchKey,
    SequenceSet,
    ThreadIdKey,
    encode_search,
)

__all__ = ["search"]

_CHARSETS = ("US-ASCII", "UTF-8")


async def search(session: Session, tag: str, command: Search) -> Done:
    """Find messages the client knows."""
    returns = command.returns
    previous = session.saved
    if returns is not None and "SAVE" in returns:
        # Also if the search is refused (RFC 5182 §2.1).
        session.saved = []
    if command.charset is not None and command.charset.upper() not in _CHARSETS:
        raise RefusedError("unknown charset", BadCharset(_CHARSETS))
    wants_modseq = _has_modseq(command.key)
    if wants_modseq:
        enable_condstore(session)
    view = session.view
    key = _by_uid(session, command.key, previous)
    found = await search_messages(session.mail, view.mailbox_id, key, now=session.now())
    known = [(number, uid, modseq) for uid, modseq in found.messages if (number := view.number_of(uid))]
    numbers = [uid if command.uid else number for number, uid, _ in known]
    modseq = max((modseq for *_, modseq in known), default=None) if wants_modseq else None
    if returns is not None and "SAVE" in returns:
        session.saved = _saved(returns, [uid for _, uid, _ in known])
    if returns is None and not session.is_rev2:
        session.write(encode_search(numbers, modseq))
        return Done("searched")
    asked = returns or frozenset({"ALL"})
    if asked == {"SAVE"}:
        return Done("searched and saved")
    session.write(
        EsearchData(
            tag=tag,
            uid=command.uid,
            lowest=numbers[0] if numbers and "MIN" in asked else None,
            highest=numbers[-1] if numbers and "MAX" in asked else None,
            count=len(numbers) if "COUNT" in asked else None,
            all=SequenceSet.of(numbers) if "ALL" in asked else None,
            modseq=modseq,
        ).encode(utf8=session.utf8)
    )
    return Done("searched")


def _saved(returns: frozenset[str], uids: list[int]) -> list[int]:
    """What SAVE keeps: MIN and MAX only, if nothing else is asked for (RFC 5182 §2.4)."""
    if returns & {"ALL", "COUNT"} or not returns & {"MIN", "MAX"}:
        return uids
    ends = ([uids[0]] if "MIN" in returns else []) + ([uids[-1]] if "MAX" in returns else []) if uids else []
    return sorted(set(ends))


def _has_modseq(key: SearchKey) -> bool:
    match key:
        case And(keys):
            return any(map(_has_modseq, keys))
        case Or(left, right):
            return _has_modseq(left) or _has_modseq(right)
        case Not(inner):
            return _has_modseq(inner)
        case _:
            return isinstance(key, ModSeqKey)


def _by_uid(  # noqa: PLR0911  one for each key
    session: Session, key: SearchKey, saved: list[int]
) -> SearchKey:
    """Turn message numbers, `*` and `$` into UIDs, by what the client knows."""
    match key:
        case And(keys):
            return And(tuple(_by_uid(session, each, saved) for each in keys))
        case Or(left, right):
            return Or(_by_uid(session, left, saved), _by_uid(session, right, saved))
        case Not(inner):
            return Not(_by_uid(session, inner, saved))
        case EmailIdKey() | ThreadIdKey():
            return by_object_id(session, session.view.mailbox_id, key)
        case NumberKey(numbers, uid):
            if numbers.saved:
                return NumberKey(SequenceSet.of(saved), uid=True)
            view = session.view
            ranges = view.uid_ranges(session.spans(numbers, by_uid=uid))
            return NumberKey(SequenceSet(tuple(ranges)), uid=True)
        case _:
            return key
