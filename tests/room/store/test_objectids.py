"""Identifiers of RFC 8474 in the store: what keeps them, what changes them, what is none."""

from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import pytest

from mox.database import Connection
from mox.store import (
    Account,
    Store,
    copy_messages,
    email_object_id,
    get_mailbox,
    move_messages,
    stored_messages,
    thread_object_id,
    uids_of_email,
    uids_of_thread,
)
from moxkit.testing import FakeClock
from room.deposits import Deposit


@pytest.fixture
async def account(store: Store, deposit: Deposit) -> Account:
    account = store.account("mox")
    await deposit(account, b"Message-ID: <a@x>\r\nSubject: a\r\n\r\n1\r\n")
    await deposit(account, b"Message-ID: <b@x>\r\nReferences: <a@x>\r\nSubject: Re: a\r\n\r\n2\r\n")
    return account


def ids(account: Account, mailbox: str, uid: int) -> tuple[int, int]:
    [(row, _)] = stored_messages(account, get_mailbox(account.reader, mailbox).id, [uid])
    return row.email_id, row.thread_id


async def test_copies_of_copies_keep_both(account: Account) -> None:
    inbox, archive = (get_mailbox(account.reader, name).id for name in ("Inbox", "Archive"))
    first = ids(account, "Inbox", 1)
    await account.write(lambda tx: copy_messages(tx, inbox, [(1, 2)], "Archive"))
    await account.write(lambda tx: copy_messages(tx, archive, [(1, 1)], "Sent"))
    await account.write(lambda tx: move_messages(tx, archive, [(1, 1)], "Trash"))
    # RFC 8474 §5.1: the same after COPY and MOVE; the tombstone that a session may still look at, too.
    for mailbox in ("Inbox", "Archive", "Sent", "Trash"):
        assert ids(account, mailbox, 1) == first
    prefix = account.object_prefix
    email, thread = email_object_id(prefix, first[0]), thread_object_id(prefix, first[1])
    trash = get_mailbox(account.reader, "Trash").id
    assert uids_of_email(account.reader, trash, email) == [1]
    assert uids_of_email(account.reader, archive, email) == []
    assert uids_of_thread(account.reader, inbox, thread) == [1, 2]
    assert uids_of_thread(account.reader, archive, thread) == [2]


@pytest.mark.parametrize(
    "text", ["", "M", "NIL", "M{p}-0", "M{p}-01", "m{p}-1", "M{p}-99999999999999999999", "Mx-1"]
)
async def test_what_is_no_identifier_finds_nothing(account: Account, text: str) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    assert uids_of_email(account.reader, inbox, text.format(p=account.object_prefix)) == []
    assert uids_of_thread(account.reader, inbox, text.format(p=account.object_prefix)) == []


async def test_account_made_anew_has_other_identifiers(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor
) -> None:
    stores = [Store(directory=tmp_path / name, clock=clock, pool=pool) for name in ("old", "new")]
    prefixes = {store.account("mox").object_prefix for store in stores}
    for store in stores:
        await store.close()
    assert len(prefixes) == 2
    assert all(len(prefix) == 8 for prefix in prefixes)


async def test_second_version_is_upgraded(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> None:
    directory = tmp_path / "accounts" / "mox"
    (directory / "msg").mkdir(parents=True)
    old = Connection(directory / "index.db")
    old.run("PRAGMA journal_mode=WAL")
    folder = resources.files("mox.store").joinpath("schema")
    for version in ("0001.sql", "0002.sql"):
        old.run(folder.joinpath(version).read_text(encoding="utf-8"))
    old.run("PRAGMA user_version=2")
    old.run("INSERT INTO account(id, next_uidvalidity, modseq, next_message_id) VALUES (1, 2, 3, 8)")
    old.run(
        "INSERT INTO mailbox(name, uidvalidity, uidnext, create_seq, modseq, total)"
        " VALUES ('Inbox', 1, 2, 2, 3, 1)"
    )
    old.run(
        "INSERT INTO message(id, mailbox_id, uid, create_seq, modseq, flags, flags_text, received_at,"
        " saved_at, size, thread_id, original_mailbox_id) VALUES (7, 1, 1, 3, 3, 0, '', 0, 0, 0, 7, 1)"
    )
    old.run(
        "INSERT INTO content(id, prefix, internaldate, envelope, bodystructure, body, render_version,"
        " needs_utf8, preview) VALUES (7, x'', '', x'', x'', x'', 1, 0, '')"
    )
    old.close()
    store = Store(directory=tmp_path, clock=clock, pool=pool)
    account = store.account("mox")
    try:
        assert ids(account, "Inbox", 1) == (7, 7)
        assert len(account.object_prefix) == 8
        inbox = get_mailbox(account.reader, "Inbox").id
        assert uids_of_email(account.reader, inbox, email_object_id(account.object_prefix, 7)) == [1]
        assert (directory / "index.db.v2").exists()
    finally:
        await store.close()
