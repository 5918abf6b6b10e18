"""Binary parts become lines: what was in them stays, what was not binary is not touched."""

import time
from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from moxkit.message import Part, UnconvertibleError, decoded, parse, without_binary

TEXT = b"From: a@x.example\r\nMIME-Version: 1.0\r\n"
# RFC 3030 §4.2, in small.
MIXED = (
    TEXT + b"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    b"preamble\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    b"--b\r\nContent-Type: image/gif\r\nContent-Transfer-Encoding:\r\n BINARY\r\nX: y\r\n\r\n%b\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    b"z\xc3\xb6\r\n"
    b"--b--\r\nepilogue\r\n"
)


def converted(octets: bytes) -> bytes:
    return b"".join(without_binary(parse(octets), octets))


def leaves(octets: bytes) -> list[bytes]:
    return [
        b"".join(decoded(part, octets))
        for part in parse(octets).walk()
        if not part.parts and part.message is None
    ]


def shape(part: Part) -> object:
    inner = [shape(part.message)] if part.message is not None else []
    return (part.type, part.subtype, [shape(each) for each in part.parts] + inner)


def test_parts_that_are_lines_stay_readable_and_others_are_encoded() -> None:
    assert converted(MIXED % b"GIF\0\r\n\n\r") == MIXED.replace(
        b"Content-Transfer-Encoding: binary", b"Content-Transfer-Encoding: 8bit"
    ).replace(b"Content-Transfer-Encoding:\r\n BINARY", b"Content-Transfer-Encoding: base64") % (
        b"R0lGAA0KCg0=\r\n"
    )


def test_a_message_without_parts() -> None:
    head = TEXT + b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: %b\r\n\r\n"
    assert converted(head % b"binary" + b"\0") == head % b"base64" + b"AA==\r\n"
    # RFC 5322 §2.1.1.
    assert converted(head % b"binary" + b"x" * 998) == head % b"8bit" + b"x" * 998
    assert converted(head % b"binary" + b"x" * 999).startswith(head % b"base64" + b"eHh4" * 19 + b"\r\n")
    for whole in (head % b"8bit" + b"x\r\n", head % b"base64" + b"AA==\r\n", TEXT + b"\r\n", b""):
        assert converted(whole) == whole


def test_messages_inside_are_converted_too() -> None:
    inner = MIXED % b"\0"
    outer = TEXT + b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: %b\r\n\r\n"
    assert converted(outer % b"binary" + inner) == outer % b"8bit" + converted(inner)


@pytest.mark.parametrize(
    "octets",
    [
        TEXT + b"\r\nx\ny\r\n",
        TEXT + b"\r\nx\ry\r\n",
        TEXT.replace(b"\r\n", b"\n") + b"Content-Transfer-Encoding: binary\n\n\0",
        (MIXED % b"\0").replace(b"hello", b"hel\nlo"),
        (MIXED % b"\0").replace(b"preamble", b"pre\ramble"),
        TEXT + b"Content-Type: message/partial\r\nContent-Transfer-Encoding: binary\r\n\r\n\0",
        TEXT + b"Content-Type: multipart/mixed\r\nContent-Transfer-Encoding: binary\r\n\r\n\0",
        TEXT
        + b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(150)
        ),
    ],
    ids=["lf", "cr", "lf header", "lf in text", "cr in preamble", "partial", "no parts", "deep"],
)
def test_refuses_what_is_no_mime(octets: bytes) -> None:
    with pytest.raises(UnconvertibleError):
        converted(octets)


CONTENTS = st.binary(max_size=200) | st.text("a\r\n.-\0", max_size=30).map(str.encode)


@given(CONTENTS, st.sampled_from([bytes, memoryview]))
def test_every_part_decodes_to_what_it_was(content: bytes, kind: type) -> None:
    octets = MIXED % content
    if b"\n--b" in b"\n" + content:
        return
    source = kind(octets)
    got = b"".join(without_binary(parse(source), source))
    assert leaves(got) == leaves(octets)
    assert shape(parse(got)) == shape(parse(octets))
    assert not any(part.cte == "binary" for part in parse(got).walk())
    assert b"\0" not in got
    assert not {b"\r", b"\n"} & {bytes([octet]) for octet in got.replace(b"\r\n", b"")}
    assert all(len(line) <= 998 for line in got.split(b"\r\n"))
    assert converted(got) == got


@given(st.binary(max_size=300))
def test_noise_gives_a_message_or_the_declared_error(noise: bytes) -> None:
    octets = b"Content-Transfer-Encoding: binary\r\nX: " + noise
    with suppress(UnconvertibleError):
        assert leaves(converted(octets)) == leaves(octets)


@pytest.mark.parametrize("body", [b"x" * 998 + b"\r\n", b"\r", b"Content-Transfer-Encoding:", b"\r\n "])
def test_hostile_megabytes_end_in_time(body: bytes) -> None:
    head = TEXT + b"Content-Transfer-Encoding: binary\r\n\r\n"
    before = time.process_time()
    assert leaves(converted(head + body * (4_000_000 // len(body)))) == [body * (4_000_000 // len(body))]
    assert time.process_time() - before < 3
