"""Tokens of messages: fields, text, HTML, what is nested, what is bounded."""

import time

import pytest
from hypothesis import given, settings, strategies as st

from mox.filtering.classifier import Grams, tokenize

MESSAGE = b"""From: "Alice Smith" <alice@sender.example>\r
To: bob@mox.example\r
Subject: =?utf-8?q?Caf=C3=A9?= offer\r
X-Other: unseen\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/html; charset=iso-8859-1\r
Content-Transfer-Encoding: quoted-printable\r
\r
<html><head><style>hidden</style></head><body>caf=E9 <b>bold</b>est <script>scripted()</script>\r
<img src=3D"source.png" alt=3D"picture">\r
<IMG ALT=3Dother><img alt=3D'third' src=3D"x"></body>\r
--b\r
Content-Type: message/rfc822\r
\r
Subject: inner\r
\r
nested words\r
--b\r
Content-Type: application/pdf\r
\r
binary\r
--b--\r
"""


def texts(message: bytes, grams: Grams = Grams.ONE, prefix: bytes = b"") -> set[str]:
    return set(tokenize(message, grams, prefix).texts.values())


def test_fields_and_all_text() -> None:
    assert texts(MESSAGE) == {
        "From:alice", "From:smith", "From:sender", "From:example", "From:sender.example",
        "To:example", "To:mox.example", "Subject:café", "Subject:offer",
        "café", "boldest", "picture", "other", "third", "nested", "words",
    }  # fmt: skip


def test_return_path_of_our_prefix_counts() -> None:
    prefix = b"Return-Path: <list-bounces@lists.example>\r\nDelivered-To: nobody@mox.example\r\n"
    assert texts(MESSAGE, prefix=prefix) - texts(MESSAGE) == {
        "Return-Path:list", "Return-Path:bounces", "Return-Path:lists", "Return-Path:example",
        "Return-Path:lists.example",
    }  # fmt: skip


def test_short_tokens_of_fields_do_not_count() -> None:
    assert texts(b"Subject: the best\r\n\r\nthe best") == {"Subject:best", "the", "best"}


def test_pairs_and_triples() -> None:
    assert texts(b"Subject: one two\r\n\r\nthree four five", Grams.TWO | Grams.THREE) == {
        "Subject:one two", "three four", "four five", "three four five",
    }  # fmt: skip


def test_equal_texts_have_equal_numbers_in_all_messages() -> None:
    first, second = tokenize(b"\r\nsame words", Grams.ONE), tokenize(b"\r\nwords other", Grams.ONE)
    shared = first.texts.keys() & second.texts.keys()
    assert [first.texts[number] for number in shared] == ["words"]
    # They are stored: another way to make them needs another VERSION.
    assert {text: number for number, text in first.texts.items()} == {
        "same": 0x73616D65,
        "words": 0x776F726473,
    }


def test_malformed_content_type_is_told() -> None:
    assert tokenize(b"Content-Type: text\r\n\r\nx", Grams.ONE).is_malformed
    assert tokenize(b"Content-Type: ///\r\n\r\nx", Grams.ONE).is_malformed
    assert not tokenize(MESSAGE, Grams.ONE).is_malformed


def test_unknown_encoding_says_nothing() -> None:
    assert texts(b"Content-Transfer-Encoding: x-none\r\n\r\nwords") == set()


def test_many_words_are_bounded() -> None:
    words = " ".join(f"w{a}x{b}y" for a in range(1, 300) for b in range(1, 300))
    assert len(tokenize(b"\r\n" + words.encode(), Grams(7)).texts) == 10_000


PIECES = [
    b"a ",
    b"<",
    b"<img ",
    b"<img alt=",
    b'<img alt="',
    b"alt='",
    b"&",
    b"@",
    b"=",
    b"\xe6\x9d\xb1",
    b"\xff",
    b"--b\r\n",
]
HEADS = [
    b"Content-Type: text/html; charset=utf-8\r\n\r\n",
    b"\r\n",
    b"Subject: ",
    b"From: ",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("head", HEADS)
def test_hostile_megabyte_takes_linear_time(head: bytes, piece: bytes) -> None:
    message = head + piece * (1_000_000 // len(piece))
    began = time.process_time()
    assert len(tokenize(message, Grams(7)).texts) <= 10_000
    assert time.process_time() - began < 3


def test_many_parts_are_bounded() -> None:
    message = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nw\r\n" * 100_000
    began = time.process_time()
    tokenize(message, Grams(7))
    assert time.process_time() - began < 5


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_noise_gives_tokens(noise: bytes) -> None:
    tokens = tokenize(noise, Grams(7))
    assert all(0 <= number < 2**48 and text for number, text in tokens.texts.items())
    assert tokenize(memoryview(noise), Grams(7)) == tokens
