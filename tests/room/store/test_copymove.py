"""Copying and moving: new UIDs, one file each, tombstones that can still be read."""

from pathlib import Path

import pytest

from mox.store import (
    Account,
    MailboxUnknownError,
    MessagesAdded,
    MessagesRemoved,
    OverQuotaError,
    Quota,
    Store,
    StoredContent,
    Tx,
    check_consistency,
    copy_messages,
    get_mailbox,
    live_uids,
    message_rows,
    move_messages,
    stored_messages,
)
from room.deposits import Deposit


def file_octets(content: StoredContent) -> bytes:
    return Path(content.file).read_bytes()


@pytest.fixture
async def account(store: Store, deposit: Deposit) -> Account:
    account = store.account("mox")
    for n in range(1, 6):
        await deposit(account, b"Subject: %d\r\n\r\n" % n, flags="word" if n == 2 else "\\Seen")
    return account


async def test_a_copy_has_its_own_file_and_the_same_flags(account: Account) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    done = await account.write(lambda tx: copy_messages(tx, inbox, [(2, 3), (5, 9)], "Archive"))
    assert done is not None
    archive = get_mailbox(account.reader, "Archive")
    assert (done.from_uids, done.uids, done.uidvalidity) == ((2, 3, 5), (1, 2, 3), archive.uidvalidity)
    assert (archive.total, archive.unseen, archive.keywords) == (3, 1, ("word",))
    copies = stored_messages(account, archive.id, range(1, 10))
    assert [file_octets(c) for _, c in copies] == [b"Subject: %d\r\n\r\n" % n for n in (2, 3, 5)]
    assert [row.flags_text for row, _ in copies] == ["word", "\\Seen", "\\Seen"]
    assert list(live_uids(account.reader, inbox)) == [1, 2, 3, 4, 5]
    assert check_consistency(account) == []


async def test_a_moved_message_keeps_its_id_and_can_be_read_at_its_old_place(account: Account) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    listener = account.switchboard.listen()
    done = await account.write(lambda tx: move_messages(tx, inbox, [(2, 3)], "Archive"))
    assert done is not None
    archive = get_mailbox(account.reader, "Archive")
    [batch] = listener.take()
    assert batch.changes[0] == MessagesRemoved(inbox, done.modseq, (2, 3))
    assert batch.changes[-1] == MessagesAdded(archive.id, done.modseq, ((1, "word"), (2, "\\Seen")))
    assert list(live_uids(account.reader, inbox)) == [1, 4, 5]
    [(row, content)] = stored_messages(account, inbox, [2])
    assert row.expunged_at is not None
    assert row.moved_to == row.content_id == 2
    assert file_octets(content) == b"Subject: 2\r\n\r\n"
    assert [r.id for r in message_rows(account.reader, archive.id, 1, 9)] == [2, 3]
    assert check_consistency(account) == []
    await account.write(lambda tx: move_messages(tx, archive.id, [(1, 1)], "Trash"))
    assert len(stored_messages(account, inbox, [2])) == 1
    assert check_consistency(account) == []


async def test_moving_within_a_mailbox_gives_new_uids(account: Account) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    done = await account.write(lambda tx: move_messages(tx, inbox, [(1, 2)], "Inbox"))
    assert done is not None
    assert (done.from_uids, done.uids) == ((1, 2), (6, 7))
    assert list(live_uids(account.reader, inbox)) == [3, 4, 5, 6, 7]
    assert get_mailbox(account.reader, "Inbox").total == 5
    assert check_consistency(account) == []


async def test_nothing_to_move_changes_nothing(account: Account) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    listener = account.switchboard.listen()
    assert await account.write(lambda tx: copy_messages(tx, inbox, [(9, 99)], "Archive")) is None
    assert await account.write(lambda tx: move_messages(tx, inbox, [(9, 99)], "Archive")) is None
    with pytest.raises(MailboxUnknownError):
        await account.write(lambda tx: copy_messages(tx, inbox, [(1, 9)], "Nowhere"))
    with pytest.raises(MailboxUnknownError):
        await account.write(lambda tx: move_messages(tx, inbox, [(1, 9)], "Nowhere"))
    assert not listener
    assert check_consistency(account) == []


async def test_a_copy_that_does_not_fit_copies_nothing(account: Account) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    files = sorted(account.files.ids())

    def copy_with_little_room(tx: Tx) -> None:
        tx.quota = Quota(5 * 14 + 20)
        copy_messages(tx, inbox, [(1, 9)], "Archive")

    with pytest.raises(OverQuotaError):
        await account.write(copy_with_little_room)
    assert sorted(account.files.ids()) == files
    assert get_mailbox(account.reader, "Archive").total == 0
    assert check_consistency(account) == []
