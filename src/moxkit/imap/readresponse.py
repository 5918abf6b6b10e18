"""One response from the wire, for clients (RFC 9051 §9, response)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from moxkit.imap.codes import take_code
from moxkit.imap.commands import StatusItem
from moxkit.imap.errors import MailboxNameError
from moxkit.imap.fetchdata import FetchData, take_fetch_data
from moxkit.imap.lexer import MAX_NUMBER64, Cursor
from moxkit.imap.mailboxname import decode_mailbox
from moxkit.imap.metadata import MetadataChangedData, MetadataData, take_metadata_data
from moxkit.imap.objectid import take_bracketed_object_id
from moxkit.imap.responses import (
    CapabilityData,
    Condition,
    ConditionKind,
    ContinuationRequest,
    EnabledData,
    EsearchData,
    ExistsData,
    ExpungeData,
    FlagsData,
    IdData,
    ListData,
    LsubData,
    NamespaceData,
    NamespaceEntry,
    QuotaData,
    QuotaResource,
    QuotaRootData,
    RecentData,
    SearchData,
    StatusData,
    VanishedData,
)
from moxkit.imap.sessionresponses import LanguageData, take_language_data

__all__ = ["OtherData", "Response", "take_response"]

_TAG = re.compile(rb"([!#$&',-\[\]-z|}~]+) ")
_CONDITION = re.compile(rb"(OK|NO|BAD|BYE|PREAUTH)(?: |\Z)", re.IGNORECASE)
_NUMBERED = re.compile(rb"([0-9]{1,10}) (EXISTS|RECENT|EXPUNGE|(?:UID)?FETCH)", re.IGNORECASE)
_NAME = re.compile(rb"[A-Za-z0-9-]+")
_REST = re.compile(rb"[^\r\n]*", re.DOTALL)
_FLAG = re.compile(rb"\\?[!#$&'+-\[^-z|}~*]+")
_EARLIER = re.compile(rb"\(EARLIER\) ", re.IGNORECASE)
_CORRELATORS = re.compile(rb" \((?=TAG|MAILBOX|UIDVALIDITY)", re.IGNORECASE)
_SEARCH_UID = re.compile(rb" UID(?![^ ])", re.IGNORECASE)
_SEARCH_MODSEQ = re.compile(rb" \(MODSEQ ([0-9]{1,19})\)", re.IGNORECASE)
_NUMBERS = re.compile(rb"(?: [0-9]{1,10})*")


@dataclass(frozen=True, slots=True)
class OtherData:
    """Untagged data of an extension that is not read here; the octets behind its name."""

    name: str
    octets: bytes


Response = (
    Condition
    | ContinuationRequest
    | CapabilityData
    | EnabledData
    | EsearchData
    | ExistsData
    | ExpungeData
    | FetchData
    | FlagsData
    | IdData
    | LanguageData
    | ListData
    | LsubData
    | MetadataChangedData
    | MetadataData
    | NamespaceData
    | OtherData
    | QuotaData
    | QuotaRootData
    | RecentData
    | SearchData
    | StatusData
    | VanishedData
)


def take_response(cursor: Cursor) -> Response:
    """Take a whole response.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    if cursor.take(b"+"):
        # "+" with neither space nor text comes from some servers.
        cursor.take(b" ")
        return ContinuationRequest(cursor.expect(_REST, "text")[0])
    if not cursor.take(b"* "):
        tag = cursor.expect(_TAG, "tag and space")[1].decode("ascii")
        return _take_condition(cursor, tag, cursor.expect(_CONDITION, "OK, NO or BAD")[1])
    if (condition := cursor.match(_CONDITION)) is not None:
        return _take_condition(cursor, None, condition[1])
    if (numbered := cursor.match(_NUMBERED)) is not None:
        response = _take_numbered(cursor, int(numbered[1]), numbered[2].upper())
    else:
        name = cursor.expect(_NAME, "response name")[0].decode("ascii").upper()
        take = _TAKERS.get(name)
        response = OtherData(name, _take_rest(cursor)) if take is None else take(cursor)
    # A space at the end comes from some servers, after SEARCH and FLAGS.
    cursor.take(b" ")
    cursor.end()
    return response


def _take_rest(cursor: Cursor) -> bytes:
    octets = cursor.octets[cursor.position :]
    cursor.position = len(cursor.octets)
    return octets.removeprefix(b" ")


def _take_condition(cursor: Cursor, tag: str | None, kind: bytes) -> Condition:
    code = None
    if cursor.take(b"["):
        code = take_code(cursor)
        cursor.require(b"]")
        cursor.take(b" ")
    text = cursor.expect(_REST, "text")[0].decode(errors="replace")
    cursor.end()
    return Condition(ConditionKind(kind.decode("ascii").upper()), text, code, tag)


def _take_numbered(cursor: Cursor, number: int, kind: bytes) -> Response:
    match kind:
        case b"EXISTS":
            return ExistsData(number)
        case b"RECENT":
            return RecentData(number)
        case b"EXPUNGE":
            return ExpungeData(number)
        case _:
            cursor.space()
            return take_fetch_data(cursor, number, uid_only=kind == b"UIDFETCH")


def _take_mailbox(cursor: Cursor) -> str:
    octets = cursor.astring()
    try:
        return decode_mailbox(octets, utf8=cursor.utf8_names)
    except MailboxNameError:
        # Old mailboxes have names in neither form; the client must still be able to list them.
        return octets.decode(errors="replace")


def _take_words(cursor: Cursor) -> tuple[str, ...]:
    words: list[str] = []
    while not cursor.at_end() and cursor.at(b" "):
        cursor.space()
        if cursor.at_end():
            break
        words.append(cursor.atom())
    return tuple(words)


def _take_flag_list(cursor: Cursor) -> tuple[str, ...]:
    cursor.require(b"(")
    flags: list[str] = []
    while not cursor.take(b")"):
        if flags:
            cursor.space()
        flags.append(cursor.expect(_FLAG, "flag")[0].decode("ascii"))
    return tuple(flags)


def _take_flags(cursor: Cursor) -> FlagsData:
    cursor.space()
    return FlagsData(_take_flag_list(cursor))


def _take_list_head(cursor: Cursor) -> tuple[tuple[str, ...], str | None, str]:
    cursor.space()
    flags = _take_flag_list(cursor)
    cursor.space()
    separator = cursor.nstring()
    cursor.space()
    return flags, None if separator is None else cursor.text(separator), _take_mailbox(cursor)


def _take_list(cursor: Cursor) -> ListData:
    flags, separator, mailbox = _take_list_head(cursor)
    children: list[str] = []
    old_name: str | None = None
    if cursor.take(b" ("):
        first = True
        while not cursor.take(b")"):
            if not first:
                cursor.space()
            first = False
            match cursor.text(cursor.astring()).upper():
                case "CHILDINFO":
                    cursor.require(b" (")
                    children.append(cursor.text(cursor.astring()))
                    while cursor.take(b" "):
                        children.append(cursor.text(cursor.astring()))
                    cursor.require(b")")
                case "OLDNAME":
                    cursor.require(b" (")
                    old_name = _take_mailbox(cursor)
                    cursor.require(b")")
                case _:
                    cursor.space()
                    _skip_value(cursor)
    return ListData(flags, separator, mailbox, tuple(children), old_name)


def _skip_value(cursor: Cursor) -> None:
    """Pass over an extension's value: astring or values in parentheses (RFC 4466 §6, tagged-ext-val)."""
    if not cursor.take(b"("):
        cursor.astring()
        return
    cursor.descend()
    first = True
    while not cursor.take(b")"):
        if not first:
            cursor.space()
        first = False
        _skip_value(cursor)
    cursor.ascend()


def _take_lsub(cursor: Cursor) -> LsubData:
    return LsubData(*_take_list_head(cursor))


def _take_status(cursor: Cursor) -> Response:
    cursor.space()
    mailbox = _take_mailbox(cursor)
    cursor.require(b" (")
    items: list[tuple[StatusItem, int | str | None]] = []
    first = True
    while not cursor.take(b")"):
        if not first:
            cursor.space()
        first = False
        name = cursor.word()
        cursor.space()
        value = _take_status_value(cursor)
        if name in _STATUS_ITEMS:
            items.append((_STATUS_ITEMS[name], value))
    return StatusData(mailbox, tuple(items))


def _take_status_value(cursor: Cursor) -> int | str | None:
    if cursor.at(b"("):
        return take_bracketed_object_id(cursor)
    return None if cursor.nil() else cursor.number()


def _take_search(cursor: Cursor) -> SearchData:
    numbers = tuple(map(int, cursor.expect(_NUMBERS, "numbers")[0].split()))
    modseq = cursor.match(_SEARCH_MODSEQ)
    return SearchData(numbers, None if modseq is None else int(modseq[1]))


def _take_esearch(cursor: Cursor) -> EsearchData:
    tag, mailbox, uidvalidity = _take_correlators(cursor)
    uid = cursor.match(_SEARCH_UID) is not None
    numbers: dict[str, int] = {}
    found = None
    while cursor.take(b" "):
        name = cursor.word()
        cursor.space()
        if name == "ALL":
            found = cursor.sequence_set()
        elif name in {"MIN", "MAX", "COUNT", "MODSEQ"}:
            numbers[name] = cursor.number(MAX_NUMBER64)
        else:
            _skip_value(cursor)
    return EsearchData(
        tag=tag,
        uid=uid,
        lowest=numbers.get("MIN"),
        highest=numbers.get("MAX"),
        count=numbers.get("COUNT"),
        all=found,
        modseq=numbers.get("MODSEQ"),
        mailbox=mailbox,
        uidvalidity=uidvalidity,
    )


def _take_correlators(cursor: Cursor) -> tuple[str | None, str | None, int | None]:
    """Take which search it was, and where (RFC 7377 §4, search-correlator)."""
    tag: str | None = None
    mailbox: str | None = None
    uidvalidity: int | None = None
    if cursor.match(_CORRELATORS) is not None:
        while True:
            match cursor.word():
                case "TAG":
                    cursor.space()
                    tag = cursor.text(cursor.astring())
                case "MAILBOX":
                    cursor.space()
                    mailbox = _take_mailbox(cursor)
                case "UIDVALIDITY":
                    cursor.space()
                    uidvalidity = cursor.nz_number()
                case _:
                    raise cursor.fail("unknown correlator")
            if not cursor.take(b" "):
                break
        cursor.require(b")")
    return tag, mailbox, uidvalidity


def _take_vanished(cursor: Cursor) -> VanishedData:
    cursor.space()
    earlier = cursor.match(_EARLIER) is not None
    return VanishedData(cursor.sequence_set(), earlier)


def _take_id(cursor: Cursor) -> IdData:
    cursor.space()
    if cursor.nil():
        return IdData()
    cursor.require(b"(")
    parameters: list[tuple[str, str | None]] = []
    while not cursor.take(b")"):
        if parameters:
            cursor.space()
        name = cursor.text(cursor.string())
        cursor.space()
        value = cursor.nstring()
        parameters.append((name, None if value is None else cursor.text(value)))
    return IdData(tuple(parameters))


def _take_namespace(cursor: Cursor) -> NamespaceData:
    kinds = []
    for _ in range(3):
        cursor.space()
        kinds.append(_take_namespace_entries(cursor))
    return NamespaceData(*kinds)


def _take_namespace_entries(cursor: Cursor) -> tuple[NamespaceEntry, ...]:
    if cursor.nil():
        return ()
    cursor.require(b"(")
    entries: list[NamespaceEntry] = []
    while not cursor.take(b")"):
        cursor.require(b"(")
        prefix = _take_mailbox(cursor)
        cursor.space()
        separator = cursor.nstring()
        while cursor.take(b" "):
            _skip_value(cursor)
        cursor.require(b")")
        entries.append(NamespaceEntry(prefix, None if separator is None else cursor.text(separator)))
    return tuple(entries)


def _take_quota(cursor: Cursor) -> QuotaData:
    cursor.space()
    root = cursor.text(cursor.astring())
    cursor.require(b" (")
    resources: list[QuotaResource] = []
    while not cursor.take(b")"):
        if resources:
            cursor.space()
        name = cursor.atom()
        cursor.space()
        used = cursor.number()
        cursor.space()
        resources.append(QuotaResource(name, used, cursor.number()))
    return QuotaData(root, tuple(resources))


def _take_quota_root(cursor: Cursor) -> QuotaRootData:
    cursor.space()
    mailbox = _take_mailbox(cursor)
    roots: list[str] = []
    while cursor.take(b" "):
        roots.append(cursor.text(cursor.astring()))
    return QuotaRootData(mailbox, tuple(roots))


_STATUS_ITEMS = {item.value: item for item in StatusItem}

_TAKERS: dict[str, Callable[[Cursor], Response]] = {
    "CAPABILITY": lambda cursor: CapabilityData(_take_words(cursor)),
    "ENABLED": lambda cursor: EnabledData(_take_words(cursor)),
    "ESEARCH": _take_esearch,
    "FLAGS": _take_flags,
    "ID": _take_id,
    "LANGUAGE": take_language_data,
    "LIST": _take_list,
    "LSUB": _take_lsub,
    "METADATA": take_metadata_data,
    "NAMESPACE": _take_namespace,
    "QUOTA": _take_quota,
    "QUOTAROOT": _take_quota_root,
    "SEARCH": _take_search,
    "STATUS": _take_status,
    "VANISHED": _take_vanished,
}
