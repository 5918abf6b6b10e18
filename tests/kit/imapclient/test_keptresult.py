"""A result that follows updates: the examples of RFC 5267, and a server that names too much."""

import pytest

from moxkit.imap import (
    Code,
    Condition,
    ConditionKind,
    EsearchData,
    ExistsData,
    ExpungeData,
    ResponseSyntaxError,
)
from moxkit.imap.lexer import Cursor
from moxkit.imap.readresponse import take_response
from moxkit.imapclient import KeptResult


def take(result: KeptResult, line: str) -> bool:
    return result.take(take_response(Cursor(line.encode(), error=ResponseSyntaxError)))


@pytest.mark.parametrize(
    "line",
    [
        # RFC 5267 §4.3.3: three ways to say the same.
        '* ESEARCH (TAG "C01") UID ADDTO (1 2733 1 2732 1 2731)',
        '* ESEARCH (TAG "C01") UID ADDTO (1 2733) ADDTO (1 2731:2732)',
        '* ESEARCH (TAG "C01") UID ADDTO (1 2731:2733)',
        '* ESEARCH (TAG "C01") UID ADDTO (0 2731:2733)',
    ],
)
def test_equivalent_updates_give_one_result(line: str) -> None:
    result = KeptResult("C01", [2734, 2735])
    assert take(result, line)
    assert result.numbers == [2731, 2732, 2733, 2734, 2735]


def test_places_count_where_there_is_an_order() -> None:
    result = KeptResult("s", [9, 4, 7])
    assert take(result, '* ESEARCH (TAG "s") UID REMOVEFROM (2 4) ADDTO (3 5 1 1)')
    assert result.numbers == [1, 9, 7, 5]


def test_what_is_about_something_else_is_left_alone() -> None:
    result = KeptResult("B01", [1, 2])
    assert not take(result, '* ESEARCH (TAG "B02") ADDTO (0 9)')
    assert not take(result, '* ESEARCH (TAG "B01") COUNT 9')
    assert not take(result, '* NO [NOUPDATE "B02"] too many')
    assert not result.take(ExistsData(3))
    assert not result.take(ExpungeData(1)), "its numbers are UIDs"
    assert result.numbers == [1, 2]
    assert result.is_updated


def test_message_numbers_move_up() -> None:
    result = KeptResult("n", [1, 3, 5], uid=False)
    assert result.take(ExpungeData(2))
    assert result.numbers == [1, 2, 4]


def test_a_server_may_refuse_to_update() -> None:
    result = KeptResult("B02", [])
    assert result.take(Condition(ConditionKind.NO, "too many contexts", Code("NOUPDATE", b'"B02"')))
    assert not result.is_updated


def test_absurd_sets_are_not_expanded() -> None:
    with pytest.raises(ConnectionError):
        take(KeptResult("t", []), '* ESEARCH (TAG "t") UID ADDTO (1 1:4294967295)')


def test_an_update_without_tag_is_nobodys() -> None:
    assert not KeptResult("t", []).take(EsearchData())
