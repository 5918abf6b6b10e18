"""Field access over octets, and HEADER.FIELDS."""

import email
import email.policy

from hypothesis import given, strategies as st

from moxkit.message import Field, Headers, content_fields, header_fields, header_of, parse

HEADER = (
    b"Received: from a\r\n\tby b\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\n au lait\r\n"
    b"this is no field\r\nFROM : a@example.org\r\nReceived: from c\r\n"
    b"Content-Type: text/plain\r\nX-Raw: \xc3\xa9\xff\r\n\r\n"
)


def test_looks_up_fields_in_any_case() -> None:
    headers = Headers(HEADER)
    assert headers.text("subject") == "café au lait"
    assert headers.first("From") == b"a@example.org"
    assert headers.count("RECEIVED") == 2
    assert headers.texts("received") == ["from a\tby b", "from c"]
    assert headers.text("X-Raw") == "é\ufffd"
    assert "Date" not in headers
    assert headers.first("date") is None
    assert headers.text("date") is None


def test_fields_know_their_offsets() -> None:
    fields = list(Headers(HEADER))
    assert [field.name for field in fields] == [
        "Received",
        "Subject",
        "FROM",
        "Received",
        "Content-Type",
        "X-Raw",
    ]
    assert HEADER[fields[0].start : fields[0].end] == b"Received: from a\r\n\tby b\r\n"
    assert fields[1].text == "café au lait"
    assert list(Headers(b"A: b")) == [Field("A", b" b", 0, 4)]


def test_reads_a_header_up_to_a_limit() -> None:
    source = b"A: 1\r\nB: 2\r\n\r\nbody: x"
    assert header_of(parse(source), source, limit=5).first("b") is None
    assert "body" not in header_of(parse(source), source)


def test_cuts_out_fields() -> None:
    assert header_fields(HEADER, ["RECEIVED", "from"]) == (
        b"Received: from a\r\n\tby b\r\nFROM : a@example.org\r\nReceived: from c\r\n\r\n"
    )
    assert header_fields(HEADER, ["none", "", "é", "a.b"]) == b"\r\n"
    assert header_fields(HEADER, []) == b"\r\n"
    assert header_fields(b"", ["from"]) == b"\r\n"


def test_cuts_out_all_but_some_fields() -> None:
    rest = header_fields(HEADER, ["received", "x-raw", "subject"], negate=True)
    assert rest == b"FROM : a@example.org\r\nContent-Type: text/plain\r\n\r\n"
    assert header_fields(b"a: b\r\n\r\n", [], negate=True) == b"a: b\r\n\r\n"


def test_name_must_match_wholly() -> None:
    assert header_fields(b"From-X: a\r\nX-From: b\r\nFro: c\r\n\r\n", ["from"]) == b"\r\n"


def test_cuts_out_content_fields() -> None:
    assert content_fields(HEADER) == b"Content-Type: text/plain\r\n\r\n"
    assert content_fields(b"a: b\r\n\r\n") == b"\r\n"


@given(st.binary(max_size=300), st.lists(st.text(max_size=8), max_size=4))
def test_noise_is_cut_without_error(octets: bytes, names: list[str]) -> None:
    assert header_fields(octets, names).endswith(b"\r\n")
    assert header_fields(octets, names, negate=True).endswith(b"\r\n")
    for field in Headers(octets):
        assert octets[field.start : field.end].startswith(field.name.encode())


def test_agrees_with_stdlib() -> None:
    source = HEADER.replace(b"this is no field\r\n", b"").replace(b"FROM :", b"From:").replace(b"\xff", b"")
    theirs = email.message_from_bytes(source, policy=email.policy.default)
    assert theirs["Subject"] == Headers(source).text("subject")
    assert len(theirs.get_all("received", [])) == Headers(source).count("received")
