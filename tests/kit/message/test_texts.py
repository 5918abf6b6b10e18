"""Text of parts: charsets, pieces, bounds."""

import base64

import pytest
from hypothesis import given, strategies as st

from moxkit.message import (
    UnknownTransferEncodingError,
    bounded_text,
    decode_charset,
    is_known_charset,
    parse,
    text_of,
)


def text(charset: str, octets: bytes) -> str:
    source = (
        f'Content-Type: text/plain; charset="{charset}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'.encode()
        + base64.encodebytes(octets)
    )
    return "".join(text_of(parse(source), source))


@pytest.mark.parametrize(
    ("charset", "octets", "expected"),
    [
        ("utf-8", b"caf\xc3\xa9", "café"),
        ("UTF8", b"caf\xc3\xa9", "café"),
        ("iso-8859-1", b"caf\xe9", "café"),
        ("windows-1252", b"\x80", "€"),
        ("koi8-r", b"\xd0\xd2\xc9\xd7\xc5\xd4", "привет"),
        ("iso-2022-jp", "会議".encode("iso-2022-jp"), "会議"),
        ("gb2312", "會議".encode("gb18030"), "會議"),  # labelled as the subset, as senders do
        ("ks_c_5601-1987", "회의".encode("cp949"), "회의"),
        ("us-ascii", b"caf\xc3\xa9", "café"),
        ("", b"x", "x"),
        ("no-such-charset", b"a\xffb", "a\ufffdb"),
        ("punycode", b"Mnchen-3ya", "Mnchen-3ya"),  # a Python codec, no charset
        ("unicode_escape", b"\\x41", "\\x41"),
        ("zlib", b"x", "x"),
        ("utf-8", b"a\xc3", "a\ufffd"),
        ("utf-16", b"\x00", "\ufffd"),
    ],
)
def test_decodes_charsets(charset: str, octets: bytes, expected: str) -> None:
    assert text(charset, octets) == expected
    assert decode_charset(octets, charset) == expected


def test_characters_may_lie_across_pieces() -> None:
    assert text("utf-8", "€".encode() * 100_000) == "€" * 100_000


def test_known_charsets() -> None:
    assert is_known_charset("ISO-8859-15")
    assert not is_known_charset("x" * 100)
    assert not is_known_charset("rot13")


def test_text_is_bounded() -> None:
    source = b"\r\n" + b"abc" * 100_000
    assert bounded_text(parse(source), source, limit=7) == "abcabca"


def test_unknown_encoding_is_refused() -> None:
    source = b"Content-Transfer-Encoding: x\r\n\r\n"
    with pytest.raises(UnknownTransferEncodingError):
        text_of(parse(source), source)


@given(
    st.binary(max_size=100),
    st.sampled_from(["utf-7", "utf-16", "iso-2022-kr", "hz", "cp949", "utf-32", "big5"]),
)
def test_noise_gives_text(octets: bytes, charset: str) -> None:
    assert isinstance(text(charset, octets), str)
    assert isinstance(decode_charset(octets, charset), str)
