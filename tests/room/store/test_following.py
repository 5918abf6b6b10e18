"""Two processes on one account: each hears what the other did, once and in the order of commits."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.database import DriverError
from mox.runtime import Worker
from mox.store import (
    Account,
    AccountUnknownError,
    Batch,
    Change,
    FlagChange,
    FlagsAction,
    MailboxAdded,
    MessagesAdded,
    Store,
    Tx,
    change_flags,
    check_consistency,
    create_mailbox,
    delete_mailbox,
    expunge_messages,
    following as following_module,
    get_mailbox,
    list_messages,
    move_messages,
    parse_flags,
    rename_mailbox,
    set_annotations,
    set_special_use,
    subscribe,
    unsubscribe,
)
from moxkit.testing import FakeClock
from room.deposits import depositor

LETTER = b"Subject: hello\r\n\r\nsome words\r\n"


class Workers:
    """Two stores on one directory, as two processes have them; notices go at once, or not at all."""

    def __init__(self, directory: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> None:
        self.is_told = True
        self.stores = [
            Store(
                directory=directory,
                clock=clock,
                pool=pool,
                worker=Worker(number, 2),
                tell_others=lambda name, number=number: self._tell(1 - number, name),  # type: ignore[misc]  # bound now
            )
            for number in range(2)
        ]
        self.first, self.second = (store.account("mox") for store in self.stores)
        self.ears = [account.switchboard.listen() for account in (self.first, self.second)]

    def _tell(self, number: int, name: str) -> None:
        if self.is_told:
            self.stores[number].heard(name)

    def heard(self, number: int) -> list[Batch]:
        return self.ears[number].take()


@pytest.fixture
async def workers(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Workers]:
    with ThreadPoolExecutor(8) as pool:
        workers = Workers(tmp_path / "data", clock, pool)
        yield workers
        for store in workers.stores:
            await store.close()


def changes(batches: Sequence[Batch]) -> list[Change]:
    return [change for batch in batches for change in batch.changes]


def inbox(account: Account) -> int:
    return get_mailbox(account.reader, "Inbox").id


def work(account: Account) -> list[Callable[[Tx], object]]:
    """Return one of each kind of change; `account` has three messages."""
    flags = FlagChange(FlagsAction.ADD, parse_flags(["\\Seen", "word"]))
    return [
        lambda tx: create_mailbox(tx, "Lists/Python"),
        lambda tx: change_flags(tx, inbox(account), [(1, 1), (3, 3)], flags),
        lambda tx: move_messages(tx, inbox(account), [(2, 2)], "Lists/Python"),
        lambda tx: expunge_messages(tx, inbox(account), [1]),
        lambda tx: set_special_use(tx, get_mailbox(account.reader, "Lists/Python").id, "\\Archive"),
        lambda tx: set_annotations(tx, inbox(account), [("/private/comment", b"mine")]),
        lambda tx: set_annotations(tx, None, [("/private/comment", b"mine")]),
        lambda tx: unsubscribe(tx, "Drafts"),
        lambda tx: subscribe(tx, "Drafts"),
        lambda tx: rename_mailbox(tx, "Lists", "Groups"),
        lambda tx: create_mailbox(tx, "Short"),
        lambda tx: delete_mailbox(tx, "Short"),
    ]


async def test_each_kind_of_change_is_heard_as_it_was(workers: Workers) -> None:
    deposit = depositor(workers.stores[0])
    for _ in range(3):
        await deposit(workers.first, LETTER, flags="\\Flagged")
    for function in work(workers.first):
        await workers.first.write(function)
    mine, others = workers.heard(0), workers.heard(1)
    assert changes(others) == changes(mine)
    assert len({type(change) for change in changes(others)}) == 11
    assert {batch.origin for batch in others} == {None}


async def test_own_changes_keep_their_origin_and_their_place(workers: Workers) -> None:
    workers.is_told = False
    one, other = object(), object()
    await workers.first.write(lambda tx: create_mailbox(tx, "a"), one)
    await workers.second.write(lambda tx: create_mailbox(tx, "b"), other)
    await workers.first.write(lambda tx: create_mailbox(tx, "c"), one)
    names = [
        (batch.origin, change.name)
        for number in range(2)
        for batch in workers.heard(number)
        for change in batch.changes
        if isinstance(change, MailboxAdded)
    ]
    # The second has not heard of `c`: nobody told it, and nothing made it look.
    assert names == [(one, "a"), (None, "b"), (one, "c"), (None, "a"), (other, "b")]
    workers.second.catch_up()
    [batch] = workers.heard(1)
    assert batch.origin is None
    workers.second.catch_up()
    assert workers.heard(1) == []


async def test_what_both_do_at_once_is_heard_by_both_in_the_same_order(workers: Workers) -> None:
    deposits = [depositor(store) for store in workers.stores]
    await asyncio.gather(
        *(
            deposit(account, LETTER, origin=number)
            for number, (deposit, account) in enumerate(
                zip(deposits, (workers.first, workers.second), strict=True)
            )
            for _ in range(40)
        )
    )
    for account in (workers.first, workers.second):
        account.catch_up()
    heard = [workers.heard(number) for number in range(2)]
    modseqs = [[change.modseq for change in changes(batches)] for batches in heard]
    assert modseqs[0] == modseqs[1] == sorted(set(modseqs[0]))
    assert changes(heard[0]) == changes(heard[1])
    for number, batches in enumerate(heard):
        assert [batch.origin for batch in batches].count(number) == 40
        assert len(changes([batch for batch in batches if batch.origin is None])) == 40
    uids = [uid for each in changes(heard[0]) if isinstance(each, MessagesAdded) for uid, _ in each.messages]
    assert uids == list(range(1, 81))
    assert check_consistency(workers.first) == []


async def test_a_change_that_failed_is_not_told(workers: Workers) -> None:
    def fail(tx: Tx) -> None:
        create_mailbox(tx, "lost")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await workers.first.write(fail)
    await workers.second.write(lambda tx: create_mailbox(tx, "kept"))
    for number in range(2):
        [change] = changes(workers.heard(number))
        assert isinstance(change, MailboxAdded)
        assert change.name == "kept"


async def test_who_would_have_to_be_told_too_much_looks_for_itself(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following_module, "_MOST_MESSAGES", 5)
    called: list[str] = []
    workers.stores[1].call_indexer = called.append
    workers.is_told = False
    deposit = depositor(workers.stores[0])
    for _ in range(5):
        await deposit(workers.first, LETTER)
    workers.stores[1].heard("mox")
    assert workers.ears[1].overflowed
    assert workers.heard(1) == []
    assert called == ["mox"]


async def test_work_in_the_background_is_called_for_without_anybody_listening(
    workers: Workers, tmp_path: Path, clock: FakeClock
) -> None:
    calls: list[tuple[str, str]] = []
    workers.stores[1].call_indexer = lambda name: calls.append(("index", name))
    workers.stores[1].call_trainer = lambda name: calls.append(("train", name))
    workers.second.switchboard.leave(workers.ears[1])
    await depositor(workers.stores[0])(workers.first, LETTER)
    assert calls == [("index", "mox"), ("train", "mox")]
    # Nor need it be open.
    calls.clear()
    await depositor(workers.stores[0])(workers.stores[0].account("pat"), LETTER)
    assert calls == [("index", "pat"), ("train", "pat")]


async def test_what_another_process_removed_is_of_nobody(workers: Workers) -> None:
    accounts = workers.first.files.root.parent.parent
    shutil.rmtree(accounts / "mox")
    with pytest.raises(AccountUnknownError):
        await workers.second.write(lambda tx: create_mailbox(tx, "lost"))
    # It was made again, with the same name.
    again = workers.stores[0].account("mox")
    assert again is not workers.first
    await again.write(lambda tx: create_mailbox(tx, "new"))
    assert get_mailbox(workers.stores[1].account("mox").reader, "new").name == "new"
    with pytest.raises(AccountUnknownError):
        await workers.second.write(lambda tx: create_mailbox(tx, "lost"))
    # Who had the old one may let go now.
    workers.second.switchboard.leave(workers.ears[1])
    workers.stores[1].account("other")
    with pytest.raises(DriverError):
        list_messages(workers.second.reader).__next__()


async def test_files_that_a_killed_process_left_are_in_nobodys_way(workers: Workers) -> None:
    deposit = depositor(workers.stores[0])
    await deposit(workers.first, LETTER)
    # It died between links and COMMIT; one of the batch had been undone.
    for message_id in (3, 4):
        workers.first.files.path(message_id).write_bytes(b"half of a batch")
    await deposit(workers.first, LETTER)
    await depositor(workers.stores[1])(workers.second, LETTER)
    assert sorted(each.id for each in list_messages(workers.first.reader)) == [1, 2, 5]
    assert check_consistency(workers.first) != []
    assert {path.name for path in workers.first.files.path(1).parent.iterdir()} == {"1", "2", "3", "4", "5"}


async def test_the_index_of_searches_is_one_process_s_and_everybody_s(workers: Workers) -> None:
    deposit = depositor(workers.stores[1])
    await deposit(workers.second, LETTER)
    assert await workers.second.search_index.waiting() is None
    await workers.first.search_index.fill()
    assert await workers.second.search_index.waiting() == 0
    # What was opened is not what is there any more.
    workers.first.search_index.note_damage(ValueError("a test"))
    await deposit(workers.second, LETTER)
    await workers.first.search_index.fill()
    assert await workers.second.search_index.waiting() == 0
    assert len(workers.second.search_index.texts([1, 2])) == 2
