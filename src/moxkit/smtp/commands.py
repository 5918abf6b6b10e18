"""Command lines: from octets to one event, order and state aside (RFC 5321 §4.1.1)."""

import base64
import binascii
import re
from dataclasses import dataclass

from moxkit.smtp.ehlo import parse_hello
from moxkit.smtp.errors import CommandError
from moxkit.smtp.events import (
    Auth,
    AuthResponse,
    Bdat,
    Data,
    Ehlo,
    Expn,
    Helo,
    Help,
    Noop,
    Quit,
    Rset,
    StartTls,
    Vrfy,
)
from moxkit.smtp.mailfrom import MailFrom, parse_mail_from
from moxkit.smtp.rcptto import RcptTo, parse_rcpt_to

__all__ = [
    "ChunkUnknownError",
    "Command",
    "Dialect",
    "UnknownCommandError",
    "parse_auth_response",
    "parse_command",
]

Command = (
    Ehlo | Helo | MailFrom | RcptTo | Data | Bdat | Auth | StartTls | Rset | Noop | Help | Vrfy | Expn | Quit
)

_VERB = re.compile(rb"([A-Za-z]{1,12})(?:( )(.*)|[ \t]*)", re.DOTALL)
# AUTH SP mechanism [SP initial-response]; mechanism as RFC 4422 §3.1.
_AUTH = re.compile(rb"([A-Z0-9_-]{1,20})(?: ([A-Za-z0-9+/]+={0,2}|=)|( .*))?", re.DOTALL)
_LAX_AUTH = re.compile(rb" *([A-Z0-9_-]{1,20})(?: +([A-Za-z0-9+/]+={0,2}|=)|( .*))?", re.DOTALL)
# chunk-size [ SP end-marker ] of RFC 3030 §2.
_BDAT = re.compile(rb"([0-9]{1,18})(?: ([Ll][Aa][Ss][Tt]))?")
# String of RFC 5321 §4.1.2: Atom / Quoted-string.
_STRING = re.compile(
    rb'(?:[A-Za-z0-9!#$%&\'*+/=?^_`{|}~.@<>\x80-\xff-]+|"(?:[ !#-\[\]-~\x80-\xff]|\\[ -~])*")'
)
_TEXT = re.compile(rb"[\t -~\x80-\xff]+")


class UnknownCommandError(CommandError):
    """A verb nobody knows."""


class ChunkUnknownError(CommandError):
    """BDAT without a size: whatever follows can no longer be told from commands."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Which grammar is spoken.

    Attributes:
        is_submission: Clients are mail programs (RFC 6409).
        is_pedantic: What is wrong and harmless is refused.
        allows_hold: FUTURERELEASE is offered (RFC 4865).
        allows_dsn: DSN is offered (RFC 3461).
        allows_binary: BINARYMIME is offered (RFC 3030 §3).
    """

    is_submission: bool = False
    is_pedantic: bool = False
    allows_hold: bool = False
    allows_dsn: bool = False
    allows_binary: bool = False


def parse_command(line: bytes, dialect: Dialect, *, smtputf8: bool = False) -> Command:
    """Parse a line without its CRLF.

    Args:
        line: The octets.
        dialect: The grammar.
        smtputf8: The transaction was begun with SMTPUTF8.

    Raises:
        UnknownCommandError: 500.
        ChunkUnknownError: 501; the connection must end.
        CommandError: Any other refusal.
    """
    found = _VERB.fullmatch(line)
    if found is None:
        raise UnknownCommandError(500, "5.5.1", "unknown command")
    verb, args = found[1].upper(), found[3] or b""
    if not dialect.is_submission:
        # Some servers end their commands with spaces.
        args = args.rstrip(b" \t")
    elif (found[2] and not args) or (not found[2] and len(line) > len(verb)):
        raise CommandError(501, "5.5.2", "space at end of line")
    if verb in _BARE:
        if args:
            raise CommandError(501, "5.5.2", "unexpected argument")
        return _BARE[verb]
    return _with_arguments(verb, args, dialect, smtputf8=smtputf8)


def _with_arguments(verb: bytes, args: bytes, dialect: Dialect, *, smtputf8: bool) -> Command:
    match verb:
        case b"MAIL":
            return parse_mail_from(
                args,
                allows_hold=dialect.allows_hold,
                allows_dsn=dialect.allows_dsn,
                allows_binary=dialect.allows_binary,
                is_pedantic=dialect.is_pedantic,
            )
        case b"RCPT":
            return parse_rcpt_to(
                args, smtputf8=smtputf8, allows_dsn=dialect.allows_dsn, is_pedantic=dialect.is_pedantic
            )
        case b"BDAT":
            return _bdat(args)
        case b"EHLO" | b"HELO":
            return _hello(verb, args, dialect)
        case b"AUTH":
            return _auth(args, dialect)
        case b"NOOP" | b"HELP" | b"VRFY" | b"EXPN":
            return _asking(verb, args)
        case _:
            raise UnknownCommandError(500, "5.5.1", "unknown command")


_ASKING: dict[bytes, tuple[re.Pattern[bytes], bool, Noop | Help | Vrfy | Expn]] = {
    b"NOOP": (_STRING, True, Noop()),
    b"HELP": (_TEXT, True, Help()),
    b"VRFY": (_TEXT, False, Vrfy()),
    b"EXPN": (_TEXT, False, Expn()),
}
_BARE: dict[bytes, Data | Rset | Quit | StartTls] = {
    b"DATA": Data(),
    b"RSET": Rset(),
    b"QUIT": Quit(),
    b"STARTTLS": StartTls(),
}


def _bdat(args: bytes) -> Bdat:
    if (found := _BDAT.fullmatch(args)) is None:
        raise ChunkUnknownError(501, "5.5.4", "expected a size, and LAST or nothing")
    return Bdat(int(found[1]), found[2] is not None)


def _hello(verb: bytes, args: bytes, dialect: Dialect) -> Ehlo | Helo:
    hello = parse_hello(
        args,
        allows_literal=verb == b"EHLO",
        is_pedantic=dialect.is_pedantic,
        is_lax=dialect.is_submission and not dialect.is_pedantic,
    )
    return Ehlo(hello) if verb == b"EHLO" else Helo(hello)


def _asking(verb: bytes, args: bytes) -> Noop | Help | Vrfy | Expn:
    syntax, is_optional, command = _ASKING[verb]
    if syntax.fullmatch(args) is None and (args or not is_optional):
        raise CommandError(501, "5.5.2", "bad argument" if args else "argument missing")
    return command


def _auth(args: bytes, dialect: Dialect) -> Auth:
    found = (_AUTH if dialect.is_pedantic else _LAX_AUTH).fullmatch(args)
    if found is None or found[3] is not None:
        raise CommandError(501, "5.5.2", "bad mechanism or bad base64")
    initial = None
    if found[2] is not None:
        # RFC 4954 §4: a response of no octets is written as "=".
        initial = b"" if found[2] == b"=" else _decode(found[2])
    return Auth(found[1].decode("ascii"), initial)


def parse_auth_response(line: bytes) -> AuthResponse:
    """Parse the answer to a challenge (RFC 4954 §4).

    Raises:
        CommandError: 501 for bad base64.
    """
    return AuthResponse(None if line == b"*" else _decode(line))


def _decode(octets: bytes) -> bytes:
    try:
        return base64.b64decode(octets, validate=True)
    except binascii.Error:
        raise CommandError(501, "5.5.2", "bad base64") from None
