"""The classifier of an account: learning, asking, and going on when its database does not."""

import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from mox.config import JunkFilter
from mox.filtering.classifier import Classifier, Grams, tokenize
from mox.filtering.classifier.classifier import FILE_NAME
from mox.filtering.classifier.counts import open_words
from mox.store import Store, erase_due, expunge_messages, get_mailbox
from moxkit.testing import FakeClock
from room.deposits import Deposit
from room.filtering.classifier.learner import JUNK, NOTJUNK, SETTINGS, counted, message

GOOD, BAD = ("meeting", "report", "lunch"), ("cheap", "pills", "winner", "casino", "bonus")


class Wishes:
    """Settings that change while the server runs."""

    def __init__(self) -> None:
        self.settings: JunkFilter | None = SETTINGS

    def __call__(self) -> JunkFilter | None:
        return self.settings


@pytest.fixture
def wishes() -> Wishes:
    return Wishes()


@pytest.fixture
def path(store: Store) -> Path:
    return store.account("mox").files.root.parent / FILE_NAME


def make(store: Store, pool: ThreadPoolExecutor, wishes: Wishes) -> Classifier:
    account = store.account("mox")
    return Classifier(
        directory=account.files.root.parent,
        account=account.object_prefix,
        files=account.files,
        pool=pool,
        computing=pool,
        settings=wishes,
    )


@pytest.fixture
async def classifier(
    store: Store, deposit: Deposit, pool: ThreadPoolExecutor, wishes: Wishes
) -> AsyncIterator[Classifier]:
    """Return a classifier of an account with 60 good messages and 30 of junk, not learned yet."""
    account = store.account("mox")
    for number in range(90):
        await deposit(
            account,
            message(BAD if number % 3 == 0 else GOOD),
            flags=JUNK if number % 3 == 0 else NOTJUNK,
        )
    classifier = make(store, pool, wishes)
    yield classifier
    await classifier.finish()
    classifier.close()


async def learn(classifier: Classifier) -> None:
    while await classifier.learn():
        pass


async def probability(classifier: Classifier, words: tuple[str, ...] = BAD) -> float:
    said = await classifier.classify(lambda: tokenize(message(words), Grams.ONE))
    assert said is not None
    return said.probability


def is_anew(classifier: Classifier) -> bool:
    """Ask each time: the type checker thinks that properties stay."""
    return classifier.is_learning_anew


async def test_learns_and_judges(classifier: Classifier) -> None:
    assert await probability(classifier) == 0.5
    await learn(classifier)
    said = await classifier.classify(lambda: tokenize(message(BAD), Grams.ONE))
    assert said is not None
    assert said.is_significant
    assert said.probability > 0.99
    assert [(word.text, word.ham, word.junk) for word in said.words[:1]] == [("casino", 0, 30)]
    assert await probability(classifier, GOOD) < 0.01
    assert await probability(classifier, ("unknown",)) == 0.5


async def test_who_wants_no_filter_has_none(classifier: Classifier, wishes: Wishes, path: Path) -> None:
    wishes.settings = None
    assert not await classifier.learn()
    assert not await classifier.learn_apart()
    assert await classifier.classify(lambda: tokenize(message(BAD), Grams.ONE)) is None
    assert not path.exists()  # noqa: ASYNC240  a test


async def test_a_process_of_its_own_learns_the_same(
    classifier: Classifier, path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    while await classifier.learn_apart():
        pass
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    words = open_words(path)
    apart = counted(words)
    words.close()
    await classifier.learn_anew()
    await learn(classifier)
    words = open_words(path)
    assert counted(words) == apart
    assert (apart.ham, apart.junk) == (60, 30)
    words.close()


async def test_other_words_in_a_row_are_learned_anew_while_the_old_ones_answer(
    classifier: Classifier, wishes: Wishes
) -> None:
    await learn(classifier)
    wishes.settings = replace(SETTINGS, twograms=True)
    assert await classifier.learn()
    assert is_anew(classifier)
    assert await probability(classifier) > 0.99
    await learn(classifier)
    assert not is_anew(classifier)
    said = await classifier.classify(lambda: tokenize(message(("cheap", "pills")), Grams.TWO))
    assert said is not None
    assert [word.text for word in said.words] == ["cheap pills"]


async def test_learning_anew_goes_on_after_a_restart(
    classifier: Classifier, store: Store, pool: ThreadPoolExecutor, wishes: Wishes, path: Path
) -> None:
    await learn(classifier)
    words = open_words(path)
    words.run("UPDATE word SET junk = 0")
    words.close()
    await classifier.learn_anew()
    await classifier.learn()
    await classifier.finish()
    classifier.close()
    another = make(store, pool, wishes)
    assert is_anew(another)
    assert await probability(another) < 0.99
    await learn(another)
    assert not is_anew(another)
    assert await probability(another) > 0.99
    another.close()


@pytest.mark.parametrize("octets", [b"", b"not a database, and long enough to be looked at " * 30])
async def test_a_damaged_database_is_made_anew(
    classifier: Classifier,
    store: Store,
    pool: ThreadPoolExecutor,
    wishes: Wishes,
    path: Path,
    octets: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path.write_bytes(octets)  # noqa: ASYNC240  a test
    again = make(store, pool, wishes)
    assert await probability(again) == 0.5
    # An empty file may be one that was made just now.
    assert ("junk words are damaged" in caplog.text) is bool(octets)
    await learn(again)
    assert await probability(again) > 0.99
    await again.finish()
    again.close()


async def test_a_page_that_is_damaged_later_is_no_failure(
    classifier: Classifier, store: Store, pool: ThreadPoolExecutor, wishes: Wishes, path: Path
) -> None:
    await learn(classifier)
    classifier.close()
    octets = bytearray(path.read_bytes())  # noqa: ASYNC240  a test
    for at in range(4096, len(octets), 4096):
        octets[at : at + 64] = b"\xff" * 64
    path.write_bytes(octets)  # noqa: ASYNC240  a test
    again = make(store, pool, wishes)
    await probability(again)
    await learn(again)
    assert await probability(again) > 0.99
    await again.finish()
    again.close()


async def test_what_cannot_be_unlearned_is_learned_anew(
    classifier: Classifier, store: Store, clock: FakeClock, path: Path
) -> None:
    account = store.account("mox")
    await learn(classifier)
    inbox = get_mailbox(account.reader, "Inbox").id
    await account.write(lambda tx: expunge_messages(tx, inbox, range(1, 10)))
    clock.jump(3 * 86400)
    for id_ in await account.write(erase_due):
        account.files.remove(id_)
    await learn(classifier)
    words = open_words(path)
    assert (counted(words).ham, counted(words).junk) == (54, 27)
    words.close()


async def test_a_folder_that_cannot_be_written_is_no_failure(classifier: Classifier, path: Path) -> None:
    path.mkdir()  # noqa: ASYNC240  a test
    # It gives up, and tries again at the next change.
    for _ in range(10):
        if not await classifier.learn():
            break
    else:
        pytest.fail("it goes on for ever")
    assert await probability(classifier) == 0.5


async def test_progress(classifier: Classifier) -> None:
    assert await classifier.progress() is None
    await classifier.learn()
    progress = await classifier.progress()
    assert progress is not None
    assert 0 < progress.looked_at < progress.of
    await learn(classifier)
    progress = await classifier.progress()
    assert progress is not None
    assert progress.looked_at == progress.of
    assert (progress.ham, progress.junk) == (60, 30)
