"""Limits of an account: each holds for all that adds, and refuses the whole."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.store import (
    NO_QUOTA,
    Account,
    OverQuotaError,
    Quota,
    QuotaUsage,
    Store,
    copy_messages,
    create_mailbox,
    delete_mailbox,
    get_mailbox,
    move_messages,
    quota_usage,
)
from moxkit.testing import FakeClock
from room.deposits import depositor

LETTER = b"Subject: x\r\n\r\nx\r\n"


class Limited:
    """An account whose limits a test sets."""

    def __init__(self, directory: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> None:
        self.quota = NO_QUOTA
        self.store = Store(directory=directory, clock=clock, pool=pool, quota=lambda _name: self.quota)

    @property
    def account(self) -> Account:
        return self.store.account("mox")

    async def deposit(self) -> None:
        await depositor(self.store)(self.account, LETTER)


@pytest.fixture
async def limited(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> Limited:
    return Limited(tmp_path / "data", clock, pool)


async def test_usage_counts_all_mailboxes(limited: Limited) -> None:
    await limited.deposit()
    inbox = get_mailbox(limited.account.reader, "Inbox").id
    await limited.account.write(lambda tx: copy_messages(tx, inbox, [(1, 1)], "Archive"))
    await limited.account.write(lambda tx: create_mailbox(tx, "a/b"))
    assert quota_usage(limited.account.reader) == QuotaUsage(2 * len(LETTER), 2, 8)
    await limited.account.write(lambda tx: delete_mailbox(tx, "Archive"))
    assert quota_usage(limited.account.reader).messages == 1
    assert quota_usage(limited.account.reader).mailboxes == 7
    await limited.store.close()


async def test_messages_are_limited_in_number(limited: Limited) -> None:
    limited.quota = Quota(messages=3)
    await limited.deposit()
    await limited.deposit()
    inbox = get_mailbox(limited.account.reader, "Inbox").id
    with pytest.raises(OverQuotaError) as refused:
        await limited.account.write(lambda tx: copy_messages(tx, inbox, [(1, 2)], "Archive"))
    assert (refused.value.wanted, refused.value.free, refused.value.unit) == (2, 1, "messages")
    assert get_mailbox(limited.account.reader, "Archive").total == 0
    await limited.account.write(lambda tx: copy_messages(tx, inbox, [(1, 1)], "Archive"))
    with pytest.raises(OverQuotaError):
        await limited.deposit()
    with pytest.raises(OverQuotaError):
        limited.account.check_room(1)
    # Moving adds nothing.
    await limited.account.write(lambda tx: move_messages(tx, inbox, [(1, 2)], "Archive"))
    await limited.store.close()


async def test_mailboxes_are_limited_in_number(limited: Limited) -> None:
    limited.quota = Quota(mailboxes=7)
    with pytest.raises(OverQuotaError):
        await limited.account.write(lambda tx: create_mailbox(tx, "a/b"))
    # Neither the parent that there was room for.
    assert quota_usage(limited.account.reader).mailboxes == 6
    await limited.account.write(lambda tx: create_mailbox(tx, "a"))
    with pytest.raises(OverQuotaError) as refused:
        await limited.account.write(lambda tx: create_mailbox(tx, "c"))
    assert refused.value.unit == "mailboxes"
    await limited.store.close()
