"""Strings, dates and status texts as written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from moxkit.imap import (
    BadCommand,
    BodySection,
    Condition,
    ConditionKind,
    FetchBlock,
    Partial,
    Section,
    SectionText,
    encode_astring,
    encode_date_time,
    encode_nstring,
    encode_quoted,
    encode_string,
    part_content,
    part_content_header,
)
from moxkit.imap.dates import take_date_time
from moxkit.imap.lexer import Cursor


@pytest.mark.parametrize(
    ("octets", "encoded"),
    [
        (b"", b'""'),
        (b'a"b\\c', b'"a\\"b\\\\c"'),
        (b"a\r\nb", b"{4}\r\na\r\nb"),
        (b"a\0", b"~{2}\r\na\0"),
        (b"\xc3\xa4", b"{2}\r\n\xc3\xa4"),
        (b"x" * 1001, b"{1001}\r\n" + b"x" * 1001),
    ],
)
def test_strings(octets: bytes, encoded: bytes) -> None:
    assert encode_string(octets) == encoded


def test_utf8_goes_between_quotes_only_when_allowed_and_valid() -> None:
    assert encode_string("ä".encode(), utf8=True) == '"ä"'.encode()
    assert encode_string(b"\xff", utf8=True) == b"{1}\r\n\xff"


def test_nil_is_told_from_the_word() -> None:
    assert (encode_nstring(None), encode_nstring(b"NIL"), encode_astring("nil")) == (
        b"NIL",
        b'"NIL"',
        b'"nil"',
    )


# NUL needs a literal8, which an astring cannot be (RFC 9051 §9).
@given(st.text().filter(lambda text: "\0" not in text), st.booleans())
def test_astring_survives_the_wire(text: str, utf8: bool) -> None:
    encoded = encode_astring(text, utf8=utf8)
    announcement, _, content = encoded.partition(b"\r\n")
    literal = announcement.endswith(b"}")
    cursor = Cursor(announcement + b"\r\n", [content]) if literal else Cursor(encoded)
    assert cursor.astring() == text.encode()


@pytest.mark.parametrize("text", ["a\r\nb", "\0"])
def test_quotes_cannot_hold_line_ends(text: str) -> None:
    with pytest.raises(ValueError, match="line ends"):
        encode_quoted(text)


def test_text_of_a_condition_cannot_end_its_line() -> None:
    assert Condition(ConditionKind.NO, "a\r\n* BYE x", tag="a1").encode() == b"a1 NO a  * BYE x\r\n"
    assert BadCommand(None, "x").encode() == b"* BAD x\r\n"


# hypothesis takes the bounds without a zone.
FIRST = datetime(2, 1, 2, tzinfo=UTC).replace(tzinfo=None)
LAST = datetime(9998, 1, 1, tzinfo=UTC).replace(tzinfo=None)
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(FIRST, LAST, timezones=ZONES))
def test_date_time_survives_the_wire(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert take_date_time(Cursor(encode_date_time(moment))) == moment


def test_leap_second_is_the_second_before() -> None:
    found = take_date_time(Cursor(b'"31-Dec-2016 23:59:60 +0000"'))
    assert found == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_label_of_a_section_has_the_offset_and_no_peek() -> None:
    item = BodySection(
        Section((1,), SectionText.HEADER_FIELDS, ("To", "a b")), peek=True, partial=Partial(5, 9)
    )
    assert item.label == b'BODY[1.HEADER.FIELDS (To "a b")]<5>'
    assert bytes(item) == b'BODY.PEEK[1.HEADER.FIELDS (To "a b")]<5.9>'


def test_content_is_a_literal() -> None:
    assert part_content(b"BODY[]", b"a\0") == b"BODY[] {2}\r\na\0"
    assert part_content(b"BINARY[]", b"a\0", binary=True) == b"BINARY[] ~{2}\r\na\0"
    assert part_content(b"BODY[9]", None) == b"BODY[9] NIL"
    assert part_content_header(b"BODY[]", 5) == b"BODY[] {5}\r\n"
    assert FetchBlock(b"* 1 FETCH ()\r\n").encode() == b"* 1 FETCH ()\r\n"
