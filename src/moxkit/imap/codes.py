"""Response codes: what stands in brackets before the text (RFC 9051 §7.1, RFC 5530).

The ones with structure have a type; all others are `Code`, by name. `bytes` of a code is written
without its brackets, and one type serves both sides.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from moxkit.imap.encode import encode_astring
from moxkit.imap.flags import encode_flags
from moxkit.imap.lexer import MAX_NUMBER64, Cursor
from moxkit.imap.messagelimit import MessageLimitCode, take_message_limit_code
from moxkit.imap.objectid import MailboxIdCode, take_mailbox_id_code
from moxkit.imap.progress import InProgressCode, take_in_progress_code
from moxkit.imap.sequenceset import SequenceSet

__all__ = [
    "AppendUid",
    "BadCharset",
    "BadEvent",
    "CapabilityCode",
    "Code",
    "CopyUid",
    "MetadataCode",
    "MetadataProblem",
    "ModifiedCode",
    "NumberCode",
    "PermanentFlags",
    "ResponseCode",
    "take_code",
]

_NAME = re.compile(rb"[!#$&'+-\[^-z|}~]+")
# resp-text-code: atom [SP 1*<any TEXT-CHAR except "]">]
_ARGUMENT = re.compile(rb"[^\]\r\n]+")
_FLAG = re.compile(rb"\\\*|\\?[!#$&'+-\[^-z|}~]+")


@dataclass(frozen=True, slots=True)
class Code:
    """A code that is only a name, such as TRYCREATE, or one whose argument is kept as octets."""

    name: str
    argument: bytes = b""

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        return b" ".join(filter(None, (self.name.encode("ascii"), self.argument)))


@dataclass(frozen=True, slots=True)
class NumberCode:
    """UIDNEXT, UIDVALIDITY, UNSEEN, HIGHESTMODSEQ."""

    name: str
    number: int

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        return f"{self.name} {self.number}".encode("ascii")


@dataclass(frozen=True, slots=True)
class CapabilityCode:
    """CAPABILITY, in the greeting and after login (RFC 9051 §7.1)."""

    names: tuple[str, ...]

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        return " ".join(("CAPABILITY", *self.names)).encode("ascii")


@dataclass(frozen=True, slots=True)
class PermanentFlags:
    r"""PERMANENTFLAGS; ``\*`` among them says that new keywords can be made."""

    flags: tuple[str, ...]

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        return b"PERMANENTFLAGS " + encode_flags(self.flags)


@dataclass(frozen=True, slots=True)
class BadCharset:
    """BADCHARSET, with the charsets that would do."""

    charsets: tuple[str, ...] = ()

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        if not self.charsets:
            return b"BADCHARSET"
        return b"BADCHARSET (%b)" % b" ".join(encode_astring(charset) for charset in self.charsets)


@dataclass(frozen=True, slots=True)
class AppendUid:
    """APPENDUID: where appended messages went (RFC 4315 §3)."""

    uidvalidity: int
    uids: SequenceSet

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        return b"APPENDUID %d %b" % (self.uidvalidity, bytes(self.uids))


@dataclass(frozen=True, slots=True)
class CopyUid:
    """COPYUID: which message went where, pair by pair (RFC 4315 §3)."""

    uidvalidity: int
    source: SequenceSet
    destination: SequenceSet

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        return b"COPYUID %d %b %b" % (self.uidvalidity, bytes(self.source), bytes(self.destination))


@dataclass(frozen=True, slots=True)
class ModifiedCode:
    """MODIFIED: messages that UNCHANGEDSINCE spared (RFC 7162 §3.1.3)."""

    numbers: SequenceSet

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        return b"MODIFIED " + bytes(self.numbers)


class MetadataProblem(StrEnum):
    """What METADATA codes tell (RFC 5464 §4.2.1, §4.3)."""

    LONGENTRIES = "LONGENTRIES"
    MAXSIZE = "MAXSIZE"
    TOOMANY = "TOOMANY"
    NOPRIVATE = "NOPRIVATE"


@dataclass(frozen=True, slots=True)
class MetadataCode:
    """METADATA; a number of octets for LONGENTRIES and MAXSIZE."""

    problem: MetadataProblem
    octets: int | None = None

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        return f"METADATA {self.problem}{'' if self.octets is None else f' {self.octets}'}".encode("ascii")


@dataclass(frozen=True, slots=True)
class BadEvent:
    """BADEVENT: the events a server can tell of (RFC 5465 §3.1)."""

    events: tuple[str, ...]

    def __bytes__(self) -> bytes:
        """Return the code without brackets."""
        return f"BADEVENT ({' '.join(self.events)})".encode("ascii")


ResponseCode = (
    Code
    | NumberCode
    | CapabilityCode
    | PermanentFlags
    | BadCharset
    | BadEvent
    | AppendUid
    | CopyUid
    | MetadataCode
    | InProgressCode
    | MailboxIdCode
    | MessageLimitCode
    | ModifiedCode
)


def take_code(cursor: Cursor) -> ResponseCode:
    """Take what stands between the brackets, up to the closing one.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    name = cursor.expect(_NAME, "response code")[0].decode("ascii").upper()
    take = _TAKERS.get(name)
    if take is not None:
        return take(cursor)
    if name in {"UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ"}:
        cursor.space()
        return NumberCode(name, cursor.number(MAX_NUMBER64))
    if not cursor.take(b" "):
        return Code(name)
    return Code(name, cursor.expect(_ARGUMENT, "argument")[0])


def _take_set(cursor: Cursor) -> SequenceSet:
    cursor.space()
    return cursor.sequence_set()


def _take_capability(cursor: Cursor) -> CapabilityCode:
    names: list[str] = []
    while cursor.take(b" "):
        names.append(cursor.atom())
    return CapabilityCode(tuple(names))


def _take_permanent_flags(cursor: Cursor) -> PermanentFlags:
    cursor.require(b" (")
    flags: list[str] = []
    while not cursor.take(b")"):
        if flags:
            cursor.space()
        flags.append(cursor.expect(_FLAG, "flag")[0].decode("ascii"))
    return PermanentFlags(tuple(flags))


def _take_bad_charset(cursor: Cursor) -> BadCharset:
    charsets: list[str] = []
    if cursor.take(b" ("):
        charsets.append(cursor.text(cursor.astring()))
        while cursor.take(b" "):
            charsets.append(cursor.text(cursor.astring()))
        cursor.require(b")")
    return BadCharset(tuple(charsets))


def _take_append_uid(cursor: Cursor) -> AppendUid:
    cursor.space()
    return AppendUid(cursor.nz_number(), _take_set(cursor))


def _take_copy_uid(cursor: Cursor) -> CopyUid:
    cursor.space()
    return CopyUid(cursor.nz_number(), _take_set(cursor), _take_set(cursor))


def _take_modified(cursor: Cursor) -> ModifiedCode:
    return ModifiedCode(_take_set(cursor))


def _take_metadata(cursor: Cursor) -> MetadataCode:
    # In parentheses from some servers, as earlier drafts had it.
    cursor.space()
    has_parenthesis = cursor.take(b"(")
    word = cursor.word()
    problem = next((problem for problem in MetadataProblem if problem == word), None)
    if problem is None:
        raise cursor.fail("unknown METADATA code")
    code = MetadataCode(problem, cursor.number() if cursor.take(b" ") else None)
    if has_parenthesis:
        cursor.require(b")")
    return code


def _take_bad_event(cursor: Cursor) -> BadEvent:
    cursor.require(b" (")
    events = [cursor.atom()]
    while cursor.take(b" "):
        events.append(cursor.atom())
    cursor.require(b")")
    return BadEvent(tuple(events))


_TAKERS: dict[str, Callable[[Cursor], ResponseCode]] = {
    "APPENDUID": _take_append_uid,
    "BADCHARSET": _take_bad_charset,
    "BADEVENT": _take_bad_event,
    "CAPABILITY": _take_capability,
    "COPYUID": _take_copy_uid,
    "INPROGRESS": take_in_progress_code,
    "MAILBOXID": take_mailbox_id_code,
    "MESSAGELIMIT": take_message_limit_code,
    "METADATA": _take_metadata,
    "MODIFIED": _take_modified,
    "PERMANENTFLAGS": _take_permanent_flags,
}
