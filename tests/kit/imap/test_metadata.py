"""METADATA: commands, names, responses and codes (RFC 5464 §4, §5; RFC 9590)."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from moxkit.imap import (
    ENTIRE_DEPTH,
    GetMetadata,
    ListCommand,
    Literal,
    MetadataChangedData,
    MetadataCode,
    MetadataData,
    MetadataProblem,
    ResponseSyntaxError,
    SetMetadata,
    encode_command,
)
from moxkit.imap.codes import take_code
from moxkit.imap.commandwriter import Pieces
from moxkit.imap.errors import CommandSyntaxError
from moxkit.imap.lexer import Cursor
from moxkit.imap.readresponse import take_response
from moxkit.imap.takecommand import take_command


def parsed(octets: bytes, *literals: bytes) -> object:
    return take_command(Cursor(b"a1 " + octets, literals))


@pytest.mark.parametrize(
    ("octets", "command"),
    [
        # RFC 5464 §4.2.
        (b'GETMETADATA "" /shared/comment', GetMetadata("", ("/shared/comment",))),
        (
            b'GETMETADATA "INBOX" (/shared/Comment /private/comment)',
            GetMetadata("INBOX", ("/shared/comment", "/private/comment")),
        ),
        (b'GETMETADATA "INBOX" (MAXSIZE 1024) (/a /b)', GetMetadata("INBOX", ("/a", "/b"), max_size=1024)),
        (b'GETMETADATA "INBOX" (DEPTH 1) (/a)', GetMetadata("INBOX", ("/a",), depth=1)),
        # The grammar has options first (RFC 5464 §5).
        (
            b"GETMETADATA (depth Infinity maxsize 0) INBOX /",
            GetMetadata("INBOX", ("/",), max_size=0, depth=ENTIRE_DEPTH),
        ),
        # RFC 5464 §4.3.
        (b"SETMETADATA INBOX (/private/comment NIL)", SetMetadata("INBOX", (("/private/comment", None),))),
        (
            b'SETMETADATA INBOX (/private/comment "My new comment" /shared/comment "This")',
            SetMetadata("INBOX", (("/private/comment", b"My new comment"), ("/shared/comment", b"This"))),
        ),
        (
            b'SETMETADATA "" (/shared/vendor/v/x "")',
            SetMetadata("", (("/shared/vendor/v/x", b""),)),
        ),
        # RFC 9590.
        (
            b'LIST "" % RETURN (METADATA ("/shared/vendor/cmu/cyrus-imapd/color"))',
            ListCommand("", ("%",), extended=True, metadata=("/shared/vendor/cmu/cyrus-imapd/color",)),
        ),
    ],
    ids=repr,
)
def test_reads_command_as_the_client_writes_it(octets: bytes, command: GetMetadata) -> None:
    assert parsed(octets) == command
    pieces = [piece for piece in encode_command(command) if isinstance(piece, bytes)]
    assert parsed(b"".join(pieces)) == command


@pytest.mark.parametrize(
    "octets",
    [
        b"GETMETADATA",
        b'GETMETADATA ""',
        b'GETMETADATA "" ()',
        b'GETMETADATA "" x',
        b'GETMETADATA "" /',
        b'GETMETADATA "" /a/',
        b'GETMETADATA "" /a//b',
        b'GETMETADATA "" "/a*"',
        b'GETMETADATA "" "/a%"',
        b'GETMETADATA "" "/\xc3\xa4"',
        b'GETMETADATA "" "/a b"',
        b'GETMETADATA "" (DEPTH 2) /a',
        b'GETMETADATA "" (DEPTH 1 DEPTH 1) /a',
        b'GETMETADATA (MAXSIZE) "" /a',
        b"SETMETADATA x ()",
        b"SETMETADATA x (/private/a)",
        b"SETMETADATA x (/private/a b)",
        b'SETMETADATA x /private/a "b"',
        b"SETMETADATA x (/private/a NIL /PRIVATE/A NIL)",
        # RFC 5464 §3.2.1: one of two trees, and vendors with a name.
        b"SETMETADATA x (/comment NIL)",
        b"SETMETADATA x (/private NIL)",
        b"SETMETADATA x (/shared/vendor NIL)",
        b"SETMETADATA x (/shared/vendor/v NIL)",
        b'LIST "" % RETURN (METADATA ())',
        b'LIST "" % RETURN (METADATA)',
    ],
)
def test_refuses_command(octets: bytes) -> None:
    with pytest.raises(CommandSyntaxError):
        parsed(octets)


def wired(pieces: Pieces) -> tuple[bytes, list[bytes]]:
    """Return text with announcements, and the literals."""
    text: list[bytes] = []
    literals: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, Literal):
            text.append(b"%b{%d}\r\n" % (b"~" if piece.binary else b"", len(piece.octets)))
            literals.append(piece.octets)
        else:
            text.append(piece)
    return b"".join(text), literals


@given(st.none() | st.binary(max_size=40) | st.binary(min_size=2000, max_size=2000))
def test_any_value_survives_the_wire_both_ways(value: bytes | None) -> None:
    command = SetMetadata("x", (("/private/a", value), ("/private/b", value)))
    octets, literals = wired(encode_command(command))
    assert parsed(octets, *literals) == command
    data = MetadataData("x", command.entries)
    encoded, found = data.encode().removesuffix(b"\r\n"), list[bytes]()
    if value is not None and b"{%d}\r\n" % len(value) in encoded and (b"\r\n" + value) in encoded:
        announcement = b"{%d}\r\n" % len(value)
        encoded, found = encoded.replace(announcement + value, announcement), [value, value]
    assert take_response(Cursor(encoded, found, error=ResponseSyntaxError)) == data


def test_null_makes_a_literal8() -> None:
    octets, _ = wired(encode_command(SetMetadata("x", (("/private/a", b"\0"),))))
    assert b" ~{1}\r\n" in octets


def test_value_stays_out_of_the_log() -> None:
    assert "secret" not in repr(SetMetadata("x", (("/private/a", b"secret"),)))


@pytest.mark.parametrize("mailbox", ["", "INBOX", "a b", "ä"])
def test_response_without_values(mailbox: str) -> None:
    data = MetadataChangedData(mailbox, ("/shared/comment", "/private/comment"))
    octets = data.encode().removesuffix(b"\r\n")
    assert octets.endswith(b" /shared/comment /private/comment")
    assert take_response(Cursor(octets, error=ResponseSyntaxError)) == data


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"METADATA LONGENTRIES 2199", MetadataCode(MetadataProblem.LONGENTRIES, 2199)),
        (b"METADATA MAXSIZE 1024", MetadataCode(MetadataProblem.MAXSIZE, 1024)),
        (b"METADATA TOOMANY", MetadataCode(MetadataProblem.TOOMANY)),
        (b"METADATA NOPRIVATE", MetadataCode(MetadataProblem.NOPRIVATE)),
    ],
)
def test_codes(octets: bytes, code: MetadataCode) -> None:
    assert bytes(code) == octets
    assert take_code(Cursor(octets)) == code
    assert take_code(Cursor(octets.replace(b"METADATA ", b"METADATA (") + b")")) == code


@given(st.binary(max_size=60))
def test_noise_gives_a_value_or_a_syntax_error(noise: bytes) -> None:
    with suppress(CommandSyntaxError):
        parsed(b"GETMETADATA (DEPTH 1) x " + noise)
    with suppress(CommandSyntaxError):
        parsed(b"SETMETADATA x (/private/" + noise)
    with suppress(ResponseSyntaxError):
        take_response(Cursor(b"* METADATA " + noise, error=ResponseSyntaxError))
