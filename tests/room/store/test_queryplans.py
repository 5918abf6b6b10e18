"""The statements that run for every message, or over every message, use an index."""

import re

import pytest

from mox.database import Connection, open_reader
from mox.store import (
    Store,
    annotations,
    copymove,
    deposit,
    expunge,
    fetchblock,
    flagging,
    mailboxes,
    objectids,
    reading,
    resync,
    search,
    searchtests,
    threads,
)
from mox.store.fetchblock import FetchColumn
from mox.store.searchindex import indexing, lookup

BLOCK = (FetchColumn.UID, FetchColumn.FLAGS, FetchColumn.ENVELOPE)

HOT = {
    "take uid": deposit._TAKE_UID,
    "same message id": threads._SAME_MESSAGE_ID,
    "referenced": threads._REFERENCED,
    "same subject": threads._SAME_SUBJECT,
    "flags range": flagging._RANGE,
    "flags update": flagging._UPDATE,
    "copy range": copymove._RANGE,
    "copy content": copymove._COPY_CONTENT,
    "move": copymove._MOVE,
    "tombstone": copymove._TOMBSTONE,
    "expunge": expunge._EXPUNGE,
    "by uid": expunge._BY_UID,
    "marked deleted": expunge._DELETED,
    "due": expunge._DUE,
    "uids": reading._UIDS,
    "first unseen": reading._FIRST_UNSEEN,
    "live": reading._LIVE,
    "with removed": reading._WITH_REMOVED,
    "stored": reading._WIDE,
    "changed since": resync._CHANGED,
    "removed since": resync._REMOVED,
    "annotations": annotations._LIST,
    "annotation": annotations._GET,
    "uids of email": objectids._UIDS_OF_EMAIL,
    "uids of thread": objectids._UIDS_OF_THREAD,
    "mailbox by name": mailboxes._BY_NAME,
    "mailbox by id": mailboxes._BY_ID,
    "children": mailboxes._CHILDREN,
    "narrow block": fetchblock._statement((FetchColumn.FLAGS,), True, False),
    "block": fetchblock._statement(BLOCK, True, True),
    "block with gaps": fetchblock._statement(BLOCK, False, True),
    "search columns": search._UIDS.format(where="flags & 1"),
    "search walk": search._WALK.format(columns=searchtests.COLUMNS, where="flags & 1"),
    "search by id": search._BY_ID.format(columns=searchtests.COLUMNS, where="flags & 1"),
    "search all of": search._ALL_OF.format(where="flags & 1"),
    "search newer": search._NEWER.format(columns=searchtests.COLUMNS, where="flags & 1"),
    "search content": searchtests._CONTENT,
    "index waiting": indexing._WAITING,
    "index removals": indexing._REMOVALS,
    "index removed": indexing._REMOVED,
}
# In the search database. Those that read all of one field do so on purpose: its rows stand together.
SEARCH = {
    "unread": lookup._UNREAD,
    "field rows": lookup._FIELD_OF,
    "field": lookup._FIELD_ALL,
    "texts": lookup._TEXTS,
    "days": lookup._DAYS,
    **{f"leave {n}": statement for n, statement in enumerate(indexing._LEAVE)},
}


@pytest.fixture
def reader(store: Store) -> Connection:
    return store.account("mox").reader


_NO_TABLES = ("SCAN (", "SCAN CONSTANT", "SCAN json_each")


def plan(reader: Connection, sql: str) -> list[str]:
    parameters = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
    return [row[3] for row in reader.rows(f"EXPLAIN QUERY PLAN {sql}", **parameters)]


@pytest.mark.parametrize("name", HOT)
def test_reads_no_whole_table(reader: Connection, name: str) -> None:
    steps = plan(reader, HOT[name])
    # What is read from a part of the same statement, or from its parameters, is not a table.
    scans = [s for s in steps if s.startswith("SCAN ") and not s.startswith(_NO_TABLES)]
    assert scans == [], steps


@pytest.mark.parametrize("name", ["changed since", "removed since"])
def test_looks_at_what_changed_only(reader: Connection, name: str) -> None:
    steps = plan(reader, HOT[name])
    assert any("message_by_modseq (mailbox_id=? AND modseq>?)" in s for s in steps), steps


@pytest.mark.parametrize(
    "name",
    [
        "uids",
        "flags range",
        "live",
        "narrow block",
        "block",
        "stored",
        "marked deleted",
        "search walk",
        "search columns",
    ],
)
def test_reads_in_the_order_of_the_index(reader: Connection, name: str) -> None:
    steps = plan(reader, HOT[name])
    assert not [s for s in steps if "TEMP B-TREE" in s], steps
    assert any("message_by_uid" in s for s in steps), steps


@pytest.mark.parametrize("name", ["search by id", "search all of", "search newer"])
def test_goes_by_id(reader: Connection, name: str) -> None:
    steps = plan(reader, HOT[name])
    assert any("INTEGER PRIMARY KEY" in s for s in steps), steps


@pytest.mark.parametrize("name", SEARCH)
async def test_the_search_index_reads_no_whole_table(store: Store, name: str) -> None:
    account = store.account("mox")
    await account.search_index.fill()
    search_reader = open_reader(account.files.root.with_name("search.db"))
    steps = plan(search_reader, SEARCH[name])
    search_reader.close()
    # An index of exceptions is read whole; a virtual table says SCAN also where it looks up a row.
    fine = (*_NO_TABLES, "SCAN document USING INDEX document_unread", "SCAN word", "SCAN field_word")
    assert [s for s in steps if s.startswith("SCAN ") and not s.startswith(fine)] == [], steps
