"""The classifier beside Debian's bogofilter, on real mail: each learns a half and judges the other.

Ten ways to halve it, since a single one tells little of things that happen to one letter in a thousand.
"""

import os
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from endtoend.junkcorpus import CorpusMissingError, Letter, fetch_corpus, split
from mox.config import JunkFilter
from mox.filtering.classifier import Counts, Grams, Tokens, classify_tokens, tokenize

pytestmark = pytest.mark.endtoend

SEEDS = range(10)
# Those of new accounts.
SETTINGS = JunkFilter(
    threshold=0.95, onegrams=True, max_power=0.01, top_words=10, ignore_words=0.1, rare_words=2
)


@dataclass
class Score:
    """How letters were judged."""

    caught: int = 0
    missed: int = 0
    condemned: int = 0
    passed: int = 0

    def add(self, letter: Letter, *, is_refused: bool) -> None:
        if letter.is_junk:
            self.caught += is_refused
            self.missed += not is_refused
        else:
            self.condemned += is_refused
            self.passed += not is_refused

    @property
    def recall(self) -> float:
        return self.caught / (self.caught + self.missed)

    def __str__(self) -> str:
        precision = self.caught / (self.caught + self.condemned)
        return (
            f"precision {precision:.4f}, recall {self.recall:.4f}, "
            f"good letters condemned {self.condemned} of {self.condemned + self.passed}"
        )


@pytest.fixture(scope="module")
def letters(program: Callable[[str, str], str], tmp_path_factory: pytest.TempPathFactory) -> list[Letter]:
    try:
        return fetch_corpus(program("npm", "npm"), tmp_path_factory.mktemp("corpus"))
    except CorpusMissingError as error:
        if os.environ.get("MOX_TEST_ALL"):
            pytest.fail(str(error))
        pytest.skip("the corpus cannot be had")


def our_score(letters: list[Letter], tokens: list[Tokens]) -> Score:
    score = Score()
    for seed in SEEDS:
        learned, judged = split(letters, seed)
        ham, junk = Counter[int](), Counter[int]()
        for n in learned:
            (junk if letters[n].is_junk else ham).update(tokens[n].texts.keys())
        junk_letters = sum(letters[n].is_junk for n in learned)
        for n in judged:
            known = {each: (ham[each], junk[each]) for each in tokens[n].texts if ham[each] or junk[each]}
            said = classify_tokens(
                tokens[n], Counts.of(len(learned) - junk_letters, junk_letters, known), SETTINGS
            )
            is_refused = said.is_significant and said.probability > SETTINGS.threshold
            score.add(letters[n], is_refused=is_refused)
    return score


def bogofilter_scores(bogofilter: str, letters: list[Letter], folder: Path) -> tuple[Score, Score]:
    """Return how it judges by its own limit, and by ours."""
    paths = [folder / f"{n}.eml" for n in range(len(letters))]
    for path, letter in zip(paths, letters, strict=True):
        path.write_bytes(letter.octets)
    by_default, by_ours = Score(), Score()
    for seed in SEEDS:
        learned, judged = split(letters, seed)
        words = folder / f"words{seed}"
        words.mkdir()
        for option, is_junk in (("-s", True), ("-n", False)):
            names = "\n".join(str(paths[n]) for n in learned if letters[n].is_junk == is_junk)
            subprocess.run([bogofilter, "-C", "-d", words, option, "-b"], input=names.encode(), check=True)
        names = "\n".join(str(paths[n]) for n in judged)
        # Its exit status is its judgement.
        done = subprocess.run(
            [bogofilter, "-C", "-d", words, "-b", "-T"],
            input=names.encode(),
            capture_output=True,
            check=False,
        )
        said = {
            name: (verdict, float(value))
            for name, verdict, value in map(str.split, done.stdout.decode().splitlines())
        }
        for n in judged:
            verdict, value = said[str(paths[n])]
            by_default.add(letters[n], is_refused=verdict == "S")
            by_ours.add(letters[n], is_refused=value > SETTINGS.threshold)
    return by_default, by_ours


def test_condemns_no_more_good_mail_than_bogofilter_and_finds_as_much_junk(
    letters: list[Letter], program: Callable[[str, str], str], tmp_path: Path
) -> None:
    tokens = [tokenize(letter.octets, Grams.ONE) for letter in letters]
    ours = our_score(letters, tokens)
    default, at_ours = bogofilter_scores(program("bogofilter", "bogofilter"), letters, tmp_path)
    print(f"\n{len(letters)} letters, halved in {len(SEEDS)} ways")  # noqa: T201  the result, shown with -s
    for name, score in (("mox", ours), ("bogofilter", default), ("bogofilter at 0.95", at_ours)):
        print(f"{name:20}{score}")  # noqa: T201  the result
    assert ours.condemned <= min(default.condemned, at_ours.condemned)
    assert ours.recall >= default.recall
