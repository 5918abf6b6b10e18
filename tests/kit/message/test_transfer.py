"""Transfer encodings: agreement with the standard library, tolerance, any cut, bounded time."""

import base64
import binascii
import quopri
import time

import pytest
from hypothesis import given, strategies as st

from moxkit.message import UnknownTransferEncodingError, decoded, is_known_transfer_encoding, parse


def decode(cte: str, body: bytes) -> bytes:
    source = f"Content-Transfer-Encoding: {cte}\r\n\r\n".encode() + body
    return b"".join(decoded(parse(source), source))


@pytest.mark.parametrize("cte", ["7bit", "8bit", "binary", "BINARY"])
def test_identity_encodings_change_nothing(cte: str) -> None:
    body = bytes(range(256)) * 1000
    assert decode(cte, body) == body


@given(st.binary(max_size=400))
def test_reads_base64(octets: bytes) -> None:
    assert decode("base64", base64.encodebytes(octets).replace(b"\n", b"\r\n")) == octets


def test_reads_long_base64_over_several_pieces() -> None:
    octets = bytes(range(256)) * 2000
    assert decode("Base64", base64.encodebytes(octets)) == octets


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"YWJj!\0\xff\r\n ZA==", b"abcd"),
        (b"YWJjZA", b"abcd"),
        (b"YWJjZ", b"abc"),
        (b"YWI=\r\n_______\r\nfooter of a list", b"ab"),
        (b"", b""),
        (b"====", b""),
    ],
)
def test_base64_is_read_as_far_as_it_makes_sense(body: bytes, expected: bytes) -> None:
    assert decode("base64", body) == expected


@given(st.binary(max_size=400).map(lambda b: b.replace(b"\r", b"").replace(b"\n", b"")))
def test_reads_quoted_printable(octets: bytes) -> None:
    assert decode("quoted-printable", quopri.encodestring(octets)) == octets


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a=3Db=\r\nc", b"a=bc"),
        (b"a  \t\r\nb \r\n", b"a\r\nb\r\n"),  # RFC 2045 §6.7 rule 3
        (b"soft= \t\r\nbreak", b"softbreak"),
        (b"broken =zz =", b"broken =zz "),
        (b"=e4", b"\xe4"),
    ],
)
def test_quoted_printable_rules(body: bytes, expected: bytes) -> None:
    assert decode("quoted-printable", body) == expected


def test_quoted_printable_without_line_ends_is_cut_between_escapes() -> None:
    assert decode("quoted-printable", b"=C3=A9x" * 30_000) == "éx".encode() * 30_000


@pytest.mark.parametrize("cte", ["x-uuencode", "base32", "a b", "\x7f"])
def test_unknown_encoding_is_refused_at_once(cte: str) -> None:
    source = f"Content-Transfer-Encoding: {cte}\r\n\r\nx".encode()
    part = parse(source)
    assert not is_known_transfer_encoding(part)
    with pytest.raises(UnknownTransferEncodingError) as caught:
        decoded(part, source)
    assert caught.value.cte == part.cte


def test_composite_parts_are_never_encoded() -> None:
    source = b"Content-Type: multipart/x; boundary=b\r\nContent-Transfer-Encoding: x\r\n\r\nYWJj"
    assert b"".join(decoded(parse(source), source)) == b"YWJj"


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable"]))
def test_noise_gives_octets(body: bytes, cte: str) -> None:
    decode(cte, body)


@pytest.mark.parametrize(
    ("cte", "body"),
    [
        ("base64", b"=" * 5_000_000),
        ("base64", b"\0" * 5_000_000),
        ("quoted-printable", b" " * 5_000_000),
        ("quoted-printable", b"=" * 5_000_000),
        ("quoted-printable", b" \n" * 2_500_000),
        ("quoted-printable", b"x" * 5_000_000),
    ],
)
def test_hostile_bodies_take_linear_time(cte: str, body: bytes) -> None:
    started = time.process_time()
    decode(cte, body)
    assert time.process_time() - started < 2


def test_agrees_with_binascii() -> None:
    assert decode("base64", b"AAECAwQF") == binascii.a2b_base64(b"AAECAwQF")
