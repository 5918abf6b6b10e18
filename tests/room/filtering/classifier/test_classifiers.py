"""Classifiers by account: one each, closed when unused, tokens made once for several recipients."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from mox.filtering.classifier import Classifiers, Grams, tokenize
from mox.store import AccountUnknownError, Store
from room.deposits import Deposit
from room.filtering.classifier.learner import JUNK, NOTJUNK, SETTINGS, message


@pytest.fixture
async def classifiers(store: Store) -> AsyncIterator[Classifiers]:
    settings = {"none": None, "pairs": replace(SETTINGS, twograms=True)}
    classifiers = Classifiers(store=store, settings=lambda name: settings.get(name, SETTINGS))
    yield classifiers
    await classifiers.close()


async def test_one_each(classifiers: Classifiers) -> None:
    assert classifiers.of("mox") is classifiers.of("mox")
    assert classifiers.of("mox") is not classifiers.of("other")
    with pytest.raises(AccountUnknownError):
        classifiers.of("no/such")


async def test_tokens_serve_all_recipients(classifiers: Classifiers, store: Store, deposit: Deposit) -> None:
    for name in ("mox", "pairs"):
        for number in range(60):
            await deposit(
                store.account(name),
                message(("meeting", "report") if number % 5 else ("cheap", "pills")),
                flags=NOTJUNK if number % 5 else JUNK,
            )
        while await classifiers.of(name).learn():
            pass
    spool = store.spools.new()
    spool.write(message(("cheap", "pills")))
    content, _ = await store.prepare(spool)
    prefix = b"Return-Path: <bounces@sender.example>\r\n"
    taken_apart = classifiers.take_apart(content, ["mox", "pairs", "none"], prefix)
    names = ("mox", "pairs", "none")
    said = {name: await classifiers.of(name).classify(taken_apart.tokens) for name in names}
    tokens = taken_apart.tokens()
    assert tokens == tokenize(message(("cheap", "pills")), Grams.ONE | Grams.TWO, prefix)
    assert classifiers.take_apart(content, ["none"]).tokens().texts == {}
    assert classifiers.take_apart(content, ["mox", "none"]).tokens().grams is Grams.ONE
    # Once for all.
    assert taken_apart.tokens() is tokens
    spool.discard()
    assert said["none"] is None
    texts = {name: {word.text for word in each.words} for name, each in said.items() if each is not None}
    assert texts == {"mox": {"cheap", "pills"}, "pairs": {"cheap", "pills", "cheap pills"}}


async def test_unused_ones_are_closed(classifiers: Classifiers) -> None:
    first = classifiers.of("account0")
    for number in range(1, 101):
        classifiers.of(f"account{number}")
    assert classifiers.of("account0") is not first
