"""What a client that comes back is told (RFC 7162 §3.2.5)."""

import pytest

from mox.store import (
    INBOX,
    Account,
    Flag,
    FlagChange,
    Flags,
    FlagsAction,
    Store,
    change_flags,
    changed_since,
    expunge_messages,
    get_mailbox,
    highest_modseq,
    is_history_complete,
    move_messages,
    removed_since,
)
from room.deposits import Deposit

OCTETS = b"Subject: x\r\n\r\nbody\r\n"


@pytest.fixture
def account(store: Store) -> Account:
    return store.account("mox")


async def test_tells_new_changed_and_removed(account: Account, deposit: Deposit) -> None:
    inbox = get_mailbox(account.reader, INBOX).id
    for _ in range(4):
        await deposit(account, OCTETS)
    before = highest_modseq(account.reader)
    assert list(changed_since(account.reader, inbox, before)) == []
    assert list(removed_since(account.reader, inbox, before)) == []
    seen = FlagChange(FlagsAction.ADD, Flags(Flag.SEEN | Flag.FLAGGED))
    await account.write(lambda tx: change_flags(tx, inbox, [(2, 2)], seen))
    await deposit(account, OCTETS)
    await account.write(lambda tx: expunge_messages(tx, inbox, [4]))
    await account.write(lambda tx: move_messages(tx, inbox, [(1, 1)], "Archive"))
    assert list(changed_since(account.reader, inbox, before)) == [
        (2, before + 1, "\\Seen \\Flagged"),
        (5, before + 2, ""),
    ]
    # A message that was moved away is gone from here.
    assert list(removed_since(account.reader, inbox, before)) == [1, 4]
    assert list(removed_since(account.reader, inbox, before + 3)) == [1]
    assert [each.uid for each in changed_since(account.reader, inbox, 0)] == [2, 3, 5]


async def test_history_may_have_been_forgotten(account: Account) -> None:
    assert is_history_complete(account.reader, 0)

    await account.write(lambda tx: tx.connection.run("UPDATE account SET purged_modseq = 7"))
    assert not is_history_complete(account.reader, 6)
    assert is_history_complete(account.reader, 7)
