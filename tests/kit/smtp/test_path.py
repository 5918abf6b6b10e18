"""Paths: what is one, what is none, and that writing and reading agree."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from moxkit.smtp import CommandError, Path, parse_path
from moxkit.smtp.path import take_path


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"<a.b@Mox.Example>", "a.b@mox.example"),
        (b'<"a b"@mox.example>', '"a b"@mox.example'),
        (b'<"a"@mox.example>', "a@mox.example"),
        (b'<"\\""@mox.example>', '"\\""@mox.example'),
        (b"<@r1.example,@r2.example:a@mox.example>", "a@mox.example"),
        (b"<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        (b"<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"),
        (b"<PostMaster>", "PostMaster"),
        ("<ü@bücher.example>".encode(), "ü@xn--bcher-kva.example"),
    ],
)
def test_reads_paths(octets: bytes, text: str) -> None:
    path, rest = take_path(octets + b" REST")
    assert (str(path), rest) == (text, b" REST")


@pytest.mark.parametrize(
    "octets",
    [
        b"a@mox.example",
        b"<a>",
        b"<a@>",
        b"<@mox.example>",
        b"<a..b@mox.example>",
        b"<.a@mox.example>",
        b"<a b@mox.example>",
        b"<a@mox..example>",
        b"<a@[IPv6:192.0.2.1]>",
        b"<a@[2001:db8::1]>",
        b"<a@[300.0.2.1]>",
        b"<a@-.example>",
        b"<\xff@mox.example>",
        b"<a\r@mox.example>",
        b"<" + b"a" * 129 + b"@mox.example>",
        b"<a@" + b"b." * 130 + b"example>",
    ],
)
def test_refuses_with_501(octets: bytes) -> None:
    with pytest.raises(CommandError, match=r"^501 "):
        take_path(octets)


def test_pedantic_localparts_are_short_and_names_have_no_underscore() -> None:
    long = b"<" + b"a" * 65 + b"@mox.example>"
    assert take_path(long)[0] is not None
    for octets in (long, b"<a@a_b.example>"):
        with pytest.raises(CommandError):
            take_path(octets, is_pedantic=True)


def test_localpart_is_normalized() -> None:
    assert parse_path("u\u0308@mox.example").localpart == "ü"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_any_localpart_survives_writing_and_reading(localpart: str) -> None:
    path = Path(localpart, parse_path("a@mox.example").domain)
    assert parse_path(str(path)) == path


@given(st.binary(max_size=300))
def test_noise_gives_a_path_or_a_command_error(noise: bytes) -> None:
    for octets in (noise, b"<" + noise + b">"):
        with suppress(CommandError):
            take_path(octets)
