"""Looking into messages that SQL could not decide on: by the index's answers, texts and files.

What is found here is the definition of a match; the index only saves reading.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from mox.database import Row
from mox.store.account import Account
from mox.store.searchindex import (
    FIELD_KINDS,
    DamagedTextError,
    DayRange,
    FieldText,
    Lookup,
    PackedText,
    SearchText,
    field_text,
    fold,
    read_file_header,
    read_file_text,
)
from mox.store.searchsql import BITS
from moxkit.imap import (
    AgeKey,
    And,
    BodyKey,
    DateField,
    DateKey,
    DateRelation,
    FlagKey,
    HeaderKey,
    ModSeqKey,
    Not,
    NumberKey,
    Or,
    RecentKey,
    SearchKey,
    SizeKey,
    TextKey,
)
from moxkit.message import Headers, parse_date

__all__ = ["COLUMNS", "Candidate", "Test", "compile_test", "day_range", "field_question", "needs_text"]

# What a candidate's row holds, in this order.
COLUMNS = "m.id, m.uid, m.modseq, m.flags, m.keywords, m.size, m.received_at, m.saved_at"
_ID, _UID, _MODSEQ, _FLAGS, _KEYWORDS, _SIZE, _RECEIVED_AT, _SAVED_AT = range(8)
_CONTENT = "SELECT prefix, header FROM content WHERE id = :id"
# Days before and after all others, as ordinals.
_FIRST_DAY, _LAST_DAY = 0, 4_000_000


class Candidate:
    """A message that is looked into, as far as the keys ask.

    Attributes:
        row: Columns as `COLUMNS` has them.
        was_read: Its file was opened, which takes time.
    """

    __slots__ = (
        "_account",
        "_header",
        "_headers",
        "_packed",
        "_prefix",
        "_text",
        "lookup",
        "row",
        "was_read",
    )

    def __init__(self, account: Account, lookup: Lookup, row: Row, packed: bytes | None) -> None:
        self._account = account
        self.lookup = lookup
        self.row = row
        self._packed: PackedText | None = None
        self._prefix: bytes | None = None
        self._header: bytes | None = None
        self._headers: Headers | None = None
        self._text: SearchText | None = None
        self.was_read = False
        if packed is not None:
            try:
                self._packed = PackedText(packed)
            except DamagedTextError as error:
                account.search_index.note_damage(error)

    @property
    def id(self) -> int:
        """The message's id."""
        id_: int = self.row[_ID]
        return id_

    @property
    def is_known(self) -> bool:
        """Whether the index's answers speak of it."""
        return self.lookup.knows(self.id)

    @property
    def headers(self) -> Headers:
        """Its header fields."""
        if self._headers is None:
            prefix, header = self._stored()
            if header is None:
                self.was_read = True
                header = read_file_header(self._account.files.path(self.id), prefix)
            self._headers = Headers(header)
        return self._headers

    def _stored(self) -> tuple[bytes, bytes | None]:
        if self._prefix is None:
            row = self._account.reader.row(_CONTENT, id=self.id)
            self._prefix, self._header = row or (b"", b"")
        return self._prefix or b"", self._header

    def has_text(self, text: str, octets: bytes, *, in_body: bool) -> bool:
        """Say whether a folded text, also given as UTF-8, occurs in the body, or in header or body."""
        if self._packed is not None:
            return self._packed.has(octets, in_body=in_body)
        if self._text is None:
            self.was_read = True
            prefix, _ = self._stored()
            self._text = read_file_text(self._account.files.path(self.id), prefix) or SearchText("", "")
        return text in self._text.body or (not in_body and text in self._text.header)


Test = Callable[[Candidate], bool]


def field_question(key: HeaderKey) -> FieldText | None:
    """Return what to ask the index for a key; None if it does not know that field."""
    kind = FIELD_KINDS.get(key.field.lower())
    return None if kind is None else FieldText(kind, fold(key.value))


def day_range(relation: DateRelation, day: date) -> DayRange:
    """Return what to ask the index for a SENT key."""
    ordinal = day.toordinal()
    match relation:
        case DateRelation.BEFORE:
            return DayRange(_FIRST_DAY, ordinal - 1)
        case DateRelation.SINCE:
            return DayRange(ordinal, _LAST_DAY)
        case DateRelation.ON:
            return DayRange(ordinal, ordinal)


def needs_text(key: SearchKey) -> bool:
    """Say whether a key looks into texts."""
    match key:
        case And(keys):
            return any(map(needs_text, keys))
        case Or(left, right):
            return needs_text(left) or needs_text(right)
        case Not(inner):
            return needs_text(inner)
        case _:
            return isinstance(key, BodyKey | TextKey)


def compile_test(key: SearchKey, lookup: Lookup, now: datetime) -> Test:  # noqa: PLR0911  one for each key
    """Return a function that says whether a candidate matches."""
    match key:
        case And(keys):
            tests = [compile_test(each, lookup, now) for each in keys]
            return lambda c: all(test(c) for test in tests)
        case Or(left, right):
            first, second = compile_test(left, lookup, now), compile_test(right, lookup, now)
            return lambda c: first(c) or second(c)
        case Not(inner):
            positive = compile_test(inner, lookup, now)
            return lambda c: not positive(c)
        case HeaderKey():
            return _header_test(key, lookup)
        case BodyKey(value):
            body, octets = fold(value), fold(value).encode()
            return lambda c: c.has_text(body, octets, in_body=True)
        case TextKey(value):
            both, octets = fold(value), fold(value).encode()
            return lambda c: c.has_text(both, octets, in_body=False)
        case DateKey(DateField.SENT, relation, day):
            return _sent_test(relation, day, lookup)
        case _:
            return _row_test(key, now)


def _header_test(key: HeaderKey, lookup: Lookup) -> Test:
    name, wanted = key.field, fold(key.value)

    def look(candidate: Candidate) -> bool:
        text = field_text(candidate.headers, name)
        return text is not None and wanted in text

    question = field_question(key)
    found = None if question is None else lookup.exact.get(question)
    if found is None:
        return look
    return lambda c: c.id in found if c.is_known else look(c)


def _sent_test(relation: DateRelation, day: date, lookup: Lookup) -> Test:
    """Compare the Date field's day as it is written, its zone disregarded (RFC 9051 §6.4.4)."""
    days = day_range(relation, day)

    def look(candidate: Candidate) -> bool:
        sent = parse_date(candidate.headers.first("date") or b"")
        return sent is not None and days.first <= sent.toordinal() <= days.last

    found = lookup.exact.get(days)
    if found is None:
        return look
    return lambda c: c.id in found if c.is_known else look(c)


def _row_test(key: SearchKey, now: datetime) -> Test:  # noqa: PLR0911  one for each key
    """Test what SQL could have told, where it stands beside something it cannot."""
    match key:
        case FlagKey(flag, present):
            bit, keyword = BITS.get(flag.lower(), 0), flag.lower()
            return lambda c: (
                (bool(c.row[_FLAGS] & bit) if bit else keyword in c.row[_KEYWORDS].split()) is present
            )
        case NumberKey(numbers):
            return lambda c: any(low <= c.row[_UID] <= high for low, high in numbers.ranges)
        case SizeKey(larger, octets):
            return lambda c: c.row[_SIZE] > octets if larger else c.row[_SIZE] < octets
        case ModSeqKey(modseq):
            return lambda c: c.row[_MODSEQ] >= modseq
        case AgeKey(older, seconds):
            edge = now - timedelta(seconds=seconds)
            at = edge.timestamp()
            return lambda c: c.row[_RECEIVED_AT] <= at if older else c.row[_RECEIVED_AT] >= at
        case DateKey(field, relation, day):
            column = _SAVED_AT if field is DateField.SAVED else _RECEIVED_AT
            return lambda c: _is_on(c.row[column], relation, day)
        case RecentKey():
            return lambda _: False
        case _:
            return lambda _: True


def _is_on(unix_s: int, relation: DateRelation, day: date) -> bool:
    then = datetime.fromtimestamp(unix_s, UTC).date()
    match relation:
        case DateRelation.BEFORE:
            return then < day
        case DateRelation.SINCE:
            return then >= day
        case DateRelation.ON:
            return then == day
