"""Other settings tried on the mail that is there."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mox.filtering.classifier import (
    Classifiers,
    CountsUnreadableError,
    StoredCounts,
    backtest,
    check_counts,
)
from mox.filtering.classifier.counts import open_words
from mox.store import Store
from room.deposits import Deposit
from room.filtering.classifier.learner import JUNK, NOTJUNK, SETTINGS, counted, message

GOOD, BAD = ("meeting", "report", "lunch"), ("cheap", "pills", "winner", "casino", "bonus")


@pytest.fixture
async def folder(store: Store, deposit: Deposit) -> Path:
    """Return the directory of an account that learned 60 good messages and 21 of junk, one unusual."""
    account = store.account("mox")
    for number in range(80):
        is_junk = number % 4 == 0
        await deposit(account, message(BAD if is_junk else GOOD), flags=JUNK if is_junk else NOTJUNK)
    await deposit(
        account,
        b"From: Eve <eve@junk.example>\r\nSubject: odd one\r\n\r\nmeeting cheap pills winner",
        flags=JUNK,
    )
    classifiers = Classifiers(store=store, settings=lambda _: SETTINGS)
    while await classifiers.of("mox").learn():
        pass
    await classifiers.close()
    return account.files.root.parent


@pytest.fixture
def stored(folder: Path) -> Iterator[StoredCounts]:
    with StoredCounts.open(folder) as stored:
        yield stored


def test_same_settings_flip_nothing(stored: StoredCounts) -> None:
    judged = list(backtest(stored, SETTINGS, SETTINGS, most=1000))
    assert len(judged) == 81
    assert not [each for each in judged if each.flip]
    assert sum(each.was_refused for each in judged) == 20


def test_a_lower_threshold_catches_what_was_unsure(stored: StoredCounts) -> None:
    judged = list(backtest(stored, SETTINGS, replace(SETTINGS, threshold=0.5), most=1000))
    (flip,) = [each.flip for each in judged if each.flip]
    assert (flip.mailbox, flip.sender, flip.subject) == ("Inbox", "Eve <eve@junk.example>", "odd one")
    assert flip.is_refused
    assert flip.is_junk
    assert 0.5 < flip.before <= 0.95
    assert flip.before == flip.after


def test_newest_first_and_no_more_than_asked_for(stored: StoredCounts) -> None:
    (only,) = backtest(stored, SETTINGS, replace(SETTINGS, threshold=0.5), most=1)
    assert only.flip is not None
    assert only.flip.subject == "odd one"


async def test_a_message_does_not_vouch_for_itself(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    for _ in range(60):
        await deposit(account, message(GOOD), flags=NOTJUNK)
    await deposit(account, message(("unique", "words", "only", "here", "nowhere", "else")), flags=JUNK)
    classifiers = Classifiers(store=store, settings=lambda _: SETTINGS)
    while await classifiers.of("mox").learn():
        pass
    await classifiers.close()
    with StoredCounts.open(account.files.root.parent) as stored:
        (judged,) = backtest(stored, SETTINGS, replace(SETTINGS, threshold=0.4), most=1)
    assert judged.flip is not None
    assert judged.flip.before == 0.5


def test_nothing_is_changed(folder: Path) -> None:
    before = (folder / "junk.db").read_bytes()
    with StoredCounts.open(folder) as stored:
        list(backtest(stored, SETTINGS, replace(SETTINGS, threshold=0.1), most=1000))
        check_counts(stored)
    assert (folder / "junk.db").read_bytes() == before


def test_what_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CountsUnreadableError, match="no mail"), StoredCounts.open(tmp_path):
        pass
    words = open_words(folder / "junk.db")
    words.run("UPDATE state SET made_of = '0/other'")
    words.close()
    with pytest.raises(CountsUnreadableError, match="version"), StoredCounts.open(folder):
        pass
    (folder / "junk.db").write_bytes(b"no database " * 100)
    with pytest.raises(CountsUnreadableError), StoredCounts.open(folder):
        pass
    (folder / "junk.db").unlink()
    with pytest.raises(CountsUnreadableError, match="nothing was learned"), StoredCounts.open(folder):
        pass


# --- checking


def test_right_counts(stored: StoredCounts) -> None:
    check = check_counts(stored)
    assert (check.ham, check.junk, check.different, check.problem) == (60, 21, 0, "")
    assert check.words == len(counted(stored.words).words)


async def test_counts_that_are_late_are_right(store: Store, deposit: Deposit, folder: Path) -> None:
    await deposit(store.account("mox"), message(BAD), flags=JUNK)
    with StoredCounts.open(folder) as stored:
        check = check_counts(stored)
    assert (check.junk, check.problem) == (22, "")


@pytest.mark.parametrize(
    ("damage", "different"),
    [
        ("UPDATE word SET ham = ham + 1 WHERE id = (SELECT min(id) FROM word)", 1),
        ("DELETE FROM word WHERE id = (SELECT max(id) FROM word)", 1),
        ("INSERT INTO word VALUES (77, 1, 1)", 1),
        ("UPDATE state SET ham = ham + 1", 0),
    ],
)
def test_wrong_counts_are_told(folder: Path, damage: str, different: int) -> None:
    words = open_words(folder / "junk.db")
    words.run(damage)
    words.close()
    with StoredCounts.open(folder) as stored:
        check = check_counts(stored)
    assert check.problem == "counts differ from a recount"
    assert check.different == different


def test_stale_counts_are_told(folder: Path) -> None:
    words = open_words(folder / "junk.db")
    words.run("UPDATE state SET modseq = 100000")
    words.close()
    with StoredCounts.open(folder) as stored:
        assert "another state" in check_counts(stored).problem
