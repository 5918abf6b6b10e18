"""Uploads: octets in order, nothing left of what was given up, a disk that is nearly full."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from mox.moving import NoRoomError, Uploads


@pytest.fixture
def uploads(tmp_path: Path, pool: ThreadPoolExecutor) -> Uploads:
    return Uploads(tmp_path, pool)


def left(directory: Path) -> list[str]:
    return [each.name for each in directory.iterdir()]


async def test_all_octets_are_there_in_order(uploads: Uploads) -> None:
    upload, pieces = await uploads.begin(), [bytes((number,)) * 300_000 for number in range(20)]
    for piece in pieces:
        await upload.write(piece)
    await upload.finish()
    assert upload.path.read_bytes() == b"".join(pieces)
    assert upload.size == 6_000_000
    assert upload.path.stat().st_mode & 0o77 == 0


async def test_nothing_is_left_of_what_is_given_up(uploads: Uploads, tmp_path: Path) -> None:
    upload = await uploads.begin()
    await upload.write(b"x" * (1 << 20))
    assert len(left(tmp_path)) == 1
    await upload.discard()
    # Not even of one that never began to be written.
    await (await uploads.begin()).discard()
    assert left(tmp_path) == []


async def test_room_is_left_on_the_disk(
    uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = SimpleNamespace(free=300 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: room)
    with pytest.raises(NoRoomError, match="300 MiB are free, 60 MiB are wanted, and 256 MiB are kept"):
        await uploads.begin(60 << 20)
    upload = await uploads.begin(40 << 20)
    await upload.write(b"x" * (1 << 20))
    room.free = 256 << 20
    with pytest.raises(NoRoomError, match="nearly full"):
        await upload.write(b"x" * (1 << 20))
    await upload.discard()
    assert left(tmp_path) == []


def test_what_a_killed_server_left_is_removed(uploads: Uploads, tmp_path: Path) -> None:
    for name in ("upload-0123", "spool-1-2"):
        (tmp_path / name).write_bytes(b"x")
    uploads.discard_left()
    assert left(tmp_path) == ["spool-1-2"]
