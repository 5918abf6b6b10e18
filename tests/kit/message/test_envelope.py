"""ENVELOPE: the RFC's example, fallbacks, and validity whatever the header holds."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from moxkit.message import parse, render_envelope

Reader = Callable[[bytes], object]
FIELD_NAMES = st.sampled_from(
    ["From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Subject", "Date", "Message-ID"]
)
HEADERS = st.lists(
    st.tuples(
        FIELD_NAMES,
        st.binary(max_size=40) | st.sampled_from([b'"a\\"b" <c@d>', b"g: x@y, z;", b"\xff\0\r,"]),
    )
).map(lambda fields: b"".join(name.encode() + b": " + value + b"\r\n" for name, value in fields))

# RFC 9051 §8
EXAMPLE = (
    b"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
    b"From: Terry Gray <gray@cac.washington.edu>\r\n"
    b"Subject: IMAP4rev2 WG mtg summary and minutes\r\n"
    b"To: imap@cac.washington.edu\r\n"
    b"cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
    b"Message-Id: <B27397-0100000@cac.washington.ed>\r\n\r\nx"
)


def envelope(source: bytes, *, utf8: bool = True) -> bytes:
    return render_envelope(parse(source), source, utf8=utf8).octets


def test_renders_the_example_of_the_rfc() -> None:
    terry = b'(("Terry Gray" NIL "gray" "cac.washington.edu"))'
    assert envelope(EXAMPLE) == (
        b'("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg summary and minutes" '
        + b" ".join([terry] * 3)
        + b' ((NIL NIL "imap" "cac.washington.edu"))'
        b' ((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU"))'
        b' NIL NIL "<B27397-0100000@cac.washington.ed>")'
    )


def test_empty_header_gives_nils() -> None:
    assert envelope(b"\r\n") == b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"


def test_sender_and_reply_to_fall_back_to_from_also_when_empty() -> None:
    rendered = envelope(b"From: a@b\r\nSender: \r\nReply-To: c@d\r\n\r\n")
    assert b'((NIL NIL "a" "b")) ((NIL NIL "a" "b")) ((NIL NIL "c" "d"))' in rendered


def test_groups_have_start_and_end_markers() -> None:
    rendered = envelope(b"To: Team: a@b;\r\n\r\n")
    assert b'((NIL NIL "Team" NIL)(NIL NIL "a" "b")(NIL NIL NIL NIL))' in rendered


def test_unreadable_address_is_no_group_marker() -> None:
    assert b'(("nonsense" NIL "" ""))' in envelope(b"To: nonsense\r\n\r\n")


def test_escapes_quotes_and_removes_nul() -> None:
    assert envelope(b'Subject: a "b" \\ c\0\rd\r\n\r\n').startswith(b'(NIL "a \\"b\\" \\\\ c d" NIL')


def test_long_strings_become_literals() -> None:
    source = b"Subject: " + b'"' * 2000 + b"\r\n\r\n"
    assert envelope(source).startswith(b"(NIL {2000}\r\n" + b'"' * 2000 + b" NIL")


def test_utf8_is_kept_or_downgraded() -> None:
    source = "Subject: Grüße\r\nFrom: Jürgen <jü@b.example>\r\n\r\n".encode()
    rendered = render_envelope(parse(source), source)
    assert rendered.needs_utf8
    assert "Grüße".encode() in rendered.octets
    ascii_only = render_envelope(parse(source), source, utf8=False)
    assert not ascii_only.needs_utf8
    assert b'"=?utf-8?b?R3LDvMOfZQ==?="' in ascii_only.octets
    assert b'"=?utf-8?q?J=C3=BCrgen?=" NIL "j?" "b.example"' in ascii_only.octets


def test_encoded_words_stay_encoded() -> None:
    assert b'"=?utf-8?q?Gr=C3=BC=C3=9Fe?="' in envelope(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n")


def test_octets_that_are_no_utf8_become_the_replacement_character() -> None:
    assert '"\ufffdx"'.encode() in envelope(b"Subject: \xffx\r\n\r\n")


@given(HEADERS)
def test_is_always_valid_imap(read_value: Reader, header: bytes) -> None:
    source = header + b"\r\n\r\nbody"
    part = parse(source)
    for utf8 in (True, False):
        rendered = render_envelope(part, source, utf8=utf8)
        value = read_value(rendered.octets)
        assert isinstance(value, list)
        assert len(value) == 10
        assert rendered.needs_utf8 != rendered.octets.isascii()
        assert utf8 or rendered.octets.isascii()
        for addresses in value[2:8]:
            assert addresses is None or all(len(address) == 4 for address in addresses)


@pytest.mark.parametrize("octet", range(256))
def test_every_octet_is_survived(read_value: Reader, octet: int) -> None:
    value = bytes([octet])
    source = (
        b"Subject: a" + value + b"b\r\nFrom: x" + value + b"y <a@b>\r\nDate: " + value * 1500 + b"\r\n\r\n"
    )
    read_value(envelope(source))
    assert envelope(source, utf8=False).isascii()
    read_value(envelope(source, utf8=False))
