"""Previews: the author's own words first, quoted text elided (RFC 8970)."""

import time

import pytest
from hypothesis import given, strategies as st

from moxkit.message import parse, preview


def plain(text: str) -> str:
    source = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text.replace("\n", "\r\n").encode()
    return preview(parse(source), source)


def html(text: str) -> str:
    source = b"Content-Type: text/html; charset=utf-8\r\n\r\n" + text.encode()
    return preview(parse(source), source)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello\n\n  world  \n", "Hello\nworld"),
        ("Yes.\n\n> a\n> b\n\n> c\nNo.\n", "Yes.\n[...]\nNo."),
        ("On 1 May 2023, X wrote:\n> a\n\nme", "[...]\nme"),
        ("hi\nOn 1 May 2023, X wrote:\n\n> a\nme", "hi\n[...]\nme"),
        ("hi\nOn Monday the 1st of May, X\n<x@example.org> wrote:\n> a\nme", "hi\n[...]\nme"),
        ("X schrieb:\n> a\nich", "[...]\nich"),
        ("first\nthe list:\n> a", "first\nthe list:\n[...]"),
        ("body\n-- \nJohn\nACME\n", "body"),
        ("body\n---\n1\n2\n3\n4\n5\n", "body\n---\n1\n2\n3\n4\n5"),
        ("body\n--\nnot\n\nsignature\n", "body\n--\nnot\n\nsignature".replace("\n\n", "\n")),
        ("a\0b\x1b[1mc", "ab[1mc"),
        ("", ""),
        ("\n \n", ""),
    ],
)
def test_plain_text(text: str, expected: str) -> None:
    assert plain(text) == expected


def test_html() -> None:
    assert html("<style>x</style><p>Hi</p><blockquote>old</blockquote>Bye") == "Hi\n[...]\nBye"


def test_is_at_most_256_characters() -> None:
    assert plain("ü" * 10_000) == "ü" * 256
    assert len(plain("word and more\n" * 1000)) <= 256


def test_reads_on_when_the_beginning_says_nothing() -> None:
    assert plain("> quoted line\n" * 5000 + "answer below") == "[...]\nanswer below"


def test_chooses_the_first_text_that_says_something() -> None:
    source = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nattached\r\n"
        b"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: unknown\r\n\r\nunreadable\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\n \r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>shown\r\n--b--\r\n"
    )
    assert preview(parse(source), source) == "shown"


def test_signed_and_encrypted() -> None:
    parts = b"boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\n\r\n\r\n--b\r\n\r\nsecond\r\n--b--\r\n"
    signed = b"Content-Type: multipart/signed; " + parts
    assert preview(parse(signed), signed) == ""
    encrypted = b"Content-Type: multipart/encrypted; " + parts
    assert preview(parse(encrypted), encrypted) == ""


@given(st.lists(st.sampled_from(["> a", "--", "", "On 1", "x:", "wrote 2:", "y", "\0", " "])).map("\n".join))
def test_noise_gives_a_preview(text: str) -> None:
    found = plain(text)
    assert len(found) <= 256
    assert "\0" not in found


def test_many_parts_without_text_cost_little() -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    source = head + b"--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n" * 20_000
    part = parse(source)
    started = time.process_time()
    assert preview(part, source) == ""
    assert time.process_time() - started < 1


def test_large_parts_without_text_share_one_budget() -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    source = head + (b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<p>" * 400_000 + b"\r\n") * 10
    part = parse(source)
    started = time.process_time()
    assert preview(part, source) == ""
    assert time.process_time() - started < 2
