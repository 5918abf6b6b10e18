"""The classifier: how long it takes to judge a message and to learn from one, and how large its counts are.

python -m bench.junk                      10,000 messages, about a minute

Words are drawn as people draw them: few often, most seldom, and new ones all the time. A message has about
170 words that count, with pairs and triples some more than 640, as real mail with 2 KB of text has.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.server import Report

from mox.config import JunkFilter
from mox.database import open_reader
from mox.filtering.classifier import Grams, classify_tokens, tokenize
from mox.filtering.classifier.counts import find_counts, open_words
from mox.filtering.classifier.learning import Recipe, learn_batch
from mox.runtime import SystemClock
from mox.store import Account, NewMessage, Store, add_message, get_mailbox, parse_flags

MESSAGES = 10_000
_TOGETHER = 500
_SIZE = 2200
# Of two letters, which do not count.
_SMALL_WORDS = 0.42
_VOCABULARY = 200_000
_SYLLABLES = [a + b for a in ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t") for b in "aeiou"]
_SETTINGS = JunkFilter(
    threshold=0.95, onegrams=True, max_power=0.01, top_words=10, ignore_words=0.1, rare_words=2
)
_KINDS = {"onegrams": Grams.ONE, "all_grams": Grams.ONE | Grams.TWO | Grams.THREE}


def measure_junk(report: Report, scale: float) -> None:
    """Measure with a number of messages that fits the scale."""
    asyncio.run(_measure(report, max(500, int(MESSAGES * scale))))


def _word(rank: int) -> str:
    word = ""
    while True:
        rank, syllable = divmod(rank, len(_SYLLABLES))
        word += _SYLLABLES[syllable]
        if not rank:
            return word if len(word) > 2 else f"{word}n"


def typical_message(number: int) -> bytes:
    """Return a message of about 2 KB; every third is junk and leans to other words."""
    chance = random.Random(number)
    shift = 7 if number % 3 == 0 else 0
    head = (
        f"Return-Path: <bounces@host{number % 500}.example>\r\nFrom: {_word(number % 900)} "
        f"<{_word(number % 900)}@host{number % 500}.example>\r\nTo: <mox@localhost>\r\n"
        f"Subject: {_word(chance.randrange(5000))} {_word(chance.randrange(5000))}\r\n\r\n"
    )
    return (head + typical_words(chance, _SIZE - len(head), shift) + "\r\n").encode()


def typical_words(chance: random.Random, octets: int, shift: int = 0) -> str:
    """Draw words, separated by spaces; those that are not common depend on `shift`."""
    words: list[str] = []
    while octets > 0:
        if chance.random() < _SMALL_WORDS:
            word = chance.choice(_SYLLABLES)
        else:
            # Zipf's law, about.
            rank = int(_VOCABULARY ** chance.random() ** 2)
            word = _word(rank * 10 + shift if rank > 50 else rank)
        words.append(word)
        octets -= len(word) + 1
    return " ".join(words)


async def _deposit(store: Store, account: Account, mailbox_id: int, number: int) -> None:
    spool = store.spools.new()
    spool.write(typical_message(number))
    content, prepared = await store.prepare(spool)
    flags = parse_flags(["$Junk" if number % 3 == 0 else "$NotJunk"])
    new = NewMessage(mailbox_id, content, prepared, flags=flags)
    await account.write(lambda tx: add_message(tx, new))
    spool.discard()


async def _measure(report: Report, messages: int) -> None:
    with tempfile.TemporaryDirectory(prefix="mox-bench") as folder, ThreadPoolExecutor(8) as pool:
        store = Store(directory=Path(folder), clock=SystemClock(), pool=pool)
        account = store.account("bench")
        inbox = get_mailbox(account.reader, "Inbox").id
        for batch in _batches(messages):
            await asyncio.gather(*(_deposit(store, account, inbox, number) for number in batch))
        for name, grams in _KINDS.items():
            _measure_kind(report, account, Path(folder, f"{name}.db"), name, grams, messages)
        await store.close()


def _batches(messages: int) -> list[range]:
    return [range(at, min(at + _TOGETHER, messages)) for at in range(0, messages, _TOGETHER)]


def _measure_kind(
    report: Report, account: Account, path: Path, name: str, grams: Grams, messages: int
) -> None:
    mail, words = open_reader(account.files.root.parent / "index.db"), open_words(path)
    recipe = Recipe(account.object_prefix, grams)
    began, began_cpu = time.perf_counter(), time.process_time()
    while learn_batch(words, mail, account.files, recipe):
        pass
    report(f"junk_learn_{name}", messages / (time.perf_counter() - began), "/s")
    report(f"junk_learn_{name}_cpu", (time.process_time() - began_cpu) / messages * 1e3, "ms")
    report(f"junk_words_{name}", words.value("SELECT count(*) FROM word"), "tokens")
    words.close()
    report(f"junk_size_{name}", path.stat().st_size / messages * 10_000 / 2**20, "MiB per 10,000")
    reader = open_reader(path)
    took: list[float] = []
    for number in range(messages, messages + 300):
        message = typical_message(number)
        began_cpu = time.process_time()
        tokens = tokenize(message, grams)
        classify_tokens(tokens, find_counts(reader, tokens.texts), _SETTINGS)
        took.append(time.process_time() - began_cpu)
    report(f"junk_classify_{name}_cpu", statistics.median(took) * 1e3, "ms")
    reader.close()
    mail.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=MESSAGES)
    messages = parser.parse_args().messages
    asyncio.run(_measure(lambda name, value, unit: print(f"{name:28}{value:12.2f} {unit}"), messages))


if __name__ == "__main__":
    main()
