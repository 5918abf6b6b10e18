"""Tag lists and the encodings in their values."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from moxkit.dkim import TagListError, decode_base64, decode_quoted, encode_quoted, parse_tag_list

READ = [
    ("a=1", {"a": "1"}),
    ("a=1;", {"a": "1"}),
    (" a = 1 ; b_2\t=x y ;\r\n ", {"a": "1", "b_2": "x y"}),
    # RFC 6376 §3.2: an empty value is not the same as no tag.
    ("a=;b=2", {"a": "", "b": "2"}),
    ("p=AB\r\n\tCD", {"p": "AB\tCD"}),
    ("a=b=c", {"a": "b=c"}),
    # Tag names are case-sensitive.
    ("a=1;A=2", {"a": "1", "A": "2"}),
    ("i=ü@bücher.example", {"i": "ü@bücher.example"}),
]
REFUSED = ["", ";", "a", "a=1;;b=2", "=1", "1a=1", "a-b=1", "a=1;a=2", "a=\x00", "a=1\nb=2", "a=1\rb", "ä=1"]


@pytest.mark.parametrize(("text", "tags"), READ)
def test_reads(text: str, tags: dict[str, str]) -> None:
    assert parse_tag_list(text) == tags


@pytest.mark.parametrize("text", REFUSED)
def test_refuses(text: str) -> None:
    with pytest.raises(TagListError):
        parse_tag_list(text)


def test_refuses_what_is_too_long() -> None:
    assert parse_tag_list("a=12", max_octets=4) == {"a": "12"}
    with pytest.raises(TagListError, match="too long"):
        parse_tag_list("a=123", max_octets=4)


@pytest.mark.parametrize(
    ("value", "octets"), [("", b""), ("QUI=", b"AB"), ("Q U\tI =", b"AB"), ("QUJD", b"ABC")]
)
def test_base64_ignores_white_space(value: str, octets: bytes) -> None:
    assert decode_base64(value) == octets


@pytest.mark.parametrize(
    "value", ["Q", "QU", "QUI", "QUI==", "Q*I=", "QUI=QUI=", "QÜI=", "QU\u2003I=", "=QUI"]
)
def test_base64_refuses_everything_else(value: str) -> None:
    with pytest.raises(TagListError):
        decode_base64(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("joe=40x", "joe@x"), ("a=20 b", "a b"), ("=c3=BC", "ü"), ("ü", "ü"), ("", "")],
)
def test_quoted_printable(value: str, text: str) -> None:
    assert decode_quoted(value) == text


@pytest.mark.parametrize("value", ["=", "=4", "=4g", "=FF", "a="])
def test_quoted_printable_refuses(value: str) -> None:
    with pytest.raises(TagListError):
        decode_quoted(value)


@given(st.text())
def test_quoted_printable_round_trip(text: str) -> None:
    encoded = encode_quoted(text)
    assert encoded.isascii()
    assert not set(encoded) & set(" ;|\r\n")
    assert decode_quoted(encoded) == text


@given(st.text(alphabet="ab=; \t\r\n1\x00ü"))
def test_noise_gives_tags_or_the_declared_error(noise: str) -> None:
    with suppress(TagListError):
        parse_tag_list(noise)
    with suppress(TagListError):
        decode_quoted(noise)
    with suppress(TagListError):
        decode_base64(noise)
