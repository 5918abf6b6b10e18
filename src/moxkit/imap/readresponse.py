"""One response from the wire, for clients (RFC 9051 §9, response)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from moxkit.imap.codes import take_code
from moxkit.imap.esearch import (
    EsearchData,
    SearchData,
    SortData,
    take_esearch,
    take_search_data,
    take_sort_data,
)
from moxkit.imap.fetchdata import FetchData, take_fetch_data
from moxkit.imap.lexer import Cursor
from moxkit.imap.metadata import MetadataChangedData, MetadataData, take_metadata_data
from moxkit.imap.readmailboxes import (
    take_list_data,
    take_lsub_data,
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
    ExistsData,
    ExpungeData,
    FlagsData,
    IdData,
    ListData,
    LsubData,
    NamespaceData,
    RecentData,
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
from moxkit.imap.threads import ThreadData, take_thread_data
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
    | SortData
    | StatusData
    | UrlFetchData
    | ThreadData
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
    "ESEARCH": take_esearch,
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
    "SEARCH": take_search_data,
    "SORT": take_sort_data,
    "STATUS": take_status_data,
    "URLFETCH": take_urlfetch_data,
    "THREAD": take_thread_data,
    "VANISHED": _take_vanished,
}
