"""Filing messages: UIDs, counters, quota, files, threads, keywords."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.store import (
    Account,
    Arrival,
    KeywordsAdded,
    MessagesAdded,
    NewMessage,
    OverQuotaError,
    Quota,
    Store,
    StoredContent,
    Tx,
    UidsExhaustedError,
    add_message,
    check_consistency,
    find_mailbox,
    get_mailbox,
    highest_modseq,
    stored_messages,
)
from moxkit.testing import FakeClock
from room.deposits import Deposit
from room.waiting import reached

PLAIN = b"From: <a@example.org>\r\nSubject: hello\r\nMessage-ID: <1@example.org>\r\n\r\nbody\r\n"


def file_octets(content: StoredContent) -> bytes:
    return Path(content.file).read_bytes()


async def test_gives_ascending_uids_and_a_modseq_for_each_transaction(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    before = highest_modseq(account.reader)
    first, second = await deposit(account, PLAIN), await deposit(account, PLAIN)
    assert (first.uid, second.uid) == (1, 2)
    assert before < first.modseq < second.modseq == highest_modseq(account.reader)
    assert check_consistency(account) == []


async def test_keeps_the_counters_of_the_mailbox(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    await deposit(account, PLAIN)
    added = await deposit(account, PLAIN, flags="\\Seen \\Deleted")
    inbox = get_mailbox(account.reader, "Inbox")
    assert (inbox.total, inbox.unseen, inbox.deleted) == (2, 1, 1)
    assert (inbox.octets, inbox.deleted_octets) == (2 * len(PLAIN), len(PLAIN))
    assert (inbox.uidnext, inbox.modseq) == (3, added.modseq)


async def test_the_prefix_is_part_of_the_message_and_not_of_the_file(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    prefix = b"Received: here\r\n"
    added = await deposit(account, PLAIN, prefix=prefix)
    [(row, content)] = stored_messages(account, added.mailbox_id, [1])
    assert file_octets(content) == PLAIN
    assert content.prefix == prefix
    assert content.header == prefix + PLAIN.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert row.size == added.size == len(prefix) + len(PLAIN)
    assert check_consistency(account) == []


async def test_a_large_header_section_is_not_kept_in_the_index(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    added = await deposit(account, b"X: " + b"y" * 20_000 + b"\r\n\r\n")
    [(_, content)] = stored_messages(account, added.mailbox_id, [1])
    assert content.header is None


@pytest.mark.parametrize(
    "octets", [b"", b"\r\n", b"\x00\xff\xfe", b"no header at all", b":\r\n\r\n", b"\n" * 9]
)
async def test_files_whatever_comes(store: Store, deposit: Deposit, octets: bytes) -> None:
    account = store.account("mox")
    await deposit(account, octets)
    assert check_consistency(account) == []


async def test_spools_leave_nothing_behind(
    store: Store,
    deposit: Deposit,
    tmp_path: Path,
    files_below: Callable[[Path], list[str]],
) -> None:
    account = store.account("mox")
    await deposit(account, b"")
    await deposit(account, PLAIN)
    await deposit(account, PLAIN * 10_000)
    # They are removed by a worker thread, behind the back of who filed them.
    await reached(lambda: files_below(tmp_path / "data" / "tmp") == [])


async def test_a_refusal_for_quota_leaves_nothing(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor, deposit: Deposit
) -> None:
    small = Store(directory=tmp_path / "data", clock=clock, pool=pool, quota=lambda _: Quota(100))
    account = small.account("small")
    listener = account.switchboard.listen()
    added = await deposit(account, PLAIN)
    before = (get_mailbox(account.reader, "Inbox"), highest_modseq(account.reader))
    listener.take()
    with pytest.raises(OverQuotaError) as refused:
        await deposit(account, PLAIN, "New", flags="keyword")
    assert (refused.value.wanted, refused.value.free) == (len(PLAIN), 100 - len(PLAIN))
    assert (get_mailbox(account.reader, "Inbox"), highest_modseq(account.reader)) == before
    assert find_mailbox(account.reader, "New") is None
    assert not listener
    assert list(account.files.ids()) == [added.id]
    assert check_consistency(account) == []
    with pytest.raises(OverQuotaError):
        account.check_room(100)
    account.check_room(100 - len(PLAIN))
    await small.close()


async def test_a_failure_after_the_link_removes_the_file_and_takes_the_id_back(
    store: Store, deposit: Deposit
) -> None:
    account = store.account("mox")
    spool = store.spools.new()
    spool.write(PLAIN)
    content, prepared = await store.prepare(spool)
    inbox = get_mailbox(account.reader, "Inbox")

    def fail(tx: Tx) -> None:
        add_message(tx, NewMessage(inbox.id, content, prepared))
        raise LookupError

    with pytest.raises(LookupError):
        await account.write(fail)
    assert list(account.files.ids()) == []
    spool.discard()
    assert (await deposit(account, PLAIN)).id == 1
    assert check_consistency(account) == []


async def test_many_at_once_share_commits_and_stay_apart(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    spool = store.spools.new()
    spool.write(PLAIN)
    content, prepared = await store.prepare(spool)
    inbox = get_mailbox(account.reader, "Inbox")

    def file(n: int) -> Callable[[Tx], int]:
        def job(tx: Tx) -> int:
            added = add_message(tx, NewMessage(inbox.id, content, prepared))
            if n % 3 == 0:
                raise LookupError(n)
            return added.uid

        return job

    results = await asyncio.gather(*(account.write(file(n)) for n in range(60)), return_exceptions=True)
    uids = [r for r in results if isinstance(r, int)]
    assert uids == list(range(1, 41))
    assert sum(isinstance(r, LookupError) for r in results) == 20
    spool.discard()
    assert check_consistency(account) == []


async def test_the_last_uid_is_given_and_no_more(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    await account.write(lambda tx: tx.connection.run("UPDATE mailbox SET uidnext = 4294967295"))
    assert (await deposit(account, PLAIN)).uid == 2**32 - 1
    with pytest.raises(UidsExhaustedError):
        await deposit(account, PLAIN)
    assert check_consistency(account) == []


async def test_announces_new_keywords_once_and_before_nobody_asks(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    listener = account.switchboard.listen()
    me = object()
    await deposit(account, PLAIN, flags="Urgent \\Seen", origin=me)
    await deposit(account, PLAIN, flags="urgent")
    inbox = get_mailbox(account.reader, "Inbox")
    assert inbox.keywords == ("urgent",)
    first, second = listener.take()
    assert first.origin is me
    assert second.origin is None
    assert [type(c) for c in first.changes] == [KeywordsAdded, MessagesAdded]
    assert first.changes[1] == MessagesAdded(inbox.id, first.changes[0].modseq, ((1, "\\Seen urgent"),))
    assert [type(c) for c in second.changes] == [MessagesAdded]
    log = account.reader.rows("SELECT kind, data FROM change ORDER BY id")
    assert log[-1] == ("MessagesAdded", '{"uids":"2"}')


async def test_keeps_how_it_came(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    arrival = Arrival("a@x.example", "b@y.example", "10.0.0.1", {"ehlo": "x"}, ({"check": "spf"},))
    await deposit(account, PLAIN, arrival=arrival)
    row = account.reader.row(
        "SELECT envelope_from, envelope_to, remote_ip, transport, decisions FROM content"
    )
    assert row is not None
    assert row[:3] == ("a@x.example", "b@y.example", "10.0.0.1")
    assert (json.loads(row[3]), json.loads(row[4])) == ({"ehlo": "x"}, [{"check": "spf"}])


async def test_dates_are_written_as_imap_writes_them(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    added = await deposit(account, PLAIN, received_at=951_782_405)
    [(row, content)] = stored_messages(account, added.mailbox_id, [1])
    assert content.internaldate == "29-Feb-2000 00:00:05 +0000"
    assert row.received_at == 951_782_405
    assert row.saved_at == 1_893_456_000  # The clock's.


def threads(account: Account) -> list[tuple[int, list[int], int]]:
    rows = account.reader.rows(
        "SELECT thread_id, thread_parents, thread_missing_link "
        "FROM message JOIN content USING (id) ORDER BY id"
    )
    return [(thread, json.loads(parents), missing) for thread, parents, missing in rows]


def message(id_: str = "", *, refs: str = "", subject: str = "", to: str = "") -> bytes:
    fields = {"Message-ID": id_, "References": refs, "In-Reply-To": to, "Subject": subject}
    return "".join(f"{k}: {v}\r\n" for k, v in fields.items() if v).encode() + b"\r\nx\r\n"


async def test_a_reply_joins_the_thread_of_its_closest_known_ancestor(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    await deposit(account, message("<1@x>", subject="plan"))
    await deposit(account, message("<2@x>", refs="<1@x>", subject="Re: plan"))
    await deposit(account, message("<3@x>", refs="<1@x> <2@x> <gone@x>", subject="RE: plan"))
    await deposit(account, message("<4@x>", to="<3@x>", subject="plan"))
    assert threads(account) == [(1, [], 0), (1, [1], 0), (1, [2, 1], 1), (1, [3, 2, 1], 0)]
    assert check_consistency(account) == []


async def test_references_to_another_subject_begin_a_thread(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    await deposit(account, message("<1@x>", subject="plan"))
    await deposit(account, message("<2@x>", refs="<1@x>", subject="another matter"))
    assert threads(account) == [(1, [], 0), (2, [], 0)]


async def test_messages_without_a_subject_thread_by_references(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    await deposit(account, message("<1@x>"))
    await deposit(account, message("<2@x>", refs="<1@x>"))
    assert threads(account) == [(1, [], 0), (1, [1], 0)]


async def test_a_second_copy_hangs_below_the_first(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    await deposit(account, message("<1@x>"))
    await deposit(account, message("<1@x>"), "Archive")
    assert threads(account) == [(1, [], 0), (1, [1], 1)]


async def test_a_bare_reply_follows_recent_mail_of_the_same_mailbox_and_subject(
    store: Store, deposit: Deposit
) -> None:
    account = store.account("mox")
    day, now = 24 * 3600, 1_900_000_000
    await deposit(account, message(subject="plan"), received_at=now - 29 * day)
    await deposit(account, message(subject="plan"), "Archive", received_at=now)
    await deposit(account, message(subject="plan"), received_at=now - 27 * day)
    await deposit(account, message(subject="Re: plan"), received_at=now)
    await deposit(account, message(subject="plan"), received_at=now)
    assert threads(account) == [(1, [], 0), (2, [], 0), (3, [], 0), (3, [3], 1), (5, [], 0)]
