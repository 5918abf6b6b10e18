"""Commands about authorized URLs as values, and their responses (RFC 4467)."""

from dataclasses import dataclass, field
from typing import ClassVar

from moxkit.imap.commands import Command
from moxkit.imap.encode import encode_astring, encode_nstring
from moxkit.imap.lexer import Cursor
from moxkit.imap.takemailboxes import take_mailbox

__all__ = [
    "GenUrlAuth",
    "GenUrlAuthData",
    "ResetKey",
    "UrlFetch",
    "UrlFetchData",
    "take_genurlauth",
    "take_genurlauth_data",
    "take_resetkey",
    "take_urlfetch",
    "take_urlfetch_data",
]

_MOST_URLS = 100


@dataclass(frozen=True, slots=True)
class GenUrlAuth(Command):
    """GENURLAUTH: authorize URLs; each with its mechanism, of which INTERNAL is the one everybody has."""

    requests: tuple[tuple[str, str], ...]
    verb: ClassVar[str] = "GENURLAUTH"


@dataclass(frozen=True, slots=True)
class ResetKey(Command):
    """RESETKEY: revoke what was authorized for a mailbox; `None`: for all of them."""

    mailbox: str | None = None
    mechanisms: tuple[str, ...] = ()
    verb: ClassVar[str] = "RESETKEY"


@dataclass(frozen=True, slots=True)
class UrlFetch(Command):
    """URLFETCH: what authorized URLs stand for."""

    urls: tuple[str, ...] = field(repr=False)
    verb: ClassVar[str] = "URLFETCH"


@dataclass(frozen=True, slots=True)
class GenUrlAuthData:
    """GENURLAUTH: the URLs with their tokens, in the order of the command."""

    urls: tuple[str, ...] = field(repr=False)

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        return b"* GENURLAUTH %b\r\n" % b" ".join(encode_astring(url, utf8=utf8) for url in self.urls)


@dataclass(frozen=True, slots=True)
class UrlFetchData:
    """URLFETCH: octets of each URL; `None` where it is not to be had, for whatever reason."""

    contents: tuple[tuple[str, bytes | None], ...] = field(repr=False)

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the response."""
        pieces = [
            b"%b %b" % (encode_astring(url, utf8=utf8), encode_nstring(octets, utf8=utf8))
            for url, octets in self.contents
        ]
        return b"* URLFETCH %b\r\n" % b" ".join(pieces)


def _take_url(cursor: Cursor, so_far: int) -> str:
    if so_far == _MOST_URLS:
        raise cursor.fail("too many URLs")
    return cursor.text(cursor.astring())


def take_genurlauth(cursor: Cursor) -> GenUrlAuth:
    """Take ``1*(SP url-rump SP mechanism)``."""
    requests: list[tuple[str, str]] = []
    cursor.space()
    while True:
        url = _take_url(cursor, len(requests))
        cursor.space()
        requests.append((url, cursor.atom().upper()))
        if not cursor.take(b" "):
            return GenUrlAuth(tuple(requests))


def take_resetkey(cursor: Cursor) -> ResetKey:
    """Take ``[SP mailbox *(SP mechanism)]``."""
    if cursor.at_end():
        return ResetKey()
    cursor.space()
    mailbox = take_mailbox(cursor)
    mechanisms: list[str] = []
    while cursor.take(b" "):
        mechanisms.append(cursor.atom().upper())
    return ResetKey(mailbox, tuple(mechanisms))


def take_urlfetch(cursor: Cursor) -> UrlFetch:
    """Take ``1*(SP url-full)``."""
    cursor.space()
    urls = [_take_url(cursor, 0)]
    while cursor.take(b" "):
        urls.append(_take_url(cursor, len(urls)))
    return UrlFetch(tuple(urls))


def take_genurlauth_data(cursor: Cursor) -> GenUrlAuthData:
    """Take what stands behind GENURLAUTH in a response.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    urls: list[str] = []
    while cursor.take(b" "):
        urls.append(cursor.text(cursor.astring()))
    return GenUrlAuthData(tuple(urls))


def take_urlfetch_data(cursor: Cursor) -> UrlFetchData:
    """Take what stands behind URLFETCH in a response.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    contents: list[tuple[str, bytes | None]] = []
    while cursor.take(b" "):
        url = cursor.text(cursor.astring())
        cursor.space()
        contents.append((url, cursor.nstring()))
    return UrlFetchData(tuple(contents))
