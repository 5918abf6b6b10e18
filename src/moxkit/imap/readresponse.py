"""One response from the wire, for clients (RFC 9051 §9, response)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from moxkit.imap.codes import take_code
from moxkit.imap.fetchdata import FetchData, take_fetch_data
from moxkit.imap.lexer import MAX_NUMBER64, Cursor
from moxkit.imap.metadata import MetadataChangedData, MetadataData, take_metadata_data
from moxkit.imap.readmailboxes import (
    skip_value,
    take_list_data,
    take_lsub_data,
    take_mailbox_name,
    take_namespace_data,
    take_response_flags,
    take_status_data,
)
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
    RecentData,
    SearchData,
    StatusData,
    VanishedData,
)
from moxkit.imap.sessionresponses import (
    LanguageData,
    QuotaData,
    QuotaRootData,
    take_language_data,
    take_quota_data,
    take_quota_root_data,
)
from moxkit.imap.urlcommands import (
    GenUrlAuthData,
    UrlFetchData,
    take_genurlauth_data,
    take_urlfetch_data,
)

__all__ = ["OtherData", "Response", "take_response"]

_TAG = re.compile(rb"([!#$&',-\[\]-z|}~]+) ")
_CONDITION = re.compile(rb"(OK|NO|BAD|BYE|PREAUTH)(?: |\Z)", re.IGNORECASE)
_NUMBERED = re.compile(rb"([0-9]{1,10}) (EXISTS|RECENT|EXPUNGE|(?:UID)?FETCH)", re.IGNORECASE)
_NAME = re.compile(rb"[A-Za-z0-9-]+")
_REST = re.compile(rb"[^\r\n]*", re.DOTALL)
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
    | GenUrlAuthData
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
    | UrlFetchData
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


def _take_words(cursor: Cursor) -> tuple[str, ...]:
    words: list[str] = []
    while not cursor.at_end() and cursor.at(b" "):
        cursor.space()
        if cursor.at_end():
            break
        words.append(cursor.atom())
    return tuple(words)


def _take_flags(cursor: Cursor) -> FlagsData:
    cursor.space()
    return FlagsData(take_response_flags(cursor))


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
            skip_value(cursor)
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
                    mailbox = take_mailbox_name(cursor)
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


_TAKERS: dict[str, Callable[[Cursor], Response]] = {
    "CAPABILITY": lambda cursor: CapabilityData(_take_words(cursor)),
    "ENABLED": lambda cursor: EnabledData(_take_words(cursor)),
    "ESEARCH": _take_esearch,
    "FLAGS": _take_flags,
    "GENURLAUTH": take_genurlauth_data,
    "ID": _take_id,
    "LANGUAGE": take_language_data,
    "LIST": take_list_data,
    "LSUB": take_lsub_data,
    "METADATA": take_metadata_data,
    "NAMESPACE": take_namespace_data,
    "QUOTA": take_quota_data,
    "QUOTAROOT": take_quota_root_data,
    "SEARCH": _take_search,
    "STATUS": take_status_data,
    "URLFETCH": take_urlfetch_data,
    "VANISHED": _take_vanished,
}
