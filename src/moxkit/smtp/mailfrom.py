"""The MAIL command: reverse-path and ESMTP parameters (RFC 5321 §4.1.1.2).

Grammar only: octets in, a `MailFrom` or a `CommandError` out. Whether this sender
may send, and whether the size fits, is policy and lives in the server.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from moxkit.smtp.errors import CommandError
from moxkit.smtp.path import Path, take_path
from moxkit.smtp.recipientaddress import AddressError, decode_xtext, encode_xtext

__all__ = ["Body", "MailFrom", "Ret", "parse_mail_from", "take_parameter"]

# esmtp-param of RFC 5321 §4.1.2; a value excludes "=", SP and controls, and may be UTF-8 (RFC 6531 §3.3).
_PARAMETER = re.compile(rb" ([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\x80-\xff]+))?")
# xtext of RFC 3461 §4, as AUTH has it (RFC 4954 §5).
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")
_MOST_ENVID = 100  # characters, RFC 3461 §4.4
# Internet-style date-time in UTC (RFC 4865 §4.2, RFC 3339 §5.6).
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z")


class Body(StrEnum):
    """Content encodings a client can announce (RFC 6152 §2, RFC 3030 §3)."""

    SEVEN_BIT = "7BIT"
    EIGHT_BIT_MIME = "8BITMIME"
    BINARYMIME = "BINARYMIME"


class Ret(StrEnum):
    """What a notification of failure returns of the message (RFC 3461 §4.3)."""

    FULL = "FULL"
    HDRS = "HDRS"


@dataclass(frozen=True, slots=True)
class MailFrom:
    """One MAIL command, before any policy; read by servers, written by clients.

    Attributes:
        reverse_path: Where bounces go; None for the null path ``<>``.
        body: Announced encoding of the content; None when nothing was said, which means 7 bit.
        size: Size in octets as declared, not verified (RFC 1870 §3).
        smtputf8: Envelope or header need it (RFC 6531 §3.4).
        requires_tls: Each further hop must use TLS (RFC 8689 §4.1).
        hold_for: Seconds to wait before sending (RFC 4865 §4.1).
        hold_until: When to send (RFC 4865 §4.2).
        ret: What notifications return; None leaves that to who makes them (RFC 3461 §4.3).
        envid: What notifications name the envelope by, decoded; empty when nothing was said (RFC 3461 §4.4).
    """

    reverse_path: Path | None
    body: Body | None = None
    size: int | None = None
    smtputf8: bool = False
    requires_tls: bool = False
    hold_for: int | None = None
    hold_until: datetime | None = None
    ret: Ret | None = None
    envid: str = ""

    def __bytes__(self) -> bytes:
        """Return the line a client sends, with its CRLF.

        Raises:
            AddressError: `envid` is not ASCII.
        """
        line = f"MAIL FROM:<{self.reverse_path or ''}>"
        if self.size is not None:
            line += f" SIZE={self.size}"
        if self.body is not None:
            line += f" BODY={self.body}"
        if self.smtputf8:
            line += " SMTPUTF8"
        if self.requires_tls:
            line += " REQUIRETLS"
        if self.hold_for is not None:
            line += f" HOLDFOR={self.hold_for}"
        if self.hold_until is not None:
            line += f" HOLDUNTIL={self.hold_until:%Y-%m-%dT%H:%M:%S}Z"
        if self.ret is not None:
            line += f" RET={self.ret}"
        if self.envid:
            line += f" ENVID={encode_xtext(self.envid)}"
        return line.encode() + b"\r\n"


def parse_mail_from(
    args: bytes,
    *,
    allows_hold: bool = True,
    allows_dsn: bool = True,
    allows_binary: bool = True,
    is_pedantic: bool = False,
) -> MailFrom:
    """Parse what follows ``MAIL`` and one space, without the final CRLF.

    Args:
        args: The octets.
        allows_hold: FUTURERELEASE was offered.
        allows_dsn: DSN was offered.
        allows_binary: BINARYMIME was offered.
        is_pedantic: Refuse what is wrong and harmless.

    Raises:
        CommandError: 501 bad syntax, 555 unknown parameter (RFC 5321 §4.1.1.11), 550 a path that needs
            SMTPUTF8 (RFC 6531 §3.5).
    """
    if args[:5].upper() != b"FROM:":
        raise CommandError(501, "5.5.2", "expected FROM:")
    # A space after the colon is wrong (RFC 5321 §3.3) but common: accept one.
    rest = args[5:] if is_pedantic else args[5:].removeprefix(b" ")
    path, rest = take_path(rest, is_pedantic=is_pedantic)
    command, seen = MailFrom(path), set[str]()
    while rest:
        keyword, value, rest = take_parameter(rest, seen)
        if keyword in {"RET", "ENVID"} and allows_dsn:
            command = _with_dsn(command, keyword, value)
        else:
            command = _with_parameter(command, keyword, value, allows_hold=allows_hold)
    if command.body is Body.BINARYMIME and not allows_binary:
        raise CommandError(555, "5.5.4", "BINARYMIME is not offered")
    if command.hold_for is not None and command.hold_until is not None:
        raise CommandError(501, "5.5.4", "HOLDFOR and HOLDUNTIL exclude each other")
    if path is not None and path.needs_smtputf8 and not command.smtputf8:
        raise CommandError(550, "5.6.7", "address needs SMTPUTF8")
    return command


def take_parameter(rest: bytes, seen: set[str]) -> tuple[str, str, bytes]:
    """Take one ESMTP parameter; return its keyword in upper case, its value, and what follows.

    Raises:
        CommandError: 501 for bad syntax and a keyword already in `seen`.
    """
    if (found := _PARAMETER.match(rest)) is None:
        raise CommandError(501, "5.5.2", "malformed parameter")
    keyword, value = found[1].decode().upper(), (found[2] or b"").decode("utf-8", "replace")
    if keyword in seen:
        raise CommandError(501, "5.5.4", f"repeated parameter {keyword}")
    seen.add(keyword)
    return keyword, value, rest[found.end() :]


def _with_parameter(command: MailFrom, keyword: str, value: str, *, allows_hold: bool) -> MailFrom:
    match keyword:
        case "SIZE":
            return replace(command, size=_size(value))
        case "BODY":
            if value.upper() not in set(Body):
                raise CommandError(555, "5.5.4", "unknown value for BODY")
            return replace(command, body=Body(value.upper()))
        case "AUTH" if value == "<>" or (value and _XTEXT.fullmatch(value)):
            # Whose submission it was is of no use without trust between servers (RFC 4954 §5).
            return command
        case "SMTPUTF8" if not value:
            return replace(command, smtputf8=True)
        case "REQUIRETLS" if not value:
            return replace(command, requires_tls=True)
        case "HOLDFOR" | "HOLDUNTIL" if allows_hold:
            return _with_hold(command, keyword, value)
        case "AUTH" | "SMTPUTF8" | "REQUIRETLS":
            raise CommandError(501, "5.5.4", f"bad value for {keyword}")
        case _:
            raise CommandError(555, "5.3.3", f"unknown parameter {keyword[:40]}")


def _size(value: str) -> int:
    # RFC 1870 §4: up to 20 digits.
    if not value.isascii() or not value.isdecimal() or len(value) > 20:
        raise CommandError(501, "5.5.4", "bad value for SIZE")
    return int(value)


def _with_hold(command: MailFrom, keyword: str, value: str) -> MailFrom:
    if keyword == "HOLDFOR":
        if value.isascii() and value.isdecimal() and len(value) <= 9 and int(value):
            return replace(command, hold_for=int(value))
    elif _DATE_TIME.fullmatch(value):
        try:
            return replace(command, hold_until=datetime.fromisoformat(value).astimezone(UTC))
        except (ValueError, OverflowError):
            pass
    raise CommandError(501, "5.5.4", f"bad value for {keyword}")


def _with_dsn(command: MailFrom, keyword: str, value: str) -> MailFrom:
    if keyword == "RET" and value.upper() in set(Ret):
        return replace(command, ret=Ret(value.upper()))
    if keyword == "ENVID" and 0 < len(value) <= _MOST_ENVID:
        try:
            return replace(command, envid=decode_xtext(value))
        except AddressError:
            pass
    raise CommandError(501, "5.5.4", f"bad value for {keyword}")
