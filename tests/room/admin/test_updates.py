"""New versions: which record counts, and who is told when."""

import asyncio
from pathlib import Path

import pytest

from mox.admin import KnownVersion, UpdateCheck, UpdatesError, Version, latest_version, parse_version
from moxkit.domain import parse_domain
from moxkit.testing import FakeClock, FakeResolver

DOMAIN = parse_domain("mox.example")
RECORD = '_updates.mox.example TXT "v=UPDATES0; l=v0.2.0"'


@pytest.mark.parametrize(
    ("text", "version"),
    [("1.2.3", Version(1, 2, 3)), ("v0.10.0", Version(0, 10, 0)), (" 1.2.3-rc1\n", Version(1, 2, 3))],
)
def test_versions_are_three_numbers(text: str, version: Version) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize("text", ["", "1.2", "1.2.3.4", "1.2.x", "1.2.-3", "1.2.\u0663", "1.2.1234567890"])
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no version"):
        parse_version(text)


def test_ten_comes_after_nine() -> None:
    assert parse_version("0.10.0") > parse_version("0.9.9")


async def test_one_record_says_which_is_the_latest() -> None:
    resolver = FakeResolver(f'{RECORD}\n_updates.mox.example TXT "something else"')
    assert await latest_version(resolver, DOMAIN) == Version(0, 2, 0)


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([], "_updates.mox.example."),
        (['_updates.mox.example TXT "v=UPDATES1; l=0.2.0"'], "no record with v=UPDATES0"),
        (['_updates.mox.example TXT "l=0.2.0; v=UPDATES0"'], "no record with v=UPDATES0"),
        ([RECORD, '_updates.mox.example TXT "v=UPDATES0; l=0.3.0"'], "more than one record"),
        (['_updates.mox.example TXT "v=UPDATES0"'], "has no version after l="),
        (['_updates.mox.example TXT "v=UPDATES0; l=soon"'], "has no version after l="),
    ],
)
async def test_what_cannot_be_known_is_said(records: list[str], says: str) -> None:
    with pytest.raises(UpdatesError, match=says):
        await latest_version(FakeResolver("\n".join(records)), DOMAIN)


class Told:
    """A check, and the versions it told of."""

    def __init__(self, directory: Path, clock: FakeClock, *records: str) -> None:
        self.versions: list[str] = []
        self.fails = False
        self.check = UpdateCheck(
            own=Version(0, 1, 0),
            domain=DOMAIN,
            data_dir=directory,
            clock=clock,
            resolver=FakeResolver("\n".join(records)),
            tell=self._tell,
        )

    async def _tell(self, version: Version) -> None:
        if self.fails:
            raise ValueError("the mailbox is full")
        self.versions.append(str(version))


async def test_each_new_version_is_told_once(tmp_path: Path, clock: FakeClock) -> None:
    told = Told(tmp_path, clock, RECORD)
    await told.check.look()
    await told.check.look()
    assert told.versions == ["0.2.0"]
    later = Told(tmp_path, clock, '_updates.mox.example TXT "v=UPDATES0; l=0.2.1"')
    await later.check.look()
    assert later.versions == ["0.2.1"]
    assert KnownVersion(tmp_path).read() == Version(0, 2, 1)


async def test_an_older_or_an_unknown_version_is_no_news(tmp_path: Path, clock: FakeClock) -> None:
    for records in ([], ['_updates.mox.example TXT "v=UPDATES0; l=0.0.9"'], ['_updates.mox.example TXT "?"']):
        told = Told(tmp_path, clock, *records)
        await told.check.look()
        assert told.versions == []
    assert KnownVersion(tmp_path).looked_at() == clock.now().timestamp()


async def test_a_forged_version_does_not_hide_the_true_ones(tmp_path: Path, clock: FakeClock) -> None:
    forged = Told(tmp_path, clock, '_updates.mox.example TXT "v=UPDATES0; l=999999999.0.0"')
    await forged.check.look()
    true = Told(tmp_path, clock, RECORD)
    await true.check.look()
    assert (forged.versions, true.versions) == (["999999999.0.0"], ["0.2.0"])


async def test_who_cannot_be_told_is_told_later(tmp_path: Path, clock: FakeClock) -> None:
    told = Told(tmp_path, clock, RECORD)
    told.fails = True
    running = asyncio.ensure_future(told.check.run())
    await clock.advance(61)
    await asyncio.sleep(0.01)
    assert not running.done()
    told.fails = False
    for _ in range(2):
        await clock.advance(3601)
        await asyncio.sleep(0.01)
    assert told.versions == ["0.2.0"]
    running.cancel()


async def test_it_looks_once_a_day_over_restarts(tmp_path: Path, clock: FakeClock) -> None:
    told = Told(tmp_path, clock, RECORD)
    running = asyncio.ensure_future(told.check.run())
    await clock.advance(61)
    await asyncio.sleep(0.01)
    assert told.versions == ["0.2.0"]
    running.cancel()
    KnownVersion(tmp_path).write(Version(0, 1, 0), clock.now().timestamp())
    again = Told(tmp_path, clock, RECORD)
    running = asyncio.ensure_future(again.check.run())
    await clock.advance(86000)
    await asyncio.sleep(0.01)
    assert again.versions == []
    await clock.advance(500)
    await asyncio.sleep(0.01)
    assert again.versions == ["0.2.0"]
    running.cancel()
