"""MESSAGELIMIT: the code, and the search keys that go on below and above a UID (RFC 9738 §3, §4)."""

import pytest

from moxkit.imap import (
    ImapSyntaxError,
    MessageLimitCode,
    Not,
    NumberKey,
    SequenceSet,
    parse_search_keys,
)
from moxkit.imap.codes import take_code
from moxkit.imap.lexer import Cursor

_LAST_UID = 2**32 - 1


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"MESSAGELIMIT 1000 23221", MessageLimitCode(1000, 23221)),
        (b"MESSAGELIMIT 1000", MessageLimitCode(1000)),
    ],
)
def test_code_reads_and_writes(octets: bytes, code: MessageLimitCode) -> None:
    assert take_code(Cursor(octets)) == code
    assert bytes(code) == octets


@pytest.mark.parametrize(
    "octets", [b"MESSAGELIMIT", b"MESSAGELIMIT 0", b"MESSAGELIMIT 1 0", b"MESSAGELIMIT x"]
)
def test_malformed_codes_are_errors(octets: bytes) -> None:
    with pytest.raises(ImapSyntaxError):
        take_code(Cursor(octets))


@pytest.mark.parametrize(
    ("key", "others"),
    [
        (b"UIDBEFORE 25000", (25000, _LAST_UID)),
        (b"UIDAFTER 25000", (1, 25000)),
        # Nothing is before the first, or after the last.
        (b"UIDBEFORE 1", (1, _LAST_UID)),
        (b"UIDAFTER 4294967295", (1, _LAST_UID)),
    ],
)
def test_one_side_of_a_uid(key: bytes, others: tuple[int, int]) -> None:
    assert parse_search_keys(key) == Not(NumberKey(SequenceSet((others,)), uid=True))


@pytest.mark.parametrize("key", [b"UIDBEFORE", b"UIDBEFORE 0", b"UIDAFTER *", b"UIDAFTER 1:2"])
def test_one_side_needs_one_uid(key: bytes) -> None:
    with pytest.raises(ImapSyntaxError):
        parse_search_keys(key)
