"""Learning follows the account: random histories against a plain recount, and what a crash leaves."""

import asyncio
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from mox.database import Connection, open_reader
from mox.filtering.classifier import Grams, tokenize
from mox.filtering.classifier.counts import StaleCountsError, open_words, read_state
from mox.filtering.classifier.learning import Recipe, learn_batch, parse_recipe, read_progress
from mox.store import (
    Account,
    MessageFiles,
    Store,
    copy_messages,
    delete_mailbox,
    ensure_mailbox,
    erase_due,
    expunge_messages,
    get_mailbox,
    live_uids,
    move_messages,
)
from moxkit.testing import FakeClock
from room.deposits import Deposit, depositor
from room.filtering.classifier.learner import JUNK, NOTJUNK, Counted, counted, message, reflag

GRAMS = Grams.ONE | Grams.TWO
TEXTS = (("alpha", "beta"), ("beta", "gamma", "delta"), ("epsilon", "alpha"))
FLAGS = ("", JUNK, NOTJUNK, f"{JUNK} {NOTJUNK}", f"\\Seen {JUNK}")
BOXES = ("Inbox", "Archive", "Junk")


class PulledPlugError(Exception):
    """A crash on purpose."""


class Dying(Connection):
    """A database whose program dies at the next COMMIT."""

    __slots__ = ()

    def run(self, sql: str, **parameters: object) -> None:
        if sql == "COMMIT":
            raise PulledPlugError
        super().run(sql, **parameters)


class Learner:
    """The counts of an account, learned by hand."""

    def __init__(self, account: Account, path: Path, grams: Grams = GRAMS) -> None:
        self.mail = open_reader(account.files.root.parent / "index.db")
        self.path = path
        self.words = open_words(path)
        self.files: MessageFiles = account.files
        self.recipe = Recipe(account.object_prefix, grams)

    def step(self, batch: int = 2) -> bool:
        return learn_batch(self.words, self.mail, self.files, self.recipe, batch=batch)

    def learn(self, batch: int = 2) -> Counted:
        while self.step(batch):
            pass
        return counted(self.words)

    def crash(self) -> None:
        dying = Dying(self.path)
        try:
            learn_batch(dying, self.mail, self.files, self.recipe, batch=2)
        except PulledPlugError:
            pass
        finally:
            dying.close()

    def recount(self) -> Counted:
        """Count all that counts, the plain way."""
        words: dict[int, list[int]] = {}
        learned: dict[int, bool] = {}
        rows = self.mail.rows("SELECT id, flags_text FROM message WHERE expunged_at IS NULL")
        for id_, flags in rows:
            if (JUNK in flags.split()) == (NOTJUNK in flags.split()):
                continue
            learned[id_] = JUNK in flags.split()
            for token in tokenize(self.files.path(id_).read_bytes(), self.recipe.grams).texts:
                words.setdefault(token, [0, 0])[learned[id_]] += 1
        junk = sum(learned.values())
        return Counted(
            len(learned) - junk, junk, {token: (of[0], of[1]) for token, of in words.items()}, learned
        )

    def close(self) -> None:
        self.words.close()
        self.mail.close()


@pytest.fixture
def learner(store: Store, tmp_path: Path) -> Iterator[Learner]:
    made = Learner(store.account("mox"), tmp_path / "junk.db")
    yield made
    made.close()


# --- one kind of change at a time


async def test_every_change_is_followed(store: Store, deposit: Deposit, learner: Learner) -> None:
    account = store.account("mox")
    inbox = get_mailbox(account.reader, "Inbox").id
    for number, flags in enumerate((JUNK, NOTJUNK, "", f"{JUNK} {NOTJUNK}", JUNK)):
        await deposit(account, message(TEXTS[number % 3]), flags=flags)
    assert learner.learn() == learner.recount()
    assert counted(learner.words).junk == 2
    await reflag(account, inbox, (1, 1), NOTJUNK)
    await reflag(account, inbox, (3, 3), JUNK)
    await reflag(account, inbox, (5, 5), "")
    assert learner.learn() == learner.recount()
    await account.write(lambda tx: copy_messages(tx, inbox, [(1, 2)], "Archive"))
    await account.write(lambda tx: move_messages(tx, inbox, [(3, 3)], "Archive"))
    assert learner.learn() == learner.recount()
    assert (counted(learner.words).ham, counted(learner.words).junk) == (4, 1)
    await account.write(lambda tx: expunge_messages(tx, inbox, [1, 2]))
    assert learner.learn() == learner.recount()
    await account.write(lambda tx: delete_mailbox(tx, "Archive"))
    assert learner.learn() == learner.recount() == Counted(0, 0, {}, {})


async def test_moving_to_junk_teaches(store: Store, deposit: Deposit, learner: Learner) -> None:
    account = store.account("mox")
    inbox = get_mailbox(account.reader, "Inbox").id
    await deposit(account, message(TEXTS[0]), flags=NOTJUNK)
    assert learner.learn().ham == 1
    await account.write(lambda tx: move_messages(tx, inbox, [(1, 1)], "Junk"))
    assert learner.learn() == learner.recount()
    assert counted(learner.words).junk == 1


async def test_what_is_done_is_done_once(store: Store, deposit: Deposit, learner: Learner) -> None:
    account = store.account("mox")
    await deposit(account, message(TEXTS[0]), flags=JUNK)
    learner.learn()
    state = read_state(learner.words)
    assert not learner.step()
    assert read_state(learner.words) == state


async def test_change_of_many_messages_is_taken_in_batches(
    store: Store, deposit: Deposit, learner: Learner
) -> None:
    account = store.account("mox")
    inbox = get_mailbox(account.reader, "Inbox").id
    for number in range(10):
        await deposit(account, message(TEXTS[number % 3]))
    learner.learn()
    await reflag(account, inbox, (1, 10), JUNK)
    steps = 0
    while learner.step(batch=3):
        steps += 1
        assert counted(learner.words).junk == min(3 * steps, 10)
    assert steps >= 3
    assert counted(learner.words) == learner.recount()


async def test_change_that_teaches_nothing_comes_to_an_end(
    store: Store, deposit: Deposit, learner: Learner
) -> None:
    account = store.account("mox")
    for _ in range(60):
        await deposit(account, b"\r\n")
    learner.learn()
    await reflag(account, get_mailbox(account.reader, "Inbox").id, (1, 60), "\\Seen")
    steps = 1
    while learner.step(batch=1):
        steps += 1
    # So many are looked at in one transaction, and no more.
    assert steps == 1 + 2 * 60 // 40


async def test_forgotten_changes_lead_to_a_comparison(
    store: Store, deposit: Deposit, learner: Learner
) -> None:
    account = store.account("mox")
    inbox = get_mailbox(account.reader, "Inbox").id
    for number in range(5):
        await deposit(account, message(TEXTS[number % 3]), flags=JUNK)
    learner.learn()
    await account.write(lambda tx: expunge_messages(tx, inbox, [2]))
    await reflag(account, inbox, (3, 3), NOTJUNK)
    await account.write(lambda tx: tx.connection.run("DELETE FROM change"))
    await account.write(
        lambda tx: tx.connection.run("UPDATE account SET purged_modseq = :modseq", modseq=tx.modseq)
    )
    assert learner.learn() == learner.recount()


async def test_message_that_is_erased_before_it_is_unlearned(
    store: Store, deposit: Deposit, clock: FakeClock, learner: Learner
) -> None:
    account = store.account("mox")
    inbox = get_mailbox(account.reader, "Inbox").id
    added = await deposit(account, message(TEXTS[0]), flags=JUNK)
    learner.learn()
    await account.write(lambda tx: expunge_messages(tx, inbox, [added.uid]))
    clock.jump(3 * 86400)
    for id_ in await account.write(erase_due):
        account.files.remove(id_)
    with pytest.raises(StaleCountsError, match="erased"):
        learner.learn()


async def test_message_whose_file_is_missing_is_passed_over(
    store: Store, deposit: Deposit, learner: Learner
) -> None:
    account = store.account("mox")
    lost = await deposit(account, message(TEXTS[0]), flags=JUNK)
    await deposit(account, message(TEXTS[1]), flags=JUNK)
    account.files.remove(lost.id)
    assert learner.learn().junk == 1


async def test_counts_of_another_state_or_kind_are_stale(
    store: Store, deposit: Deposit, learner: Learner
) -> None:
    account = store.account("mox")
    await deposit(account, message(TEXTS[0]), flags=JUNK)
    learner.learn()
    recipe = learner.recipe
    for other in (Recipe(recipe.account, Grams.ONE), Recipe("other", recipe.grams)):
        learner.recipe = other
        with pytest.raises(StaleCountsError):
            learner.step()
    learner.recipe = recipe
    learner.words.run("UPDATE state SET modseq = 1000")
    with pytest.raises(StaleCountsError):
        learner.step()


async def test_oldest_messages_make_room(store: Store, deposit: Deposit, learner: Learner) -> None:
    account = store.account("mox")
    for number in range(40):
        words = [f"word{chr(97 + number % 26)}{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(100)]
        await deposit(account, message([*words, f"m{chr(97 + number % 26)}x"]), flags=JUNK)
    learner.learn()
    everything = counted(learner.words)
    octets = learner.words.value("PRAGMA page_count") * learner.words.value("PRAGMA page_size")
    while learn_batch(
        learner.words, learner.mail, learner.files, learner.recipe, batch=2, most_octets=octets // 2
    ):
        pass
    left = counted(learner.words)
    assert 0 < left.junk < everything.junk
    assert min(left.learned) > min(everything.learned)
    assert max(left.learned) == max(everything.learned)
    # What does not count any more does not come back by a change of flags.
    await reflag(account, get_mailbox(account.reader, "Inbox").id, (1, 1), NOTJUNK)
    assert learner.learn() == left


async def test_progress(store: Store, deposit: Deposit, learner: Learner) -> None:
    account = store.account("mox")
    ids = [(await deposit(account, message(TEXTS[0]), flags=JUNK)).id for _ in range(5)]
    assert (read_progress(learner.words, learner.mail).looked_at) == 0
    learner.step()
    progress = read_progress(learner.words, learner.mail)
    assert 0 < progress.looked_at < progress.of == ids[-1]
    learner.learn()
    progress = read_progress(learner.words, learner.mail)
    assert (progress.looked_at, progress.of, progress.junk) == (ids[-1], ids[-1], 5)


def test_recipe_can_be_read_back() -> None:
    recipe = Recipe("ab12", Grams.ONE | Grams.THREE)
    assert parse_recipe(recipe.text) == recipe
    for text in ("", "1", "1/2/3", "0/15.0.0/1/x", recipe.text.replace("/5/", "/9/")):
        assert parse_recipe(text) is None


# --- random histories

STEPS = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 2), st.integers(0, 4)),
    st.tuples(st.just("flag"), st.integers(0, 9), st.integers(0, 4)),
    st.tuples(st.just("flagall"), st.integers(0, 4), st.just(0)),
    st.tuples(st.just("copy"), st.integers(0, 9), st.integers(0, 2)),
    st.tuples(st.just("move"), st.integers(0, 9), st.integers(0, 2)),
    st.tuples(st.just("expunge"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("delete"), st.integers(1, 2), st.just(0)),
    st.tuples(st.just("purge"), st.just(0), st.just(0)),
    st.tuples(st.just("step"), st.just(0), st.just(0)),
    st.tuples(st.just("crash"), st.just(0), st.just(0)),
    st.tuples(st.just("learn"), st.just(0), st.just(0)),
)


@contextmanager
def new_store() -> Iterator[tuple[Store, Path]]:
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        yield Store(directory=Path(folder), clock=FakeClock(), pool=pool), Path(folder)


async def change(account: Account, deposit: Deposit, kind: str, one: int, two: int) -> None:
    """Do one step of a history to an account."""
    places = [
        (box, uid)
        for name in BOXES
        for box in [ensured_id(account, name)]
        if box
        for uid in live_uids(account.reader, box)
    ]
    if kind == "add":
        await deposit(account, message(TEXTS[one]), BOXES[one], FLAGS[two])
        return
    if kind == "delete":
        await account.write(lambda tx: delete_mailbox(tx, ensure_mailbox(tx, BOXES[one]).name))
        return
    if kind == "purge":
        await account.write(lambda tx: tx.connection.run("UPDATE account SET purged_modseq = modseq"))
        await account.write(lambda tx: tx.connection.run("DELETE FROM change"))
        return
    if not places:
        return
    box, uid = places[one % len(places)]
    target = BOXES[two % 3]
    await account.write(lambda tx: ensure_mailbox(tx, target))
    if kind == "flag":
        await reflag(account, box, (uid, uid), FLAGS[two])
    elif kind == "flagall":
        await reflag(account, box, (1, 1000), FLAGS[one % 5])
    elif kind == "copy":
        await account.write(lambda tx: copy_messages(tx, box, [(uid, uid)], target))
    elif kind == "move":
        await account.write(lambda tx: move_messages(tx, box, [(uid, uid)], target))
    elif kind == "expunge":
        await account.write(lambda tx: expunge_messages(tx, box, [uid]))


def ensured_id(account: Account, name: str) -> int:
    found = account.reader.value("SELECT id FROM mailbox WHERE name = :n AND expunged_at IS NULL", n=name)
    return found or 0


@given(st.lists(STEPS, max_size=25))
@settings(max_examples=60, deadline=None)
def test_any_history_is_learned_as_a_recount(history: list[tuple[str, int, int]]) -> None:
    async def live(store: Store, folder: Path) -> None:
        account, deposit = store.account("mox"), depositor(store)
        learner = Learner(account, folder / "junk.db")
        try:
            for kind, one, two in history:
                if kind == "step":
                    learner.step()
                elif kind == "crash":
                    learner.crash()
                elif kind == "learn":
                    assert learner.learn() == learner.recount()
                else:
                    await change(account, deposit, kind, one, two)
            assert learner.learn() == learner.recount()
        finally:
            learner.close()
            await store.close()

    with new_store() as (store, folder):
        asyncio.run(live(store, folder))
