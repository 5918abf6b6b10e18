"""Rejects and Introbox: what it means to take a message out."""

import pytest

from mox.store import (
    Account,
    Aside,
    FlagChange,
    FlagsAction,
    NewMessage,
    Store,
    Tx,
    add_message,
    change_flags,
    check_consistency,
    copy_messages,
    ensure_mailbox,
    erase_due,
    expunge_messages,
    get_mailbox,
    has_reject,
    message_rows,
    move_messages,
    parse_flags,
    rejects_before,
)
from moxkit.testing import FakeClock

HASH = b"\x01" * 32


async def put(
    store: Store, mailbox: str, *, is_reject: bool, octets: bytes = b"Message-Id: <1@x>\r\n\r\n"
) -> Account:
    """File a message aside that is meant for Inbox; it has UID 1 there."""
    account = store.account("mox")
    inbox = get_mailbox(account.reader, "Inbox").id
    spool = store.spools.new()
    spool.write(octets)
    content, prepared = await store.prepare(spool)

    def file(tx: Tx) -> None:
        aside = Aside(inbox, is_reject, HASH if is_reject else None)
        flags = parse_flags(["\\Seen"] if is_reject else [])
        target = ensure_mailbox(tx, mailbox).id
        add_message(tx, NewMessage(target, content, prepared, flags=flags, aside=aside))

    await account.write(file)
    spool.discard()
    return account


def state(account: Account, mailbox: str) -> tuple[str, str, int]:
    """Return flags, original mailbox, and how many are aside."""
    id_ = get_mailbox(account.reader, mailbox).id
    [row] = message_rows(account.reader, id_, 1, 100)
    original = account.reader.value(
        "SELECT b.name FROM message m JOIN mailbox b ON b.id = m.original_mailbox_id WHERE m.id = :id",
        id=row.id,
    )
    return row.flags_text, original, account.reader.value("SELECT count(*) FROM aside")


async def test_a_reject_that_is_moved_counts_where_it_was_meant_for(store: Store) -> None:
    account = await put(store, "Rejects", is_reject=True)
    rejects = get_mailbox(account.reader, "Rejects").id
    assert state(account, "Rejects") == ("\\Seen", "Rejects", 1)
    await account.write(lambda tx: move_messages(tx, rejects, [(1, 1)], "Archive"))
    assert state(account, "Archive") == ("", "Inbox", 0)
    assert check_consistency(account) == []


async def test_a_reject_that_is_copied_stays_one(store: Store) -> None:
    account = await put(store, "Rejects", is_reject=True)
    rejects = get_mailbox(account.reader, "Rejects").id
    await account.write(lambda tx: copy_messages(tx, rejects, [(1, 1)], "Archive"))
    assert state(account, "Archive") == ("\\Seen", "Inbox", 1)
    assert state(account, "Rejects") == ("\\Seen", "Rejects", 1)


@pytest.mark.parametrize(
    ("target", "flags", "state_there"),
    [
        ("Inbox", "", ("$NotJunk", "Inbox", 0)),
        ("Inbox", "$Junk", ("$Junk", "Inbox", 0)),
        # Nothing was said yet.
        ("Archive", "", ("", "Introbox", 1)),
        ("Archive", "$NotJunk", ("$NotJunk", "Inbox", 0)),
        ("Junk", "", ("$Junk", "Inbox", 0)),
    ],
)
async def test_leaving_introbox(
    store: Store, target: str, flags: str, state_there: tuple[str, str, int]
) -> None:
    account = await put(store, "Introbox", is_reject=False)
    introbox = get_mailbox(account.reader, "Introbox").id
    if flags:
        account = await _flag(account, introbox, flags)
    await account.write(lambda tx: move_messages(tx, introbox, [(1, 1)], target))
    assert state(account, target) == state_there


async def _flag(account: Account, mailbox_id: int, flags: str) -> Account:
    change = FlagChange(FlagsAction.ADD, parse_flags([flags]))
    await account.write(lambda tx: change_flags(tx, mailbox_id, [(1, 1)], change))
    return account


async def test_equal_rejects_are_known_until_they_are_gone(store: Store, clock: FakeClock) -> None:
    account = await put(store, "Rejects", is_reject=True)
    mailbox = get_mailbox(account.reader, "Rejects").id
    assert has_reject(account.reader, message_id="", content_hash=HASH)
    assert has_reject(account.reader, message_id="1@x", content_hash=b"")
    assert not has_reject(account.reader, message_id="2@x", content_hash=b"")
    now = int(clock.now().timestamp())
    assert rejects_before(account.reader, mailbox, now) == []
    assert rejects_before(account.reader, mailbox, now + 1) == [1]
    await account.write(lambda tx: expunge_messages(tx, mailbox, [1]))
    assert not has_reject(account.reader, message_id="1@x", content_hash=HASH)
    clock.jump(2 * 24 * 3600)
    await account.write(erase_due)
    assert account.reader.value("SELECT count(*) FROM aside") == 0
