"""Mailboxes: hierarchy, renaming, deleting, special use, subscriptions."""

import pytest

from mox.store import (
    Account,
    MailboxAdded,
    MailboxExistsError,
    MailboxHasChildrenError,
    MailboxNotAllowedError,
    MailboxRemoved,
    MailboxRenamed,
    MailboxUnknownError,
    SpecialUseChanged,
    Store,
    check_consistency,
    create_mailbox,
    delete_mailbox,
    ensure_mailbox,
    find_mailbox,
    get_mailbox,
    list_mailboxes,
    list_subscriptions,
    rename_mailbox,
    set_special_use,
    subscribe,
    unsubscribe,
)
from room.deposits import Deposit

FIRST = ["Archive", "Drafts", "Inbox", "Junk", "Sent", "Trash"]


@pytest.fixture
def account(store: Store) -> Account:
    return store.account("mox")


def names(account: Account) -> list[str]:
    return [m.name for m in list_mailboxes(account.reader) if m.name not in FIRST]


async def create(account: Account, *mailboxes: str) -> None:
    for name in mailboxes:
        await account.write(lambda tx, name=name: create_mailbox(tx, name))  # type: ignore[misc]


def test_a_new_account_has_its_first_mailboxes(account: Account) -> None:
    mailboxes = list_mailboxes(account.reader)
    assert [m.name for m in mailboxes] == FIRST == list_subscriptions(account.reader)
    assert {m.special_use for m in mailboxes} == {
        "\\Archive",
        "\\Drafts",
        None,
        "\\Junk",
        "\\Sent",
        "\\Trash",
    }
    assert check_consistency(account) == []


async def test_creates_missing_parents_subscribed(account: Account) -> None:
    listener = account.switchboard.listen()
    made = await account.write(lambda tx: create_mailbox(tx, "a/b/c"))
    assert [m.name for m in made] == ["a", "a/b", "a/b/c"] == names(account)
    assert len({m.uidvalidity for m in made}) == 3
    assert set(names(account)) <= set(list_subscriptions(account.reader))
    [batch] = listener.take()
    assert [c.name for c in batch.changes if isinstance(c, MailboxAdded)] == ["a", "a/b", "a/b/c"]
    with pytest.raises(MailboxExistsError):
        await account.write(lambda tx: create_mailbox(tx, "a/b"))
    again = await account.write(lambda tx: ensure_mailbox(tx, "a/b/c"))
    assert again == made[-1]
    assert check_consistency(account) == []


async def test_deletes_leaves_with_their_messages_only(account: Account, deposit: Deposit) -> None:
    await create(account, "a/b")
    added = await deposit(account, b"x: y\r\n\r\n", "a/b")
    old = get_mailbox(account.reader, "a/b")
    with pytest.raises(MailboxHasChildrenError):
        await account.write(lambda tx: delete_mailbox(tx, "a"))
    with pytest.raises(MailboxNotAllowedError):
        await account.write(lambda tx: delete_mailbox(tx, "Inbox"))
    with pytest.raises(MailboxUnknownError):
        await account.write(lambda tx: delete_mailbox(tx, "gone"))
    listener = account.switchboard.listen()
    await account.write(lambda tx: delete_mailbox(tx, "a/b"))
    [batch] = listener.take()
    assert batch.changes[-1] == MailboxRemoved(old.id, added.modseq + 1, "a/b")
    assert names(account) == ["a"]
    assert "a/b" in list_subscriptions(account.reader)
    await account.write(lambda tx: delete_mailbox(tx, "a"))
    await create(account, "a/b")
    assert get_mailbox(account.reader, "a/b").uidvalidity > old.uidvalidity
    assert get_mailbox(account.reader, "a/b").total == 0
    assert check_consistency(account) == []


async def test_renames_with_children_and_keeps_uids(account: Account, deposit: Deposit) -> None:
    await create(account, "a/b/c", "ab", "a0")
    added = await deposit(account, b"x: y\r\n\r\n", "a/b")
    before = get_mailbox(account.reader, "a/b")
    listener = account.switchboard.listen()
    made = await account.write(lambda tx: rename_mailbox(tx, "a", "x/y"))
    assert [m.name for m in made] == ["x"]
    assert names(account) == ["a0", "ab", "x", "x/y", "x/y/b", "x/y/b/c"]
    after = get_mailbox(account.reader, "x/y/b")
    assert (after.id, after.uidvalidity, after.total) == (added.mailbox_id, before.uidvalidity, 1)
    [batch] = listener.take()
    renamed = [(c.old_name, c.name) for c in batch.changes if isinstance(c, MailboxRenamed)]
    assert renamed == [("a", "x/y"), ("a/b", "x/y/b"), ("a/b/c", "x/y/b/c")]
    assert check_consistency(account) == []


async def test_renames_below_itself(account: Account) -> None:
    await create(account, "a/b")
    ids = {m.name: m.id for m in list_mailboxes(account.reader)}
    await account.write(lambda tx: rename_mailbox(tx, "a", "a/x/y"))
    assert names(account) == ["a", "a/x", "a/x/y", "a/x/y/b"]
    assert get_mailbox(account.reader, "a/x/y").id == ids["a"]
    assert get_mailbox(account.reader, "a/x/y/b").id == ids["a/b"]
    assert check_consistency(account) == []


async def test_refuses_renames_that_would_replace(account: Account) -> None:
    await create(account, "a/b", "c")
    for old, new, error in (
        ("a", "c", MailboxExistsError),
        ("a", "a", MailboxExistsError),
        ("a", "a/b", MailboxExistsError),
        ("gone", "d", MailboxUnknownError),
        ("Inbox", "d", MailboxNotAllowedError),
        ("a", "Inbox", MailboxNotAllowedError),
    ):
        with pytest.raises(error):
            await account.write(lambda tx, old=old, new=new: rename_mailbox(tx, old, new))  # type: ignore[misc]
    assert names(account) == ["a", "a/b", "c"]
    await account.write(lambda tx: rename_mailbox(tx, "a/b", "Inbox/b"))
    assert check_consistency(account) == []


async def test_a_special_use_belongs_to_one_mailbox(account: Account) -> None:
    listener = account.switchboard.listen()
    [made] = await account.write(lambda tx: create_mailbox(tx, "Old mail", "\\Archive"))
    assert made.special_use == "\\Archive"
    archive = get_mailbox(account.reader, "Archive")
    assert archive.special_use is None
    [batch] = listener.take()
    changes = [c for c in batch.changes if isinstance(c, SpecialUseChanged)]
    assert [(c.name, c.special_use) for c in changes] == [("Archive", None), ("Old mail", "\\Archive")]
    await account.write(lambda tx: set_special_use(tx, made.id, "\\Archive"))
    [batch] = listener.take()
    assert [c.name for c in batch.changes if isinstance(c, SpecialUseChanged)] == ["Old mail"]
    await account.write(lambda tx: delete_mailbox(tx, "Old mail"))
    assert find_mailbox(account.reader, "Old mail") is None
    await account.write(lambda tx: set_special_use(tx, archive.id, "\\Archive"))
    assert get_mailbox(account.reader, archive.id).special_use == "\\Archive"


async def test_subscriptions_are_names_and_outlive_mailboxes(account: Account) -> None:
    listener = account.switchboard.listen()
    await account.write(lambda tx: subscribe(tx, "not there"))
    await account.write(lambda tx: subscribe(tx, "not there"))
    assert "not there" in list_subscriptions(account.reader)
    await account.write(lambda tx: unsubscribe(tx, "not there"))
    assert len(listener.take()) == 2
    with pytest.raises(MailboxUnknownError):
        await account.write(lambda tx: unsubscribe(tx, "not there"))
    await account.write(lambda tx: unsubscribe(tx, "Sent"))
    await account.write(lambda tx: unsubscribe(tx, "Sent"))
    assert "Sent" not in list_subscriptions(account.reader)
