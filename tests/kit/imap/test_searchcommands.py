"""SEARCH return options, SORT, THREAD, CANCELUPDATE, PARTIAL: forms on the wire, refusals, round trips."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from moxkit.imap import (
    AllKey,
    CancelUpdate,
    Command,
    CommandSyntaxError,
    EsearchData,
    Fetch,
    FetchAttribute,
    FlagKey,
    HeaderKey,
    PartialRange,
    ResponseSyntaxError,
    ResultUpdate,
    Search,
    SequenceSet,
    Sort,
    SortCriterion,
    SortData,
    SortKey,
    TextKey,
    Thread,
    ThreadAlgorithm,
    encode_command,
    ordered_set,
    parse_sequence_set,
)
from moxkit.imap.lexer import Cursor
from moxkit.imap.partialrange import take_partial_range
from moxkit.imap.readresponse import take_response
from moxkit.imap.takecommand import take_command

BY_SUBJECT = (SortCriterion(SortKey.SUBJECT),)
UNDELETED = FlagKey("\\Deleted", present=False)

GOOD: list[tuple[bytes, Command]] = [
    # RFC 5256 §3
    (
        b'SORT (SUBJECT) US-ASCII TEXT "not in mailbox"',
        Sort(BY_SUBJECT, TextKey("not in mailbox"), "US-ASCII"),
    ),
    (
        b"SORT (SUBJECT REVERSE DATE) UTF-8 ALL",
        Sort((*BY_SUBJECT, SortCriterion(SortKey.DATE, reverse=True)), AllKey()),
    ),
    (
        b"UID SORT (DISPLAYFROM REVERSE DISPLAYTO ARRIVAL CC FROM SIZE TO) UTF-8 ALL",
        Sort(
            (
                SortCriterion(SortKey.DISPLAYFROM),
                SortCriterion(SortKey.DISPLAYTO, reverse=True),
                *map(SortCriterion, (SortKey.ARRIVAL, SortKey.CC, SortKey.FROM, SortKey.SIZE, SortKey.TO)),
            ),
            AllKey(),
            uid=True,
        ),
    ),
    (
        b'THREAD ORDEREDSUBJECT US-ASCII TEXT "gewp"',
        Thread(ThreadAlgorithm.ORDEREDSUBJECT, TextKey("gewp"), "US-ASCII"),
    ),
    (b"UID THREAD REFERENCES UTF-8 ALL", Thread(ThreadAlgorithm.REFERENCES, AllKey(), uid=True)),
    # RFC 5267 §3.3, §4
    (
        b"UID SORT RETURN () (REVERSE DATE) UTF-8 UNDELETED",
        Sort((SortCriterion(SortKey.DATE, reverse=True),), UNDELETED, uid=True, returns=frozenset({"ALL"})),
    ),
    (b"SEARCH RETURN (CONTEXT COUNT) UNDELETED", Search(UNDELETED, returns=frozenset({"CONTEXT", "COUNT"}))),
    (
        b"UID SEARCH RETURN (PARTIAL 23500:24000 UPDATE) UNDELETED",
        Search(UNDELETED, True, frozenset({"PARTIAL", "UPDATE"}), partial=PartialRange(23500, 24000)),
    ),
    (b'CANCELUPDATE "B01" "B02"', CancelUpdate(("B01", "B02"))),
    # RFC 9394 §3
    (
        b"UID SEARCH RETURN (PARTIAL -1:-100) UNDELETED",
        Search(UNDELETED, True, frozenset({"PARTIAL"}), partial=PartialRange(-1, -100)),
    ),
    (
        b"UID FETCH 25900:26600 (UID FLAGS) (PARTIAL -1:-30 CHANGEDSINCE 98305)",
        Fetch(
            SequenceSet(((25900, 26600),)),
            (FetchAttribute.UID, FetchAttribute.FLAGS),
            uid=True,
            changed_since=98305,
            partial=PartialRange(-1, -30),
        ),
    ),
]
REFUSED = [
    b"SORT",
    b"SORT (SUBJECT) UTF-8",
    b"SORT () UTF-8 ALL",
    b"SORT SUBJECT UTF-8 ALL",
    b"SORT (REVERSE) UTF-8 ALL",
    b"SORT (REVERSE REVERSE DATE) UTF-8 ALL",
    b"SORT (COLOUR) UTF-8 ALL",
    b"SORT (" + b" ".join([b"DATE"] * 21) + b") UTF-8 ALL",
    b"SORT (DATE) RETURN () UTF-8 ALL",
    b"SORT RETURN (PARTIAL) (DATE) UTF-8 ALL",
    b"THREAD UTF-8 ALL",
    b"THREAD FAMILY UTF-8 ALL",
    b"THREAD REFERENCES ALL",
    b"CANCELUPDATE",
    b"CANCELUPDATE B01",
    b"CANCELUPDATE" + b' "t"' * 101,
    b'UID CANCELUPDATE "B01"',
    b"SEARCH RETURN (PARTIAL 1:2 ALL) ALL",
    b"SEARCH RETURN (PARTIAL 1:2 PARTIAL 3:4) ALL",
    b"SEARCH RETURN (PARTIAL 0:2) ALL",
    b"SEARCH RETURN (PARTIAL 1:-2) ALL",
    b"SEARCH RETURN (PARTIAL 1:*) ALL",
    b"SEARCH RETURN (PARTIAL 1) ALL",
    b"SEARCH RETURN (PARTIAL 1:4294967296) ALL",
    b"FETCH 1:* FLAGS (PARTIAL 1:2)",  # RFC 9394 §3.3: of UID FETCH
    b"UID FETCH 1:* FLAGS (PARTIAL 1:2 PARTIAL 1:2)",
]


def parsed(octets: bytes) -> object:
    return take_command(Cursor(b"a1 " + octets))


@pytest.mark.parametrize(("octets", "command"), GOOD, ids=repr)
def test_reads_command(octets: bytes, command: Command) -> None:
    assert parsed(octets) == command


@pytest.mark.parametrize("command", [command for _, command in GOOD], ids=repr)
def test_server_reads_what_the_client_writes(command: Command) -> None:
    pieces = [piece for piece in encode_command(command) if isinstance(piece, bytes)]
    assert parsed(b"".join(pieces)) == command


def test_case_of_names_does_not_count() -> None:
    assert parsed(b"sort return (min) (reverse subject) utf-8 subject x") == Sort(
        (SortCriterion(SortKey.SUBJECT, reverse=True),),
        HeaderKey("Subject", "x"),
        "utf-8",
        returns=frozenset({"MIN"}),
    )


@pytest.mark.parametrize("octets", REFUSED)
def test_refuses(octets: bytes) -> None:
    with pytest.raises(CommandSyntaxError):
        parsed(octets)


RESPONSES = [
    # RFC 5267 §4.3.3, §4.3.4, §4.4; RFC 9394 §3.1
    (
        b'* ESEARCH (TAG "B01") UID ADDTO (0 32768:32769)',
        EsearchData("B01", uid=True, updates=(ResultUpdate(True, 0, SequenceSet(((32768, 32769),))),)),
    ),
    (
        b'* ESEARCH (TAG "C01") UID ADDTO (1 2733 1 2732 1 2731)',
        EsearchData(
            "C01",
            uid=True,
            updates=tuple(ResultUpdate(True, 1, SequenceSet(((n, n),))) for n in (2733, 2732, 2731)),
        ),
    ),
    (
        b'* ESEARCH (TAG "B01") REMOVEFROM (3 7) ADDTO (1 7)',
        EsearchData(
            "B01",
            updates=(
                ResultUpdate(False, 3, SequenceSet(((7, 7),))),
                ResultUpdate(True, 1, SequenceSet(((7, 7),))),
            ),
        ),
    ),
    (
        b'* ESEARCH (TAG "A04") UID PARTIAL (24000:24500 NIL)',
        EsearchData("A04", uid=True, partial=(PartialRange(24000, 24500), None)),
    ),
    (
        b'* ESEARCH (TAG "A01") UID COUNT 7 PARTIAL (-1:-100 5:6,9) MODSEQ 12',
        EsearchData(
            "A01",
            uid=True,
            count=7,
            modseq=12,
            partial=(PartialRange(-1, -100), SequenceSet(((5, 6), (9, 9)))),
        ),
    ),
    (b"* SORT 2 84 882", SortData((2, 84, 882))),
    (b"* SORT", SortData(())),
    (b"* SORT 5 (MODSEQ 17)", SortData((5,), 17)),
]


@pytest.mark.parametrize(("octets", "response"), RESPONSES)
def test_reads_and_writes_responses(octets: bytes, response: EsearchData | SortData) -> None:
    assert take_response(Cursor(octets, error=ResponseSyntaxError)) == response
    assert response.encode() == octets + b"\r\n"


@pytest.mark.parametrize(
    "octets",
    [
        b'* ESEARCH (TAG "t") PARTIAL 1:2',
        b'* ESEARCH (TAG "t") PARTIAL (1:2)',
        b'* ESEARCH (TAG "t") ADDTO ()',
        b'* ESEARCH (TAG "t") ADDTO (1)',
        b'* ESEARCH (TAG "t") ADDTO (4294967296 1)',
        b"* SORT x",
    ],
)
def test_refuses_responses(octets: bytes) -> None:
    with pytest.raises(ResponseSyntaxError):
        take_response(Cursor(octets, error=ResponseSyntaxError))


@pytest.mark.parametrize(
    ("part", "chosen"),
    [
        (PartialRange(1, 3), [9, 5, 7]),
        (PartialRange(3, 1), [9, 5, 7]),
        (PartialRange(4, 9), [2]),
        (PartialRange(5, 9), []),
        (PartialRange(-1, -2), [7, 2]),
        (PartialRange(-2, -1), [7, 2]),
        (PartialRange(-4, -90), [9]),
        (PartialRange(-5, -9), []),
    ],
)
def test_partial_selects_by_position(part: PartialRange, chosen: list[int]) -> None:
    assert part.select([9, 5, 7, 2]) == chosen


def test_ordered_set_keeps_the_order() -> None:
    # RFC 5267 §3.3: descending numbers are no range.
    assert bytes(ordered_set([23765, 23764, 5, 6, 7, 1])) == b"23765,23764,5:7,1"


@given(st.lists(st.integers(1, 50), unique=True, min_size=1))
def test_ordered_set_can_be_expanded_again(numbers: list[int]) -> None:
    ranges = parse_sequence_set(bytes(ordered_set(numbers))).ranges
    assert [n for low, high in ranges for n in range(low, high + 1)] == numbers


@given(st.binary(max_size=40))
def test_noise_gives_a_range_or_the_error(noise: bytes) -> None:
    with suppress(CommandSyntaxError):
        take_partial_range(Cursor(noise))
    for verb in (b"SORT (", b"SORT RETURN (", b"THREAD ", b"CANCELUPDATE "):
        with suppress(CommandSyntaxError):
            parsed(verb + noise.replace(b"{", b"").replace(b"\r", b""))
