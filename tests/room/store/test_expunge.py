"""Removing: tombstones stay, content goes when it is due."""

import pytest

from mox.store import (
    Account,
    MessagesRemoved,
    Store,
    check_consistency,
    erase_due,
    expunge_deleted,
    expunge_messages,
    get_mailbox,
    live_uids,
    message_rows,
    move_messages,
    stored_messages,
)
from moxkit.testing import FakeClock
from room.deposits import Deposit

OCTETS = b"x: y\r\n\r\n"


@pytest.fixture
async def account(store: Store, deposit: Deposit) -> Account:
    account = store.account("mox")
    for n in range(5):
        await deposit(account, OCTETS, flags="\\Deleted" if n % 2 else "")
    return account


def used(account: Account) -> int:
    octets: int = account.reader.value("SELECT used_octets FROM account")
    return octets


async def test_removes_those_marked_deleted_that_are_accepted(account: Account) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    assert await account.write(lambda tx: expunge_deleted(tx, inbox, lambda uid: uid > 2)) == (4,)
    assert list(live_uids(account.reader, inbox)) == [1, 2, 3, 5]
    now = get_mailbox(account.reader, "Inbox")
    assert (now.total, now.deleted, now.unseen, now.octets) == (4, 1, 4, 4 * len(OCTETS))
    assert await account.write(lambda tx: expunge_deleted(tx, inbox, lambda uid: uid > 2)) == ()
    assert check_consistency(account) == []


async def test_counts_a_message_once_however_often_it_is_named(account: Account) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    listener = account.switchboard.listen()
    assert await account.write(lambda tx: expunge_messages(tx, inbox, [5, 2, 5, 99])) == (2, 5)
    [batch] = listener.take()
    assert isinstance(batch.changes[0], MessagesRemoved)
    assert batch.changes[0].uids == (2, 5)
    assert check_consistency(account) == []


async def test_a_removed_message_can_be_read_until_it_is_due(account: Account, clock: FakeClock) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    await account.write(lambda tx: expunge_messages(tx, inbox, [2, 3]))
    assert used(account) == 5 * len(OCTETS)
    assert await account.write(erase_due) == ()
    assert [row.uid for row, _ in stored_messages(account, inbox, range(1, 10))] == [1, 2, 3, 4, 5]
    clock.jump(24 * 3600)
    ids = await account.write(erase_due)
    assert ids == (2, 3)
    for id_ in ids:
        account.files.remove(id_)
    assert used(account) == 3 * len(OCTETS)
    assert [row.uid for row, _ in stored_messages(account, inbox, range(1, 10))] == [1, 4, 5]
    rows = message_rows(account.reader, inbox, 1, 9, with_removed=True)
    assert [row.uid for row in rows] == [1, 2, 3, 4, 5]
    assert await account.write(erase_due) == ()
    assert check_consistency(account) == []


async def test_erases_a_moved_message_once(account: Account, clock: FakeClock) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    await account.write(lambda tx: move_messages(tx, inbox, [(1, 5)], "Trash"))
    trash = get_mailbox(account.reader, "Trash").id
    await account.write(lambda tx: expunge_messages(tx, trash, [1, 2, 3]))
    clock.jump(25 * 3600)
    ids = [
        *await account.write(lambda tx: erase_due(tx, 2)),
        *await account.write(lambda tx: erase_due(tx, 2)),
    ]
    assert ids == [1, 2, 3]
    for id_ in ids:
        account.files.remove(id_)
    assert stored_messages(account, inbox, [1, 2, 3]) == []
    assert len(stored_messages(account, inbox, range(4, 10))) == 2
    assert used(account) == 2 * len(OCTETS)
    assert check_consistency(account) == []
