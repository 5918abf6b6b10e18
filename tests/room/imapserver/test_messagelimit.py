"""A limit on messages keeps the newest, says where it stopped, and loses none on the way down (RFC 9738)."""

from array import array

import pytest
from hypothesis import given, strategies as st

from mox.imapserver.errors import RefusedError
from mox.imapserver.messagelimit import check_whole, limited, limited_key
from mox.imapserver.selected import Selected
from moxkit.imap import And, FlagKey, MessageLimitCode, Not, NumberKey, SearchKey, SequenceSet

_UNSEEN = FlagKey("\\Seen", present=False)
_UIDS = st.sets(st.integers(1, 60), max_size=40).map(sorted)


def _view(uids: list[int]) -> Selected:
    return Selected(mailbox_id=1, name="Inbox", uids=array("I", uids), modseq=1, keywords=(), read_only=False)


def _uid_key(uids: list[int]) -> NumberKey:
    return NumberKey(SequenceSet.of(uids), uid=True)


@given(uids=_UIDS, wanted=_UIDS, limit=st.integers(1, 10))
def test_going_on_below_works_on_each_message_once(uids: list[int], wanted: list[int], limit: int) -> None:
    view, done, asked = _view(uids), list[int](), list(wanted)
    while True:
        spans, code = limited(view, SequenceSet.of(asked).spans(view.uids), limit)
        part = [uid for start, stop in spans for uid in view.uids[start:stop]]
        assert len(part) <= limit
        done += part
        if not code:
            break
        assert code == bytes(MessageLimitCode(limit, part[0]))
        asked = [uid for uid in asked if uid < part[0]]
    assert sorted(done) == [uid for uid in wanted if uid in uids]


@given(uids=_UIDS, inside=_UIDS, outside=_UIDS, limit=st.integers(1, 10))
def test_search_looks_at_the_newest_of_those_it_is_about(
    uids: list[int], inside: list[int], outside: list[int], limit: int
) -> None:
    view = _view(uids)
    key = And((_uid_key(inside), And((Not(_uid_key(outside)), _UNSEEN))))
    about = [uid for uid in uids if uid in inside and uid not in outside]
    among, code = limited_key(view, key, limit)
    if len(about) <= limit:
        assert (among, code) == (key, b"")
        return
    newest = about[-limit:]
    assert isinstance(among, And)
    restriction, same = among.keys
    assert same == key
    assert isinstance(restriction, NumberKey)
    assert restriction.numbers.select(view.uids) == newest
    assert code == bytes(MessageLimitCode(limit, newest[0]))


@pytest.mark.parametrize("key", [_UNSEEN, Not(_UNSEEN), And((_UNSEEN, _UNSEEN))])
def test_search_without_uids_is_about_all(key: SearchKey) -> None:
    among, code = limited_key(_view([1, 2, 5, 9]), key, 2)
    assert among == And((NumberKey(SequenceSet(((5, 9),)), uid=True), key))
    assert code == b"MESSAGELIMIT 2 5"


def test_no_limit_changes_nothing() -> None:
    view = _view([1, 2, 5, 9])
    assert limited(view, [(0, 4)], 0) == ([(0, 4)], b"")
    assert limited_key(view, _UNSEEN, 0) == (_UNSEEN, b"")
    check_whole(10_000, 0)


def test_what_is_done_as_a_whole_is_refused_beyond_the_limit() -> None:
    check_whole(3, 3)
    with pytest.raises(RefusedError) as refused:
        check_whole(4, 3)
    assert refused.value.code == MessageLimitCode(3)
