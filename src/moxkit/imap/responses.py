"""Responses other than FETCH as values: written by servers, read by clients (RFC 9051 §7).

Every one has ``encode(utf8=...)``; `utf8` says that the client takes UTF-8 in quoted strings and mailbox
names, after ENABLE of IMAP4rev2 or UTF8=ACCEPT.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from moxkit.imap.codes import ResponseCode
from moxkit.imap.commands import StatusItem
from moxkit.imap.encode import encode_mailbox, encode_nstring, encode_string
from moxkit.imap.flags import encode_flags
from moxkit.imap.sequenceset import SequenceSet

__all__ = [
    "CapabilityData",
    "Condition",
    "ConditionKind",
    "ContinuationRequest",
    "EnabledData",
    "ExistsData",
    "ExpungeData",
    "FlagsData",
    "IdData",
    "ListData",
    "LsubData",
    "NamespaceData",
    "NamespaceEntry",
    "RecentData",
    "StatusData",
    "VanishedData",
    "encode_vanished",
    "encode_vanished_ranges",
]

_VANISHED_OCTETS = 4096 - 32

_LINE_ENDS = str.maketrans("\r\n\0", "   ")


class ConditionKind(StrEnum):
    """How something went, or how the connection begins or ends."""

    OK = "OK"
    NO = "NO"
    BAD = "BAD"
    BYE = "BYE"
    PREAUTH = "PREAUTH"


@dataclass(frozen=True, slots=True)
class Condition:
    """A status response; with a tag it ends that command (RFC 9051 §7.1)."""

    kind: ConditionKind
    text: str
    code: ResponseCode | None = None
    tag: str | None = None

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        code = b"" if self.code is None else b"[%b] " % bytes(self.code)
        text = self.text.translate(_LINE_ENDS).encode(errors="replace")
        return b"%b %b %b%b\r\n" % ((self.tag or "*").encode("ascii"), self.kind.encode("ascii"), code, text)


@dataclass(frozen=True, slots=True)
class ContinuationRequest:
    """``+``: the server waits for a literal, DONE, or an answer to this challenge."""

    text: bytes = b""

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        return b"+ %b\r\n" % self.text


@dataclass(frozen=True, slots=True)
class CapabilityData:
    """CAPABILITY (RFC 9051 §7.2.2)."""

    names: tuple[str, ...]

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        return " ".join(("* CAPABILITY", *self.names)).encode("ascii") + b"\r\n"


@dataclass(frozen=True, slots=True)
class EnabledData:
    """ENABLED, possibly nothing (RFC 9051 §7.2.1)."""

    names: tuple[str, ...]

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        return " ".join(("* ENABLED", *self.names)).encode("ascii") + b"\r\n"


@dataclass(frozen=True, slots=True)
class FlagsData:
    """FLAGS that a mailbox can hold (RFC 9051 §7.3.5)."""

    flags: tuple[str, ...]

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        return b"* FLAGS %b\r\n" % encode_flags(self.flags)


@dataclass(frozen=True, slots=True)
class ExistsData:
    """EXISTS: how many messages there are."""

    count: int

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        return b"* %d EXISTS\r\n" % self.count


@dataclass(frozen=True, slots=True)
class RecentData:
    """RECENT (RFC 3501 §7.3.2)."""

    count: int

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        return b"* %d RECENT\r\n" % self.count


@dataclass(frozen=True, slots=True)
class ExpungeData:
    """EXPUNGE of a message by its number, which all later ones give up at once."""

    number: int

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        return b"* %d EXPUNGE\r\n" % self.number


@dataclass(frozen=True, slots=True)
class VanishedData:
    """VANISHED; `earlier` if it answers SELECT or FETCH (RFC 7162 §3.2.10)."""

    uids: SequenceSet
    earlier: bool = False

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return one line; `encode_vanished` splits long sets."""
        return b"* VANISHED %b%b\r\n" % (b"(EARLIER) " if self.earlier else b"", bytes(self.uids))


def _mailbox_line(kind: bytes, flags: Sequence[str], separator: str | None, name: bytes) -> bytes:
    quoted = b"NIL" if separator is None else encode_string(separator.encode())
    return b"* %b %b %b %b" % (kind, encode_flags(flags), quoted, name)


@dataclass(frozen=True, slots=True)
class ListData:
    r"""LIST, with the extended items (RFC 5258 §6, RFC 9051 §7.3.1).

    Attributes:
        flags: Such as ``\Subscribed``.
        separator: `None` for a flat name.
        mailbox: Its name as text.
        child_info: Selection options that children of it match (RFC 5258 §3.5).
        old_name: The name it had (RFC 9051 §6.3.9.7).
    """

    flags: tuple[str, ...]
    separator: str | None
    mailbox: str
    child_info: tuple[str, ...] = ()
    old_name: str | None = None

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        line = _mailbox_line(b"LIST", self.flags, self.separator, encode_mailbox(self.mailbox, utf8=utf8))
        extended: list[bytes] = []
        if self.child_info:
            names = " ".join(f'"{name}"' for name in self.child_info)
            extended.append(f'"CHILDINFO" ({names})'.encode("ascii"))
        if self.old_name is not None:
            extended.append(b'"OLDNAME" (%b)' % encode_mailbox(self.old_name, utf8=utf8))
        return line + (b" (%b)\r\n" % b" ".join(extended) if extended else b"\r\n")


@dataclass(frozen=True, slots=True)
class LsubData:
    """LSUB (RFC 3501 §7.2.3)."""

    flags: tuple[str, ...]
    separator: str | None
    mailbox: str

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        name = encode_mailbox(self.mailbox, utf8=utf8)
        return _mailbox_line(b"LSUB", self.flags, self.separator, name) + b"\r\n"


@dataclass(frozen=True, slots=True)
class StatusData:
    """STATUS; a value is `None` only for APPENDLIMIT (RFC 7889 §5), text only for MAILBOXID (RFC 8474)."""

    mailbox: str
    items: tuple[tuple[StatusItem, int | str | None], ...]

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        items = " ".join(f"{item.value} {_status_value(value)}" for item, value in self.items)
        return b"* STATUS %b (%b)\r\n" % (encode_mailbox(self.mailbox, utf8=utf8), items.encode("ascii"))


def _status_value(value: int | str | None) -> str:
    match value:
        case None:
            return "NIL"
        case str():
            return f"({value})"
        case _:
            return str(value)


@dataclass(frozen=True, slots=True)
class IdData:
    """ID (RFC 2971 §3.2); no parameters are written as NIL."""

    parameters: tuple[tuple[str, str | None], ...] = ()

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        if not self.parameters:
            return b"* ID NIL\r\n"
        pieces: list[bytes] = []
        for name, value in self.parameters:
            pieces.append(encode_string(name.encode(), utf8=utf8))
            pieces.append(encode_nstring(None if value is None else value.encode(), utf8=utf8))
        return b"* ID (%b)\r\n" % b" ".join(pieces)


@dataclass(frozen=True, slots=True)
class NamespaceEntry:
    """A prefix and its separator."""

    prefix: str
    separator: str | None


@dataclass(frozen=True, slots=True)
class NamespaceData:
    """NAMESPACE: personal, other users', shared (RFC 2342 §5); none is written as NIL."""

    personal: tuple[NamespaceEntry, ...] = ()
    other: tuple[NamespaceEntry, ...] = ()
    shared: tuple[NamespaceEntry, ...] = ()

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        kinds = (_namespace(entries, utf8=utf8) for entries in (self.personal, self.other, self.shared))
        return b"* NAMESPACE %b\r\n" % b" ".join(kinds)


def _namespace(entries: Sequence[NamespaceEntry], *, utf8: bool) -> bytes:
    if not entries:
        return b"NIL"
    pieces: list[bytes] = []
    for entry in entries:
        name = encode_mailbox(entry.prefix, utf8=utf8)
        prefix = name if name.startswith((b'"', b"{")) else b'"%b"' % name
        separator = None if entry.separator is None else entry.separator.encode()
        pieces.append(b"(%b %b)" % (prefix, encode_nstring(separator)))
    return b"(%b)" % b"".join(pieces)


def encode_vanished(uids: Sequence[int], *, earlier: bool = False) -> bytes:
    """Return VANISHED lines for ascending UIDs, none longer than 4096 octets; no line for no UIDs."""
    return encode_vanished_ranges(SequenceSet.of(uids).ranges, earlier=earlier)


def encode_vanished_ranges(ranges: Iterable[tuple[int, int]], *, earlier: bool = False) -> bytes:
    """Return VANISHED lines for ascending ranges of UIDs, both ends included; see `encode_vanished`."""
    lines: list[bytes] = []
    pending: list[tuple[int, int]] = []
    octets = 0
    for low, high in ranges:
        size = len(str(low)) + len(str(high)) + 2
        if octets + size > _VANISHED_OCTETS:
            lines.append(VanishedData(SequenceSet(tuple(pending)), earlier).encode())
            pending, octets = [], 0
        pending.append((low, high))
        octets += size
    if pending:
        lines.append(VanishedData(SequenceSet(tuple(pending)), earlier).encode())
    return b"".join(lines)
