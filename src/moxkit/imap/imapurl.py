"""IMAP URLs of messages and their parts, absolute and relative, with authorization (RFC 5092, RFC 4467).

Grammar only: who may use a URL, and whether its token is right, is the server's question.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import unquote_to_bytes

from moxkit.imap.errors import CommandSyntaxError, ImapSyntaxError
from moxkit.imap.lexer import Cursor
from moxkit.imap.section import Section, take_section

__all__ = ["MAX_URL_OCTETS", "ImapUrl", "ImapUrlError", "UrlAccess", "UrlAccessKind", "parse_imap_url"]

MAX_URL_OCTETS = 4096
# bchar of RFC 5092 §11: unreserved, sub-delims-sh, pct-encoded, and & = : @ /
_BCHARS = r"(?:[A-Za-z0-9\-._~!$'()*+,&=:@/]|%[0-9A-Fa-f]{2})++"
_USER = r"(?:[A-Za-z0-9\-._~!$'()*+,&=]|%[0-9A-Fa-f]{2})++"
# iserver = [enc-user [";AUTH=" ...] "@"] host [":" port]
_SERVER = re.compile(
    rf"imap://(?:(?P<user>{_USER})(?:;AUTH=(?:\*|{_USER}))?@)?"
    r"(?P<host>[A-Za-z0-9\-._~]++|\[[0-9A-Fa-f:.]++\])(?::(?P<port>[0-9]{1,5}))?/",
    re.IGNORECASE,
)
_MAILBOX = re.compile(_BCHARS)
_UIDVALIDITY = re.compile(r";UIDVALIDITY=([1-9][0-9]{0,9})", re.IGNORECASE)
_UID = re.compile(r";UID=([1-9][0-9]{0,9})", re.IGNORECASE)
_SECTION = re.compile(rf";SECTION=({_BCHARS})", re.IGNORECASE)
_PARTIAL = re.compile(r";PARTIAL=([0-9]{1,19})(?:\.([1-9][0-9]{0,18}))?", re.IGNORECASE)
# date-time of RFC 3339 §5.6
_EXPIRE = re.compile(
    r";EXPIRE=([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2}))",
    re.IGNORECASE,
)
_ACCESS = re.compile(rf";URLAUTH=(?:(submit|user)\+({_USER})|(authuser|anonymous))", re.IGNORECASE)
# iua-verifier = ":" uauth-mechanism ":" enc-urlauth
_VERIFIER = re.compile(r":([A-Za-z0-9\-.]{1,64}):([0-9A-Fa-f]{32,256})")


_WHOLE = Section()


class ImapUrlError(ImapSyntaxError):
    """A text is no URL of a message."""


class UrlAccessKind(StrEnum):
    """Who may use an authorized URL (RFC 4467 §3)."""

    SUBMIT = "submit+"
    USER = "user+"
    AUTHUSER = "authuser"
    ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class UrlAccess:
    """Who may use it; `user` belongs to the first two kinds."""

    kind: UrlAccessKind
    user: str = ""


@dataclass(frozen=True, slots=True)
class ImapUrl:
    """A message or a part of one.

    Attributes:
        text: As it was written.
        uid: Of the message.
        mailbox: Name as text; `None` for the selected one, in a relative URL.
        uidvalidity: That the mailbox must have.
        section: Of the message; empty for all of it.
        partial: First octet, and how many (`None`: all that follow).
        host: Of the server, `None` in a relative URL; `port` likewise.
        user: Whose mailbox it is.
        expire: Until when it is authorized.
        access: Who is authorized; `None`: nobody by this URL.
        rump: What the token authorizes: the text up to who may use it.
        mechanism: Of the token, in upper case; `None` if there is no token yet.
        token: In lower case.
    """

    text: str
    uid: int
    mailbox: str | None = None
    uidvalidity: int | None = None
    section: Section = _WHOLE
    partial: tuple[int, int | None] | None = None
    host: str | None = None
    port: int | None = None
    user: str | None = None
    expire: datetime | None = None
    access: UrlAccess | None = None
    rump: str = ""
    mechanism: str | None = None
    token: str = ""


class _Reader:
    """A position in the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.position)
        if found is not None:
            self.position = found.end()
        return found

    def require_slash(self) -> None:
        if not self.text.startswith("/", self.position):
            raise ImapUrlError("expected a slash in the URL")
        self.position += 1


def parse_imap_url(text: str) -> ImapUrl:
    """Read a URL.

    Raises:
        ImapUrlError: It is none, or not of a message.
    """
    if len(text) > MAX_URL_OCTETS or not text.isascii():
        raise ImapUrlError("URL is too long, or not in ASCII")
    reader = _Reader(text)
    server = reader.match(_SERVER)
    mailbox, uidvalidity = _take_mailbox(reader, is_absolute=server is not None)
    if (found := reader.match(_UID)) is None:
        raise ImapUrlError("URL is not of a message")
    uid = int(found[1])
    section, partial = _take_part(reader)
    expire = _take_expire(reader)
    access, rump = _take_access(reader)
    if expire is not None and access is None:
        raise ImapUrlError("EXPIRE without URLAUTH")
    verifier = reader.match(_VERIFIER) if access is not None else None
    if reader.position != len(text) or uid >= 2**32 or (uidvalidity or 0) >= 2**32:
        raise ImapUrlError("URL is malformed")
    return ImapUrl(
        text=text,
        uid=uid,
        mailbox=mailbox,
        uidvalidity=uidvalidity,
        section=section,
        partial=partial,
        host=None if server is None else server["host"],
        port=int(server["port"]) if server is not None and server["port"] else None,
        user=_decode(server["user"]) if server is not None and server["user"] else None,
        expire=expire,
        access=access,
        rump=rump,
        mechanism=None if verifier is None else verifier[1].upper(),
        token="" if verifier is None else verifier[2].lower(),
    )


def _decode(encoded: str) -> str:
    try:
        text = unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        raise ImapUrlError("URL is not UTF-8") from None
    if "\0" in text:
        raise ImapUrlError("URL holds NUL")
    return text


def _take_mailbox(reader: _Reader, *, is_absolute: bool) -> tuple[str | None, int | None]:
    """Take ``enc-mailbox [uidvalidity] "/"``; a relative URL may begin with a slash, or have no mailbox."""
    if not is_absolute:
        if reader.text.startswith(";"):
            return None, None
        reader.require_slash()
    if (found := reader.match(_MAILBOX)) is None:
        raise ImapUrlError("expected a mailbox in the URL")
    encoded = found[0]
    validity = reader.match(_UIDVALIDITY)
    if validity is not None:
        reader.require_slash()
    elif encoded.endswith("/"):
        encoded = encoded[:-1]
    else:
        raise ImapUrlError("URL is not of a message")
    return _decode(encoded), None if validity is None else int(validity[1])


def _take_part(reader: _Reader) -> tuple[Section, tuple[int, int | None] | None]:
    """Take ``["/" isection] ["/" ipartial]``."""
    section, partial = _WHOLE, None
    if reader.text.startswith("/", reader.position):
        reader.position += 1
        if (found := reader.match(_SECTION)) is not None:
            # A slash before PARTIAL is of no section.
            encoded = found[1]
            is_followed = encoded.endswith("/") and reader.text.startswith(";", reader.position)
            section = _section(encoded.removesuffix("/") if is_followed else encoded)
            if not is_followed:
                return section, None
        if (cut := reader.match(_PARTIAL)) is None:
            raise ImapUrlError("expected SECTION or PARTIAL in the URL")
        partial = int(cut[1]), None if cut[2] is None else int(cut[2])
    return section, partial


def _section(encoded: str) -> Section:
    cursor = Cursor(b"[%b]" % _decode(encoded).encode(), error=CommandSyntaxError)
    try:
        section = take_section(cursor)
        cursor.end()
    except ImapSyntaxError as problem:
        raise ImapUrlError(f"section of the URL: {problem.text}") from None
    return section


def _take_expire(reader: _Reader) -> datetime | None:
    if (found := reader.match(_EXPIRE)) is None:
        return None
    try:
        return datetime.fromisoformat(found[1].upper())
    except ValueError:
        raise ImapUrlError("EXPIRE is no date") from None


def _take_access(reader: _Reader) -> tuple[UrlAccess | None, str]:
    if (found := reader.match(_ACCESS)) is None:
        return None, ""
    rump = reader.text[: reader.position]
    if found[3]:
        return UrlAccess(UrlAccessKind(found[3].lower())), rump
    return UrlAccess(UrlAccessKind(f"{found[1].lower()}+"), _decode(found[2])), rump
