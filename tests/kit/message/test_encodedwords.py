"""Encoded words: RFC 2047 §8 examples, tolerance, and what is written can be read."""

import email.header
import time

import pytest
from hypothesis import given, strategies as st

from moxkit.message import decode_words, encode_word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # RFC 2047 §8
        ("(=?ISO-8859-1?Q?a?=)", "(a)"),
        ("(=?ISO-8859-1?Q?a?= b)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a?=  \r\n   =?ISO-8859-1?Q?b?=)", "(ab)"),
        ("(=?ISO-8859-1?Q?a_b?=)", "(a b)"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"),
        ("=?US-ASCII*EN?Q?Keith_Moore?= <moore@cs.utk.edu>", "Keith Moore <moore@cs.utk.edu>"),  # RFC 2231 §5
        ("=?utf-8?b?w4M=?=", "Ã"),
        ("=?utf-8?b?w4M?=", "Ã"),
        ("=?utf-8?B?4oI=?= =?utf-8?B?rA==?=", "€"),  # a character cut between two words
        ("x=?utf-8?q?y?=z", "xyz"),
        (" =?utf-8?q?y?= ", " y "),
        ("=?utf-8?q?with space?=", "with space"),
        ("=?unknown?q?=FF?=", "\ufffd"),
        ("=?utf-8?x?y?=", "=?utf-8?x?y?="),
        ("=?utf-8?q?", "=?utf-8?q?"),
        ("plain", "plain"),
    ],
)
def test_decodes(text: str, expected: str) -> None:
    assert decode_words(text) == expected


@given(st.text(max_size=200).filter(lambda t: "\ud800" not in t))
def test_what_is_encoded_can_be_decoded(text: str) -> None:
    encoded = encode_word(text)
    assert decode_words(encoded) == text
    assert encoded.isascii()
    assert all(len(word) <= 75 for word in encoded.split(" "))


@given(st.text("abc é€\U0001f600\t", min_size=1, max_size=100))
def test_stdlib_reads_what_is_encoded(text: str) -> None:
    decoded = email.header.make_header(email.header.decode_header(encode_word(text)))
    assert str(decoded) == text


@given(
    st.lists(st.sampled_from(["=?", "?=", "utf-8", "?q?", "?B?", "=41", "YQ", "=", " ", "é", "*en"])).map(
        "".join
    )
)
def test_noise_gives_text(text: str) -> None:
    decode_words(text)


@pytest.mark.parametrize("piece", ["=?", "=?a?q?", "=?a?q??=", "=?a?b?A?= ", "=?a*", "?="])
def test_hostile_text_takes_linear_time(piece: str) -> None:
    started = time.process_time()
    decode_words(piece * (256 * 1024 // len(piece)))
    assert time.process_time() - started < 1
