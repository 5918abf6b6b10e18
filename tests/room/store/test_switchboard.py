"""Announcing changes: in commit order, to everybody, and bounded."""

import asyncio

from mox.store import Listener, MailboxAdded, Store, Tx, create_mailbox, subscribe
from mox.store.switchboard import Batch, Switchboard


async def test_batches_come_in_commit_order_with_their_origin(store: Store) -> None:
    account = store.account("mox")
    ear, late = account.switchboard.listen(), account.switchboard.listen()
    origins = [object() for _ in range(50)]

    def create(n: int) -> object:
        def job(tx: Tx) -> None:
            create_mailbox(tx, f"m{n}")
            if n % 7 == 3:
                raise LookupError

        return account.write(job, origins[n])

    await asyncio.gather(*(create(n) for n in range(50)), return_exceptions=True)  # type: ignore[call-overload]
    heard = ear.take()
    assert [b.origin for b in heard] == [o for n, o in enumerate(origins) if n % 7 != 3]
    modseqs = [c.modseq for b in heard for c in b.changes]
    assert modseqs == sorted(modseqs)
    assert late.take() == heard


async def test_a_caller_wakes_up_after_the_announcement(store: Store) -> None:
    account = store.account("mox")
    ear = account.switchboard.listen()
    await account.write(lambda tx: subscribe(tx, "x"))
    assert len(ear.take()) == 1


async def test_waiting_ends_with_a_batch_and_nobody_waits_when_there_is_one(store: Store) -> None:
    account = store.account("mox")
    ear = account.switchboard.listen()
    waiting = asyncio.ensure_future(ear.wait())
    await asyncio.sleep(0)
    assert not waiting.done()
    await account.write(lambda tx: subscribe(tx, "x"))
    await waiting
    await ear.wait()
    account.switchboard.leave(ear)
    await account.write(lambda tx: subscribe(tx, "y"))
    assert len(ear.take()) == 1


def batch(changes: int) -> Batch:
    return Batch(None, (MailboxAdded(1, 1, "x"),) * changes)


def test_a_listener_that_does_not_read_is_told_that_it_missed_something() -> None:
    ear = Listener()
    for _ in range(100):
        ear.hear(batch(100))
    kept = ear.overflowed
    ear.hear(batch(1))
    assert (kept, ear.overflowed, bool(ear)) == (False, True, True)
    assert ear.take() == []
    ear.hear(batch(1))
    assert ear.take() == []
    ear.overflowed = False
    ear.hear(batch(1))
    assert ear.take() == [batch(1)]


def test_a_listener_that_left_hears_nothing() -> None:
    board = Switchboard()
    ear = board.listen()
    board.leave(ear)
    board.leave(ear)
    board.publish(Batch(None, (MailboxAdded(1, 1, "x"),)))
    assert not ear
    assert len(board) == 0
