"""From what a program wrote to a message that can be submitted. Pure."""

import re
from dataclasses import dataclass

from mox.config import SubmitConfig
from mox.sendmail.arguments import Plan
from mox.sendmail.errors import SendmailError
from moxkit.message import Headers, addresses_in
from moxkit.smtp import CommandError, Path, parse_path

__all__ = ["Prepared", "prepare"]

# Nobody writes more by a script; it is kept in memory.
MAX_OCTETS = 100 * 1024 * 1024
_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
# A name of this machine alone, like cron's "To: root".
_LOCAL = re.compile(rb"[A-Za-z0-9._+-]+")
_DROPPED = (b"from", b"bcc")


@dataclass(frozen=True, slots=True)
class Prepared:
    """Envelope and content.

    Attributes:
        sender: Reverse path.
        recipients: At least one.
        content: Lines end in CRLF.
        requires_tls: REQUIRETLS is asked for (RFC 8689 §4.1).
    """

    sender: Path
    recipients: tuple[Path, ...]
    content: bytes
    requires_tls: bool = False


def prepare(plan: Plan, octets: bytes, config: SubmitConfig) -> Prepared:
    """Make a message fit: line ends, From, To, and who gets it.

    Bcc fields are removed, since their readers must not be told (RFC 5322 §3.6.3).

    Raises:
        SendmailError: A line of the header is none, or nobody is to get it.
    """
    if len(octets) > MAX_OCTETS:
        raise SendmailError(f"message has more than {MAX_OCTETS} octets")
    lines = _LINE_END.split(octets)
    if lines and not lines[-1]:
        lines.pop()
    header, body = _split(lines)
    fields = _fields(header)
    found = Headers(b"".join(b"\r\n".join(field) + b"\r\n" for field in fields))
    recipients = _recipients(plan, found, config)
    kept = [field for field in fields if _name(field) not in _DROPPED]
    added = [[b"From: <" + config.from_.encode() + b">"]]
    if not any(_name(field) in {b"to", b"cc"} for field in kept):
        added.append([b"To: " + b", ".join(b"<%b>" % str(path).encode() for path in recipients)])
    if config.require_tls == "no" and not any(_name(field) == b"tls-required" for field in kept):
        added.append([b"TLS-Required: No"])
    content = b"\r\n".join([line for field in (*added, *kept) for line in field] + [b"", *body]) + b"\r\n"
    sender = _path(config.from_)
    return Prepared(sender, recipients, content, requires_tls=config.require_tls == "yes")


def _split(lines: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Cut at the blank line; without one, all of it is the header."""
    at = lines.index(b"") if b"" in lines else len(lines)
    return lines[:at], lines[at + 1 :]


def _fields(header: list[bytes]) -> list[list[bytes]]:
    fields: list[list[bytes]] = []
    for number, line in enumerate(header, 1):
        if line[:1] in {b" ", b"\t"} and fields:
            fields[-1].append(line)
        elif _FIELD.match(line):
            fields.append([line])
        else:
            shown = line[:40].decode("utf-8", "replace")
            raise SendmailError(f"line {number} of the header is no field: {shown!r}")
    return fields


def _name(field: list[bytes]) -> bytes:
    return field[0].partition(b":")[0].strip().lower()


def _recipients(plan: Plan, headers: Headers, config: SubmitConfig) -> tuple[Path, ...]:
    given = list(plan.recipients)
    if plan.reads_recipients:
        for name in ("to", "cc", "bcc"):
            given += _addresses(headers, name)
    paths = tuple(dict.fromkeys(_resolved(each, config) for each in given))
    if not paths:
        raise SendmailError("the message names nobody in To, Cc or Bcc")
    return paths


def _addresses(headers: Headers, name: str) -> list[str]:
    """Return the addresses of all fields of a name; bare names too, as local programs write them."""
    bare = (_LOCAL.fullmatch(raw.strip()) for raw in headers.raw(name))
    full = [f"{each.localpart}@{each.domain}" for each in addresses_in(headers, name)]
    return [found[0].decode() for found in bare if found] + full


def _resolved(given: str, config: SubmitConfig) -> Path:
    if "@" not in given:
        if not config.default_destination:
            raise SendmailError(f"{given!r} has no domain, and no DefaultDestination is configured")
        given = config.default_destination
    return _path(given)


def _path(address: str) -> Path:
    try:
        return parse_path(address.strip().removeprefix("<").removesuffix(">"))
    except CommandError as error:
        raise SendmailError(f"{address!r} is no address: {error.text}") from error
