"""BODYSTRUCTURE and BODY: shape, extension data, and validity whatever the message holds."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from moxkit.message import Limits, parse, render_bodystructure

Reader = Callable[[bytes], object]
PIECES = st.lists(
    st.sampled_from(
        [
            b"\r\n",
            b"--b",
            b"--b\r\n",
            b"--b--\r\n",
            b"x\xff\0\r",
            b'"\\',
            b"Content-Type: multipart/mixed; boundary=b\r\n",
            b'Content-Type: multipart/x; boundary=b; a*=utf-8\'\'%ff; b="\xc3\xa9\\""\r\n',
            b"Content-Type: message/rfc822\r\n",
            b"Content-Type: message/global\r\nContent-Transfer-Encoding: base64\r\n",
            b"Content-Transfer-Encoding: \xff\r\n",
            b"Content-Disposition: \xff; a=b; c=\xfe\r\n",
            b"Content-Disposition: attachment; filename=\xc3\xa9\r\n",
            b"Content-Language: en, \xc3\xa9,, \r\n",
            b"Content-Location: a b\r\n c\0\r\n",
            b"Content-MD5: \r\n",
            b"Content-Id: \0\r\n",
            b'Content-Description: \xc3\xa9 "\r\n',
            b"Subject: \xff\r\nFrom: <\r\n",
        ]
    ),
    max_size=40,
).map(b"".join)


def structure(source: bytes, *, extended: bool = True, utf8: bool = True) -> bytes:
    return render_bodystructure(parse(source), source, extended=extended, utf8=utf8).octets


def test_renders_text() -> None:
    source = b"Content-Type: TEXT/plain; charset=utf-8\r\n\r\none\r\ntwo\r\n"
    assert structure(source, extended=False) == b'("TEXT" "PLAIN" ("charset" "utf-8") NIL NIL "7BIT" 10 2)'
    assert structure(source) == (b'("TEXT" "PLAIN" ("charset" "utf-8") NIL NIL "7BIT" 10 2 NIL NIL NIL NIL)')


def test_renders_all_extension_data() -> None:
    source = (
        b'Content-Type: image/png\r\nContent-ID: <i@x>\r\nContent-Description: a "b"\r\n'
        b"Content-Transfer-Encoding: base64\r\nContent-MD5: Q2hlY2s=\r\n"
        b'Content-Disposition: attachment; filename="x.png"\r\nContent-Language: en, de-CH\r\n'
        b"Content-Location: http://example.org/\r\n  x.png\r\n\r\nAAAA"
    )
    assert structure(source) == (
        b'("IMAGE" "PNG" NIL "<i@x>" "a \\"b\\"" "BASE64" 4 "Q2hlY2s=" '
        b'("ATTACHMENT" ("filename" "x.png")) ("en" "de-CH") "http://example.org/x.png")'
    )


def test_renders_multipart() -> None:
    source = (
        b"Content-Type: multipart/mixed; boundary=b\r\nContent-Language: en\r\n\r\n"
        b"--b\r\n\r\nx\r\n--b\r\nContent-Type: image/gif\r\n\r\n\r\n--b--\r\n"
    )
    assert structure(source) == (
        b'(("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1 NIL NIL NIL NIL)'
        b'("IMAGE" "GIF" NIL NIL NIL "7BIT" 0 NIL NIL NIL NIL) "MIXED" ("boundary" "b") NIL ("en") NIL)'
    )
    assert structure(source, extended=False).endswith(b' "MIXED")')


def test_multipart_without_parts_shows_an_empty_text() -> None:
    source = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    assert structure(source, extended=False) == (
        b'(("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 0 0) "MIXED")'
    )


def test_renders_an_embedded_message() -> None:
    source = b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nx\r\n"
    assert structure(source, extended=False) == (
        b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 18 '
        b'(NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 3 1) 3)'
    )


def test_message_that_was_not_parsed_has_an_empty_envelope_and_body() -> None:
    source = b"Content-Type: message/rfc822\r\n\r\n\r\nx"
    octets = render_bodystructure(parse(source, limits=Limits(depth=1)), source, extended=False).octets
    assert octets == (
        b'("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 3 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) '
        b'("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 0 0) 2)'
    )


def test_utf8_is_kept_or_downgraded() -> None:
    source = (
        "Content-Type: text/plain; name=é.txt\r\nContent-Description: Größe\r\n"
        'Content-Disposition: attachment; filename="é.txt"\r\n\r\n'
    ).encode()
    rendered = render_bodystructure(parse(source), source)
    assert rendered.needs_utf8
    assert '("filename" "é.txt")'.encode() in rendered.octets
    ascii_only = render_bodystructure(parse(source), source, utf8=False)
    assert not ascii_only.needs_utf8
    assert b'("name*" "utf-8\'\'%C3%A9.txt")' in ascii_only.octets
    assert b'"=?utf-8?b?R3LDtsOfZQ==?="' in ascii_only.octets


def check_body(value: object, *, extended: bool) -> None:
    """Check the grammar of RFC 9051 §9, body."""
    assert isinstance(value, list)
    if isinstance(value[0], list):
        bodies = [item for item in value if isinstance(item, list)]
        count = next(at for at, item in enumerate(value) if not isinstance(item, list))
        for body in bodies[:count]:
            check_body(body, extended=extended)
        assert isinstance(value[count], bytes)
        rest = value[count + 1 :]
        assert len(rest) == (4 if extended else 0)
    else:
        media, subtype, params, _, _, encoding, size, *rest = value
        assert isinstance(media, bytes)
        assert isinstance(subtype, bytes)
        assert isinstance(encoding, bytes)
        assert isinstance(size, int)
        assert params is None or (params and len(params) % 2 == 0)
        if media == b"MESSAGE" and subtype in (b"RFC822", b"GLOBAL"):
            assert len(rest.pop(0)) == 10
            check_body(rest.pop(0), extended=extended)
            assert isinstance(rest.pop(0), int)
        elif media == b"TEXT":
            assert isinstance(rest.pop(0), int)
        assert len(rest) == (4 if extended else 0)
    if extended:
        disposition = rest[1]
        assert disposition is None or len(disposition) == 2
        assert rest[2] is None or all(isinstance(tag, bytes) for tag in rest[2])


@given(PIECES)
def test_is_always_valid_imap(read_value: Reader, source: bytes) -> None:
    part = parse(source)
    for extended in (True, False):
        for utf8 in (True, False):
            rendered = render_bodystructure(part, source, extended=extended, utf8=utf8)
            check_body(read_value(rendered.octets), extended=extended)
            assert rendered.needs_utf8 != rendered.octets.isascii()
            assert utf8 or rendered.octets.isascii()


def test_deep_nesting_is_rendered(read_value: Reader) -> None:
    source = b"Content-Type: message/rfc822\r\n\r\n" * 300
    check_body(read_value(structure(source)), extended=True)


@pytest.mark.parametrize("octet", range(256))
def test_every_octet_is_survived(read_value: Reader, octet: int) -> None:
    value = bytes([octet])
    source = (
        b"Content-Type: a/b; x=a" + value + b'; y="' + value + b'z"\r\nContent-Description: ' + value
        + b"\r\nContent-Disposition: " + value + b"\r\nContent-Transfer-Encoding: q" + value
        + b"\r\nContent-Language: " + value + b"\r\n\r\n"
    )  # fmt: skip
    check_body(read_value(structure(source)), extended=True)
    check_body(read_value(structure(source, utf8=False)), extended=True)
