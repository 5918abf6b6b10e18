"""Tokens made by two processes are those that one makes, whatever becomes of the other."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mox.filtering.classifier import Grams
from mox.filtering.classifier.learning import Wanted, read_all
from mox.filtering.classifier.tokenhelper import TokenHelper
from mox.store import MessageFiles

GRAMS = Grams.ONE | Grams.TWO


@pytest.fixture
def files(tmp_path: Path) -> MessageFiles:
    files = MessageFiles(tmp_path / "msg")
    for number in range(1, 21):
        path = files.path(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            b"" if number == 5 else b"\r\n" + f"word{number} other{number % 3}\r\n".encode() * 50
        )
    return files


# One without a prefix is gone, one without a file, too; one has nothing but its prefix.
WANTED: list[Wanted] = [(number, b"Subject: s%d\r\n" % number) for number in range(1, 26)]
WANTED[2] = (3, None)


@pytest.fixture
def helper(files: MessageFiles, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenHelper]:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    helper = TokenHelper(files, GRAMS)
    yield helper
    helper.close()


def plain(found: object) -> list[list[int] | None]:
    return [None if each is None else sorted(each) for each in found]  # type: ignore[attr-defined]


def test_two_find_what_one_finds(files: MessageFiles, helper: TokenHelper) -> None:
    expected = plain(read_all(files, WANTED, GRAMS))
    assert [at for at, each in enumerate(expected) if each is None] == [2, 20, 21, 22, 23, 24]
    for _ in range(2):
        assert plain(helper.read(WANTED)) == expected
    assert plain(helper.read(WANTED[:1])) == expected[:1]
    assert helper.read([]) == []


def test_without_the_other_all_are_found(files: MessageFiles, helper: TokenHelper) -> None:
    expected = plain(read_all(files, WANTED, GRAMS))
    helper.read(WANTED)
    assert helper._process is not None
    helper._process.kill()
    helper._process.wait()
    for _ in range(2):
        assert plain(helper.read(WANTED)) == expected


def test_it_ends_with_who_asks(files: MessageFiles, helper: TokenHelper) -> None:
    helper.read(WANTED)
    process = helper._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0


def test_one_processor_has_no_helper(files: MessageFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    helper = TokenHelper(files, GRAMS)
    assert plain(helper.read(WANTED)) == plain(read_all(files, WANTED, GRAMS))
    assert helper._process is None
