"""Filling the index, a batch at a time: reads the account's index and files, writes the search database.

Runs in a worker thread, apart from any transaction of the account. Ids of messages only grow, in commit
order, so one number says which messages are covered.
"""

import json
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mox.database import Connection, Migrations, Row
from mox.store.files import MessageFiles
from mox.store.searchindex.facts import SortFacts, read_facts
from mox.store.searchindex.packing import pack_text
from mox.store.searchindex.texts import FIELD_KINDS, VERSION, SearchText, field_text, read_text
from moxkit.message import Headers, parse

__all__ = [
    "MIGRATIONS",
    "count_waiting",
    "index_batch",
    "is_outdated",
    "read_file_header",
    "read_file_text",
]

MIGRATIONS = Migrations("mox.store.searchindex", "schema")

# In one transaction: some tenths of a second of work.
_BATCH = 200
_BATCH_OCTETS = 8 << 20
# More text than this is read from the file whenever somebody searches.
_MOST_CHARACTERS = 2_000_000
_LONGEST_FIELD = 100_000

_COVERAGE = "SELECT covered_id, modseq, removed_seq FROM coverage"
_COVERED = "SELECT covered_id FROM coverage"
_STATE = "SELECT covered_id, modseq, version FROM coverage"
_MODSEQ = "SELECT modseq FROM account"
_WAITING = """SELECT m.id, m.size, c.prefix, c.header FROM message m JOIN content c ON c.id = m.id
  WHERE m.id > :after AND m.expunged_at IS NULL ORDER BY m.id LIMIT :limit"""
_COUNT_WAITING = "SELECT count(*) FROM mail.message WHERE id > :after AND expunged_at IS NULL"
_COVER = "UPDATE coverage SET covered_id = :id, modseq = :modseq, version = :version"
_ADD_DOCUMENT = "INSERT INTO document(id, text) VALUES (:id, :text)"
_ADD_WORDS = "INSERT INTO word(rowid, text) VALUES (:id, :text)"
_ADD_FIELD = "INSERT INTO field(kind, id, text) VALUES (:kind, :id, :text)"
_ADD_FIELD_WORDS = "INSERT INTO field_word(rowid, text) VALUES (8 * :id + :kind, :text)"
_ADD_FACT = """INSERT INTO fact(id, sent_at, sent_day, from_, to_, cc, display_from, display_to, subject,
    is_reply, message_id, ancestors)
  VALUES (:id, :sent_at, :sent_day, :from_, :to_, :cc, :display_from, :display_to, :subject,
    :is_reply, :message_id, :ancestors)"""

_REMOVALS = """SELECT mailbox_id, modseq, data FROM change
  WHERE modseq > :since AND kind = 'MessagesRemoved' ORDER BY modseq, id LIMIT 1000"""
_FORGOTTEN = "SELECT purged_modseq FROM account"
# Tombstones of moved messages have ids of their own and were never here.
_REMOVED = """SELECT id FROM message
  WHERE mailbox_id = :mailbox_id AND uid BETWEEN :first AND :last AND expunged_at IS NOT NULL"""
_LIVE = "SELECT group_concat(id, ' ') FROM message WHERE expunged_at IS NULL"
_HELD = "SELECT group_concat(id, ' ') FROM document"
_IS_HELD = "SELECT 1 FROM document WHERE id = :id"
_LEAVE = (
    "DELETE FROM word WHERE rowid = :id",
    "DELETE FROM field_word WHERE rowid BETWEEN 8 * :id AND 8 * :id + 7",
    "DELETE FROM document WHERE id = :id",
    "DELETE FROM fact WHERE id = :id",
    # Each kind by name: the key begins with it.
    "DELETE FROM field WHERE kind IN (0, 1, 2, 3, 4) AND id = :id",
)
_SET_REMOVED = "UPDATE coverage SET removed_seq = :modseq"


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is written of one message; what is missing is looked for in the file whenever it is asked for."""

    id: int
    facts: SortFacts | None
    text: SearchText | None
    fields: Sequence[tuple[int, str]]


def is_outdated(search: Connection, modseq: int, next_id: int) -> bool:
    """Say whether what is here cannot be used.

    The account was put back to an earlier state, so that ids may name other messages now; or texts are made
    differently by now.
    """
    covered_id, covered_modseq, version = search.row(_STATE) or (0, 0, "")
    return bool(covered_modseq > modseq or covered_id >= next_id or version not in {"", VERSION})


def count_waiting(search: Connection) -> int:
    """Return how many messages are not taken in yet; the account's index is attached as `mail`."""
    return int(search.value(_COUNT_WAITING, after=search.value(_COVERED)))


def index_batch(search: Connection, mail: Connection, files: MessageFiles) -> bool:
    """Take in some new messages, let go of removed ones; return whether more wait."""
    with mail.snapshot():
        modseq = mail.value(_MODSEQ)
        covered_id, _, removed_seq = search.row(_COVERAGE) or (0, 0, 0)
        rows = mail.rows(_WAITING, after=covered_id, limit=_BATCH)
        removed, removed_to = _removed(search, mail, removed_seq, modseq)
    taken = list(_within(rows))
    entries = [_read(row, files) for row in taken]
    search.run("BEGIN IMMEDIATE")
    try:
        for id_ in removed:
            _leave(search, id_)
        for entry in entries:
            _write(search, entry)
        last_id = taken[-1][0] if taken else covered_id
        search.run(_COVER, id=last_id, modseq=modseq, version=VERSION)
        search.run(_SET_REMOVED, modseq=removed_to)
        search.run("COMMIT")
    except BaseException:
        if search.is_in_transaction:
            search.run("ROLLBACK")
        raise
    return len(taken) < len(rows) or len(rows) == _BATCH or removed_to < modseq


def _within(rows: Sequence[Row]) -> Iterator[Row]:
    octets = 0
    for row in rows:
        yield row
        octets += row[1]
        if octets > _BATCH_OCTETS:
            return


# --- messages that leave


def _removed(search: Connection, mail: Connection, since: int, modseq: int) -> tuple[list[int], int]:
    """Find what was removed after a modseq; return the ids and up to where that is known."""
    if since == 0 or mail.value(_FORGOTTEN) > since:
        live = set(_numbers(mail.value(_LIVE)))
        return [id_ for id_ in _numbers(search.value(_HELD)) if id_ not in live], modseq
    ids: list[int] = []
    rows = mail.rows(_REMOVALS, since=since)
    for mailbox_id, _, data in rows:
        for span in json.loads(data)["uids"].split(","):
            first, _, last = span.partition(":")
            found = mail.rows(_REMOVED, mailbox_id=mailbox_id, first=int(first), last=int(last or first))
            ids += (row[0] for row in found)
    # Removals of the last modseq seen may go on in the next batch; letting go twice is harmless.
    full = len(rows) == 1000 and rows[0][1] < rows[-1][1]
    return ids, rows[-1][1] - 1 if full else modseq


def _numbers(text: str | None) -> list[int]:
    return list(map(int, text.split())) if text else []


def _leave(search: Connection, id_: int) -> None:
    if search.value(_IS_HELD, id=id_) is None:
        return
    for statement in _LEAVE:
        search.run(statement, id=id_)


# --- messages that come


def _read(row: Row, files: MessageFiles) -> _Entry:
    id_, _, prefix, header = row
    path = files.path(id_)
    try:
        headers = Headers(header if header is not None else read_file_header(path, prefix))
        fields = [
            (kind, value)
            for name, kind in FIELD_KINDS.items()
            if (value := field_text(headers, name)) is not None
        ]
        text = read_file_text(path, prefix, most_characters=_MOST_CHARACTERS)
    except OSError:
        # Searching meets the same trouble and says so.
        return _Entry(id_, None, None, ())
    if any(len(value) > _LONGEST_FIELD for _, value in fields):
        text = None
    return _Entry(id_, read_facts(headers), text, fields)


def read_file_header(path: Path, prefix: bytes) -> bytes:
    """Return a message's header section from its file."""
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            return prefix
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
            return prefix + octets[: parse(octets).header_end]


def read_file_text(path: Path, prefix: bytes, *, most_characters: int | None = None) -> SearchText | None:
    """Return a message's text from its file; None if it has more than that many characters."""
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            return read_text(b"", prefix)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
            return read_text(octets, prefix, most_characters=most_characters)


def _write(search: Connection, entry: _Entry) -> None:
    id_, text = entry.id, entry.text
    if entry.facts is not None:
        _write_facts(search, id_, entry.facts)
    search.run(_ADD_DOCUMENT, id=id_, text=None if text is None else pack_text(text))
    if text is None:
        return
    search.run(_ADD_WORDS, id=id_, text=f"{text.header}\n{text.body}")
    for kind, value in entry.fields:
        search.run(_ADD_FIELD, id=id_, kind=kind, text=value)
        search.run(_ADD_FIELD_WORDS, id=id_, kind=kind, text=value)


def _write_facts(search: Connection, id_: int, facts: SortFacts) -> None:
    search.run(
        _ADD_FACT,
        id=id_,
        sent_at=facts.sent_at,
        sent_day=facts.sent_day,
        from_=facts.from_,
        to_=facts.to_,
        cc=facts.cc,
        display_from=facts.display_from,
        display_to=facts.display_to,
        subject=facts.subject,
        is_reply=facts.is_reply,
        message_id=facts.message_id,
        ancestors=" ".join(facts.ancestors),
    )
