"""A header in fields, and which of them are signed."""

import hashlib
import time

import pytest
from hypothesis import given, strategies as st

from moxkit.dkim import Canonicalization, Content, ContentTooLargeError, Field, Limits

OWN = Field("dkim-signature", b"DKIM-Signature: b=QUI=\r\n")


def signed(message: bytes, names: list[str], own: Field = OWN) -> bytes:
    """Return what is hashed of the header, simple, by comparing digests of guesses."""
    return Content(message).hash_header(names, Canonicalization.SIMPLE, own)


def sha256(*pieces: bytes) -> bytes:
    return hashlib.sha256(b"".join([*pieces, b"DKIM-Signature: b="])).digest()


def test_fields_and_body() -> None:
    message = b"A: 1\r\nb : 2\r\n\tmore\r\na:3\r\n\r\nbody\r\n"
    content = Content(message)
    assert [each.octets for each in content.fields("a")] == [b"A: 1\r\n", b"a:3\r\n"]
    assert [each.octets for each in content.fields("b")] == [b"b : 2\r\n\tmore\r\n"]
    assert content.fields("b")[0].value == b" 2\r\n\tmore\r\n"
    assert content.fields("c") == ()
    assert message[content.body_start :] == b"body\r\n"
    assert content.body_octets == 6


@pytest.mark.parametrize(
    ("message", "names", "body"),
    [
        (b"", [], b""),
        (b"\r\nbody", [], b"body"),
        (b"A: 1", ["a"], b""),
        (b"A: 1\r\n", ["a"], b""),
        (b"A: 1\r\n\r\n", ["a"], b""),
        # What has no colon is no field, and nothing else is harmed.
        (b"From joe\r\nA: 1\r\nnonsense\r\nB: 2\r\n\r\n", ["a", "b"], b""),
        (b" A: 1\r\nB: 2\r\n\r\n", ["b"], b""),
    ],
)
def test_edges(message: bytes, names: list[str], body: bytes) -> None:
    content = Content(message)
    assert [name for name in ("a", "b") if content.fields(name)] == names
    assert message[content.body_start :] == body


def test_bare_line_ends_do_not_split() -> None:
    content = Content(b"A: 1\nB: 2\r\nC: 3\r\n\r\n")
    assert content.fields("b") == ()
    assert content.has_bare_line_end()
    assert Content(b"A: 1\rB: 2\r\n\r\n").has_bare_line_end()
    assert not Content(b"A: 1\r\n\r\nbare\nin body").has_bare_line_end()


def test_repeated_names_take_fields_from_the_bottom() -> None:
    """RFC 6376 §5.4.2."""
    message = b"Received: A\r\nReceived: B\r\nX: x\r\nReceived: C\r\n\r\n"
    a, b, c = b"Received: A\r\n", b"Received: B\r\n", b"Received: C\r\n"
    assert signed(message, ["received"]) == sha256(c)
    assert signed(message, ["received", "received"]) == sha256(c, b)
    assert signed(message, ["received", "x", "received", "received"]) == sha256(c, b"X: x\r\n", b, a)
    # Names without field are the null string (§5.4).
    assert signed(message, ["received"] * 9 + ["y"]) == sha256(c, b, a)


def test_a_signature_never_signs_itself_as_a_field() -> None:
    message = b"DKIM-Signature: 1\r\nDKIM-Signature: b=QUI=\r\nDKIM-Signature: 3\r\n\r\n"
    fields = Content(message).fields("dkim-signature")
    names = ["dkim-signature"] * 4
    expected = sha256(b"DKIM-Signature: 3\r\n", b"DKIM-Signature: 1\r\n")
    assert signed(message, names, fields[1]) == expected
    assert signed(message, ["dkim-signature"], fields[1]) == sha256(b"DKIM-Signature: 3\r\n")


def test_limits() -> None:
    message = b"A: 1\r\nB: 2\r\n\r\nbody"
    assert Content(message, Limits(max_header_octets=12, max_fields=2)).fields("b")
    with pytest.raises(ContentTooLargeError, match="longer"):
        Content(message, Limits(max_header_octets=9))
    with pytest.raises(ContentTooLargeError, match="more than 1"):
        Content(message, Limits(max_fields=1))
    with pytest.raises(ContentTooLargeError):
        Content(b"A: " + b"x" * 30_000, Limits(max_header_octets=20_000))
    assert Content(b"A: " + b"x" * 30_000 + b"\r\n\r\n").fields("a")


@given(st.lists(st.sampled_from([b"A: 1", b"\r\n", b" ", b"\n", b"B:", b"x"]), max_size=30).map(b"".join))
def test_any_source_gives_the_same(message: bytes) -> None:
    content, viewed = Content(message), Content(memoryview(message))
    assert content.body_start == viewed.body_start
    assert content.fields("a") == viewed.fields("a")
    header = message[: content.body_start]
    assert all(each.octets.removesuffix(b"\r\n") in header for each in content.fields("a"))


@pytest.mark.parametrize(
    "header", [b"A: " + b"x" * 1_000_000, b"A: x\r\n" * 9_999, b"A: " + b"\r\n " * 300_000, b"\r" * 1_000_000]
)
def test_hostile_header_takes_a_moment(header: bytes) -> None:
    began = time.process_time()
    content = Content(header + b"\r\n\r\n")
    content.hash_header(["a"] * 2000, Canonicalization.RELAXED, OWN)
    assert time.process_time() - began < 2
