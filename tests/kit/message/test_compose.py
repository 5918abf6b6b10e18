"""Composing: what is written is correct, folded, cannot be injected into, and can be read back."""

import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from moxkit.message import (
    Address,
    ComposeError,
    Composer,
    Group,
    attachment,
    bounded_text,
    check_strict,
    decoded,
    embedded_message,
    encode_parameter,
    encode_text,
    fold,
    format_address,
    header_of,
    multipart,
    parse,
    parse_addresses,
    text_entity,
    unfold,
)

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300)


def test_writes_a_whole_message() -> None:
    composer = Composer()
    composer.addresses("From", [Address("José Müller", "jose", "bücher.example")])
    composer.addresses(
        "To", [Address("Doe, J.", "j d", "example.org"), Group("Team", (Address("", "a", "b.c"),))]
    )
    composer.addresses("Cc", [])
    composer.text("Subject", "Größe und Übergabe of the thing")
    composer.date(datetime(2024, 2, 29, 12, tzinfo=UTC))
    composer.message_ids("Message-ID", ["x@example.org"])
    composer.message_ids("References", [])
    composer.structured("Auto-Submitted", "auto-replied")
    body = multipart(
        "mixed",
        [text_entity("Grüße\n\nend"), attachment(b"\0\1", content_type="image/png", filename="größe.png")],
    )
    source = composer.message(body)
    part = parse(source)
    assert check_strict(part, source) == ()
    assert source[: part.header_end].isascii()
    headers = header_of(part, source)
    assert headers.text("subject") == "Größe und Übergabe of the thing"
    assert headers.first("from") == b"=?utf-8?q?Jos=C3=A9_M=C3=BCller?= <jose@xn--bcher-kva.example>"
    assert headers.first("to") == b'"Doe, J." <"j d"@example.org>, Team: a@b.c;'
    assert "cc" not in headers
    assert headers.first("message-id") == b"<x@example.org>"
    text, image = part.parts
    assert bounded_text(text, source, limit=99) == "Grüße\r\n\r\nend\r\n"
    assert image.filename == "größe.png"
    assert b"".join(decoded(image, source)) == b"\0\1"
    theirs = email.message_from_bytes(source, policy=email.policy.default)
    assert theirs["subject"] == "Größe und Übergabe of the thing"
    assert [part.get_content_type() for part in theirs.walk()] == [
        "multipart/mixed",
        "text/plain",
        "image/png",
    ]


def test_utf8_header_keeps_utf8() -> None:
    composer = Composer(utf8=True)
    composer.addresses("From", [Address("José", "josé", "bücher.example")])
    composer.text("Subject", "Größe")
    source = composer.message(text_entity("x"))
    assert "From: José <josé@bücher.example>\r\nSubject: Größe\r\n".encode() in source


@pytest.mark.parametrize("text", ["a\r\nBcc: x@y", "a\nb", "a\rb", "a\0b", "a\u2028b", "a\x85b"])
def test_no_value_can_add_a_field(text: str) -> None:
    composer = Composer()
    composer.text("Subject", text)
    composer.addresses("From", [Address(text, "a", "b.c")])
    source = composer.message(attachment(b"", filename=text, content_type=f"a/b; c={text}"))
    headers = header_of(parse(source), source)
    names = [field.name for field in headers]
    assert names == [
        "Subject", "From", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition",
    ]  # fmt: skip
    with pytest.raises(ComposeError):
        composer.structured("X", text)


@pytest.mark.parametrize(
    "address",
    [
        Address("", "é", "b.c"),
        Address("", "", "b.c"),
        Address("", "a\n", "b.c"),
        Address("", "a", "b c"),
        Address("", "a", ""),
    ],
)
def test_refuses_addresses_that_cannot_be_written(address: Address) -> None:
    with pytest.raises(ComposeError):
        format_address(address)


def test_refuses_bad_names_and_identifiers() -> None:
    composer = Composer()
    for name in ("", "a b", "a:", "a\r\n", "é"):
        with pytest.raises(ComposeError):
            composer.text(name, "x")
    for each in ("", "a b", "a>", "é@b", "a\n"):
        with pytest.raises(ComposeError):
            composer.message_ids("References", [each])


def test_writes_address_literals() -> None:
    assert format_address(Address("", "a", "[192.0.2.1]")) == "a@[192.0.2.1]"


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=80)
LOCALPARTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60)


@given(NAMES, LOCALPARTS, st.booleans())
def test_written_addresses_can_be_read(name: str, localpart: str, utf8: bool) -> None:
    written = fold("To", format_address(Address(name, localpart, "example.org"), utf8=utf8))
    found = parse_addresses(written.partition(b":")[2])
    assert found.entries == (Address(" ".join(name.split()), localpart, "example.org"),)
    assert found.is_clean


@given(TEXT, st.booleans())
def test_written_text_can_be_read(text: str, utf8: bool) -> None:
    composer = Composer(utf8=utf8)
    composer.text("Subject", text)
    source = composer.message(text_entity("x"))
    part = parse(source)
    assert check_strict(part, source) == ()
    assert header_of(part, source).text("subject") == text.strip(" ")
    assert utf8 or source.isascii()


@given(TEXT)
def test_folding_is_undone_by_unfolding(text: str) -> None:
    folded = fold("X-Field", text)
    assert unfold(folded.partition(b":")[2]).decode() == text.strip(" ")
    lines = folded.split(b"\r\n")
    assert lines[-1] == b""
    assert all(line.strip(b" \t") for line in lines[:-1])
    # A line is longer only where it holds no white space to fold at.
    assert all(
        len(line.decode()) <= 76 or b" " not in line.strip(b" ").removeprefix(b"X-Field: ") for line in lines
    )


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=200),
    st.booleans(),
)
def test_written_parameters_can_be_read(value: str, utf8: bool) -> None:
    source = fold("Content-Type", "a/b" + encode_parameter("name", value, utf8=utf8)) + b"\r\n"
    if "=?" not in value:  # an encoded word in a quoted value is decoded
        assert parse(source).params == {"name": value}


@given(st.text(max_size=300).filter(lambda t: not any("\ud800" <= c <= "\udfff" for c in t)), st.booleans())
def test_written_bodies_can_be_read(text: str, may_8bit: bool) -> None:
    composer = Composer()
    source = composer.message(text_entity(text, may_8bit=may_8bit))
    part = parse(source)
    assert check_strict(part, source) == ()
    assert may_8bit or source.isascii()
    expected = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    expected = expected.replace("\n", "\r\n") + "\r\n" if text else ""
    assert bounded_text(part, source, limit=10_000) == expected


def test_encodes_only_the_words_that_need_it() -> None:
    assert (
        encode_text("plain größe straße end", utf8=False)
        == "plain =?utf-8?q?gr=C3=B6=C3=9Fe_stra=C3=9Fe?= end"
    )
    assert encode_text("=?x", utf8=True) == "=?utf-8?b?PT94?="


def test_boundary_occurs_in_no_part() -> None:
    inner = multipart("alternative", [text_entity("a"), text_entity("<p>a", subtype="html")])
    outer = multipart("mixed", [inner, inner])
    source = Composer().message(outer)
    assert [f"{p.type}/{p.subtype}" for p in parse(source).walk()] == [
        "multipart/mixed",
        *["multipart/alternative", "text/plain", "text/html"] * 2,
    ]
    assert check_strict(parse(source), source) == ()


def test_embeds_messages() -> None:
    original = b"Subject: x\r\n\r\nbody"
    part = parse(Composer().message(embedded_message(original)))
    assert (part.subtype, part.cte) == ("rfc822", "7bit")
    assert embedded_message(b"Subject: x\r\n", is_header_only=True).header.startswith(
        b"Content-Type: text/rfc822-headers"
    )
    assert embedded_message("Subject: é\r\n\r\n".encode()).header.startswith(
        b"Content-Type: message/global\r\n"
    )
    body_only = embedded_message("Subject: x\r\n\r\né".encode()).header
    assert body_only.startswith(b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit")
    assert embedded_message("A: é\r\n".encode(), is_header_only=True).header.startswith(
        b"Content-Type: message/global-headers"
    )
