"""Where message files lie, and which ids are taken."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.store import MessageFiles, Store, check_consistency
from mox.store.files import directory_name
from moxkit.testing import FakeClock
from room.deposits import depositor


@pytest.mark.parametrize(
    ("id_", "name"),
    [
        (1, "a"),
        (8191, "a"),
        (8192, "b"),
        (8192 * 63, "_"),
        (8192 * 64, "ab"),
        (8192 * 65, "bb"),
        (2**40, "aaaai"),
    ],
)
def test_directories_hold_8192_each(id_: int, name: str) -> None:
    assert directory_name(id_) == name


def test_no_two_directories_share_a_name() -> None:
    names = {directory_name(n << 13) for n in range(70_000)}
    assert len(names) == 70_000


def test_finds_the_highest_id_from_the_known_one_on(tmp_path: Path) -> None:
    files = MessageFiles(tmp_path)
    assert files.highest_id(0) == 0
    source = tmp_path / "source"
    source.write_bytes(b"x")
    for id_ in (3, 8190, 8193):
        files.link(source, id_)
    assert files.highest_id(0) == files.highest_id(8192) == 8193
    source.unlink()
    assert sorted(files.ids()) == [3, 8190, 8193]
    files.remove(8193)
    files.remove(8193)
    assert files.highest_id(0) == 8190


def test_a_link_never_replaces(tmp_path: Path) -> None:
    files = MessageFiles(tmp_path / "msg")
    (tmp_path / "msg").mkdir()
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(name.encode())
    files.link(tmp_path / "one", 1)
    with pytest.raises(FileExistsError):
        files.link(tmp_path / "two", 1)
    assert files.path(1).read_bytes() == b"one"
    assert files.name(1) == str(files.path(1))


async def test_ids_of_files_the_index_does_not_know_are_not_given_again(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor
) -> None:
    store = Store(directory=tmp_path, clock=clock, pool=pool)
    await depositor(store)(store.account("mox"), b"x: y\r\n\r\n")
    await store.close()
    stray = tmp_path / "accounts" / "mox" / "msg" / "a" / "7"
    stray.write_bytes(b"of a newer time")
    store = Store(directory=tmp_path, clock=clock, pool=pool)
    account = store.account("mox")
    assert (await depositor(store)(account, b"x: y\r\n\r\n")).id == 8
    assert stray.read_bytes() == b"of a newer time"
    assert check_consistency(account) == ["file 7 belongs to no message"]
    await store.close()
