"""Blocks of FETCH answers: the same octets as message by message, or nothing."""

import pytest

from mox.store import (
    Account,
    FetchColumn,
    Store,
    expunge_messages,
    fetch_block,
    get_mailbox,
    move_messages,
    stored_messages,
)
from room.deposits import Deposit


@pytest.fixture
async def account(store: Store, deposit: Deposit) -> Account:
    account = store.account("mox")
    for n in range(1, 9):
        subject = "=?utf-8?Q?caf=C3=A9?=" if n != 4 else "café"
        octets = f'From: "A" <a@x.example>\r\nSubject: {subject} {n}\r\n\r\n{"x" * n}'.encode()
        await deposit(account, octets, flags="\\Seen word" if n % 2 else "")
    return account


def one_by_one(account: Account, columns: list[FetchColumn], uids: list[int], first: int) -> bytes:
    inbox = get_mailbox(account.reader, "Inbox").id
    out = []
    for number, uid in enumerate(uids, first):
        [(row, content)] = stored_messages(account, inbox, [uid])
        values = {
            FetchColumn.UID: b"UID %d" % uid,
            FetchColumn.FLAGS: b"FLAGS (%b)" % row.flags_text.encode(),
            FetchColumn.MODSEQ: b"MODSEQ (%d)" % row.modseq,
            FetchColumn.EMAILID: b"EMAILID (M%b-%d)" % (account.object_prefix.encode(), row.email_id),
            FetchColumn.THREADID: b"THREADID (T%b-%d)" % (account.object_prefix.encode(), row.thread_id),
            FetchColumn.SIZE: b"RFC822.SIZE %d" % row.size,
            FetchColumn.INTERNALDATE: b'INTERNALDATE "%b"' % content.internaldate.encode(),
            FetchColumn.ENVELOPE: b"ENVELOPE %b" % (content.envelope or b""),
            FetchColumn.BODYSTRUCTURE: b"BODYSTRUCTURE %b" % (content.bodystructure or b""),
            FetchColumn.BODY: b"BODY %b" % (content.body or b""),
        }
        out.append(b"* %d FETCH (%b)\r\n" % (number, b" ".join(values[c] for c in columns)))
    return b"".join(out)


@pytest.mark.parametrize(
    "columns", [list(FetchColumn), [FetchColumn.FLAGS], [FetchColumn.BODY, FetchColumn.UID]]
)
async def test_writes_what_single_answers_would(account: Account, columns: list[FetchColumn]) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    uids = list(range(1, 9))
    block = fetch_block(account.reader, inbox, columns, uids, 1, only_7bit=False)
    assert block == one_by_one(account, columns, uids, 1)


async def test_numbers_follow_the_view_over_gaps(account: Account) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    await account.write(lambda tx: expunge_messages(tx, inbox, [2, 5, 6]))
    columns = [FetchColumn.UID, FetchColumn.ENVELOPE, FetchColumn.FLAGS]
    block = fetch_block(account.reader, inbox, columns, [3, 4, 7, 8], 2, only_7bit=False)
    assert block == one_by_one(account, columns, [3, 4, 7, 8], 2)


@pytest.mark.parametrize("columns", [[FetchColumn.FLAGS], [FetchColumn.ENVELOPE]])
async def test_gives_up_when_the_view_has_messages_that_are_gone(
    account: Account, columns: list[FetchColumn]
) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    await account.write(lambda tx: expunge_messages(tx, inbox, [2]))
    await account.write(lambda tx: move_messages(tx, inbox, [(7, 7)], "Inbox"))
    assert fetch_block(account.reader, inbox, columns, [1, 2, 3], 1, only_7bit=False) is None
    assert fetch_block(account.reader, inbox, columns, [6, 7, 8], 6, only_7bit=False) is None
    assert fetch_block(account.reader, inbox, columns, [2], 2, only_7bit=False) is None
    assert fetch_block(account.reader, inbox, columns, [3, 4, 5], 3, only_7bit=False) is not None


async def test_renderings_with_utf8_are_not_for_clients_without(account: Account) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    [(_, content)] = stored_messages(account, inbox, [4])
    assert content.needs_utf8
    for uids, is_fine in (([1, 2, 3], True), ([3, 4], False)):
        block = fetch_block(account.reader, inbox, [FetchColumn.ENVELOPE], uids, uids[0], only_7bit=True)
        assert (block is not None) is is_fine
    assert fetch_block(account.reader, inbox, [FetchColumn.FLAGS], [3, 4], 3, only_7bit=True) is not None
