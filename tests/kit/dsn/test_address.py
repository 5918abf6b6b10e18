r"""Addresses: xtext (RFC 3461 §4), unitext (RFC 6533 §3), ORCPT, noise."""

from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given, strategies as st

from moxkit.dsn import (
    AddressError,
    RecipientAddress,
    decode_xtext,
    encode_xtext,
    format_orcpt,
    parse_orcpt,
    recipient_address,
)


@pytest.mark.parametrize(
    ("text", "xtext"),
    [
        ("QQ314159", "QQ314159"),
        ("Bob@Example.COM", "Bob@Example.COM"),
        ("a+b=c d", "a+2Bb+3Dc+20d"),
        ('"q p"@x.example', '"q+20p"@x.example'),
        ("", ""),
    ],
)
def test_xtext(text: str, xtext: str) -> None:
    assert encode_xtext(text) == xtext
    assert decode_xtext(xtext) == text


@pytest.mark.parametrize("xtext", ["a b", "a=b", "+", "+2", "+2b", "+GG", "+0D+0A", "+7F", "+E9", "é", "a\n"])
def test_refuses_what_is_no_xtext(xtext: str) -> None:
    with pytest.raises(AddressError):
        decode_xtext(xtext)


def test_xtext_is_for_ascii() -> None:
    with pytest.raises(AddressError):
        encode_xtext("é")


ORCPTS = [
    # value, meaning, written again without and with SMTPUTF8
    ("rfc822;Bob@Example.COM", RecipientAddress("rfc822", "Bob@Example.COM"), None, None),
    ("RFC822;a+2Bb@x.example", RecipientAddress("rfc822", "a+b@x.example"), "rfc822;a+2Bb@x.example", None),
    ("x400;c=us+3Bx", None, None, None),
    (
        "utf-8;\\x{FC}@x.example",
        RecipientAddress("utf-8", "ü@x.example"),
        "utf-8;\\x{FC}@x.example",
        "utf-8;ü@x.example",
    ),
    (
        "UTF-8;ü@x.example",
        RecipientAddress("utf-8", "ü@x.example"),
        "utf-8;\\x{FC}@x.example",
        "utf-8;ü@x.example",
    ),
    (
        "utf-8;\\x{1F600}\\x{2B}\\x{5C}\\x{3D}\\x{20}@x.example",
        RecipientAddress("utf-8", "😀+\\= @x.example"),
        "utf-8;\\x{1F600}\\x{2B}\\x{5C}\\x{3D}\\x{20}@x.example",
        "utf-8;😀\\x{2B}\\x{5C}\\x{3D}\\x{20}@x.example",
    ),
]


@pytest.mark.parametrize(("value", "address", "ascii_form", "utf8_form"), ORCPTS)
def test_orcpt(value: str, address: RecipientAddress | None, ascii_form: str, utf8_form: str) -> None:
    if address is None:
        with pytest.raises(AddressError):  # "=" must be encoded
            parse_orcpt(value)
        return
    assert parse_orcpt(value) == address
    assert format_orcpt(address) == (ascii_form or value)
    assert format_orcpt(address, utf8=True) == (utf8_form or ascii_form or value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "rfc822",
        "rfc822;",
        ";a@b.example",
        "a b;x",
        "rfc822;a b",
        "utf-8;a b",
        "utf-8;a\x85b",
        "rfc822;" + "x" * 500,
    ],
)
def test_refuses_what_is_no_orcpt(value: str) -> None:
    with pytest.raises(AddressError):
        parse_orcpt(value)


@pytest.mark.parametrize("code", ["0A", "7F", "D800", "110000", "2028"])
def test_what_must_not_be_embedded_stays_encoded(code: str) -> None:
    """RFC 6533 §3: what does not conform is copied without alteration."""
    assert parse_orcpt(f"utf-8;a\\x{{{code}}}").address == f"a\\x{{{code}}}"


def test_types() -> None:
    assert recipient_address("a@b.example").type == "rfc822"
    assert recipient_address("ü@b.example").type == "utf-8"
    assert format_orcpt(RecipientAddress("rfc822", "ü@b.example")) == "utf-8;\\x{FC}@b.example"
    with pytest.raises(AddressError):
        format_orcpt(RecipientAddress("a;b", "c"))


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=30),
    st.booleans(),
)
def test_what_is_written_can_be_read(text: str, utf8: bool) -> None:
    address = recipient_address(text)
    assert parse_orcpt(format_orcpt(address, utf8=utf8)) == address


@given(st.text(max_size=60))
def test_noise_gives_an_address_or_the_error(noise: str) -> None:
    for value in (noise, f"utf-8;{noise}", f"rfc822;{noise}"):
        with suppress(AddressError):
            assert "\n" not in parse_orcpt(value).address
        with suppress(AddressError):
            decode_xtext(noise)


def test_hostile_input_ends_soon() -> None:
    began = process_time()
    for piece in ("+", "+2", "\\x{", "a"):
        with suppress(AddressError):
            decode_xtext(piece * (1 << 20))
        with suppress(AddressError):
            parse_orcpt("utf-8;" + piece * (1 << 20))
    assert process_time() - began < 2
