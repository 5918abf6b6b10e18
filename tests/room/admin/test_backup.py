"""Backups: whole, linked where that can be, and what is not in them is told."""

import errno
import os
from pathlib import Path

import pytest

from mox.admin import BackupRequest, make_backup, verify_data
from mox.store import Store, list_messages
from moxkit.testing import FakeClock
from room.deposits import Deposit

LETTER = b"Subject: hello\r\n\r\nhello\r\n"


@pytest.fixture
def data(store: Store) -> Path:
    return store.temporary.parent


def request(data: Path, destination: Path, previous: Path | None = None) -> BackupRequest:
    config = data.parent / "config"
    if not config.exists():
        (config / "dkim").mkdir(parents=True)
        (config / "mox.toml").write_text("x")
        (config / "dkim" / "key.pem").write_text("key")
    return BackupRequest(config_dir=config, data_dir=data, destination=destination, previous=previous)


def message_file(data: Path, store: Store, at: int = 0) -> Path:
    ids = sorted(each.id for each in list_messages(store.account("mox").reader))
    return data / store.account("mox").files.path(ids[at]).relative_to(data)


async def test_a_backup_is_whole_and_takes_no_room(
    data: Path, store: Store, deposit: Deposit, tmp_path: Path
) -> None:
    for _ in range(3):
        await deposit(store.account("mox"), LETTER)
    (data / "receivedid.key").write_bytes(b"k" * 24)
    (data / "tmp" / "spool-1-1").write_bytes(b"x")
    copy = tmp_path / "copy"
    result = make_backup(request(data, copy))
    assert (result.problems, result.accounts, result.messages) == ([], 1, 3)
    checked = verify_data(copy / "data")
    assert (checked.problems, checked.accounts) == ([], 1)
    original = message_file(data, store)
    assert (copy / "data" / original.relative_to(data)).samefile(original)
    assert (copy / "data" / "receivedid.key").read_bytes() == b"k" * 24
    assert not (copy / "data" / "tmp").exists()
    assert (copy / "config" / "dkim" / "key.pem").read_text() == "key"
    # What is changed afterwards is not changed in the copy.
    await deposit(store.account("mox"), LETTER)
    assert verify_data(copy / "data").problems == []


async def test_another_disk_gets_copies_and_links_to_the_backup_before(
    data: Path, store: Store, deposit: Deposit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def link_on_one_disk(source: Path, target: Path) -> None:
        if Path(source).is_relative_to(data):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        link(source, target)

    monkeypatch.setattr(os, "link", link_on_one_disk)
    for _ in range(2):
        await deposit(store.account("mox"), LETTER)
    one, two = tmp_path / "one", tmp_path / "two"
    first = make_backup(request(data, one))
    changed = message_file(data, store, 1)
    # An account that was made anew gives the same numbers to other messages.
    os.utime(changed, (1, 1))
    second = make_backup(request(data, two, previous=one))
    assert (first.problems, second.problems) == ([], [])
    assert first.copied_octets > second.copied_octets
    kept = message_file(data, store, 0).relative_to(data)
    assert (two / "data" / kept).samefile(one / "data" / kept)
    assert not (two / "data" / changed.relative_to(data)).samefile(one / "data" / changed.relative_to(data))
    assert verify_data(two / "data").problems == []


async def test_what_is_missing_is_told(data: Path, store: Store, deposit: Deposit, tmp_path: Path) -> None:
    await deposit(store.account("mox"), LETTER)
    message_file(data, store).unlink()
    (data / "broken.db").write_bytes(b"no database at all" * 100)
    result = make_backup(request(data, tmp_path / "copy"))
    assert len(result.problems) == 2
    assert result.problems[0] == f"{data / 'accounts' / 'mox'}: 1 messages have no file"
    assert "broken.db" in result.problems[1]


async def test_messages_stay_where_their_index_cannot_be_read(
    data: Path, store: Store, deposit: Deposit, tmp_path: Path
) -> None:
    await deposit(store.account("mox"), LETTER)
    file = message_file(data, store)
    await store.close()
    (data / "accounts" / "mox" / "index.db").write_bytes(b"damaged" * 1000)
    result = make_backup(request(data, tmp_path / "copy"))
    assert [problem for problem in result.problems if "index.db" in problem]
    assert (tmp_path / "copy" / "data" / file.relative_to(data)).samefile(file)


async def test_an_import_in_the_middle_of_its_commit_is_no_problem(
    data: Path, store: Store, deposit: Deposit, tmp_path: Path
) -> None:
    account = store.account("mox")
    added = await deposit(account, LETTER)
    await account.write(
        lambda tx: tx.connection.run(
            "CREATE TEMP TABLE staged AS SELECT * FROM content; UPDATE staged SET id = 1000000;"
            f"INSERT INTO content SELECT * FROM staged WHERE {added.uid} > 0; DROP TABLE staged"
        )
    )
    assert make_backup(request(data, tmp_path / "copy")).problems == []


def test_nothing_is_overwritten(data: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    with pytest.raises(FileExistsError):
        make_backup(request(data, tmp_path / "copy"))


async def test_what_is_wrong_with_data_is_found(
    data: Path, store: Store, deposit: Deposit, tmp_path: Path, clock: FakeClock
) -> None:
    del clock
    for _ in range(2):
        await deposit(store.account("mox"), LETTER)
    copy = tmp_path / "copy"
    make_backup(request(data, copy))
    gone = copy / "data" / message_file(data, store).relative_to(data)
    gone.unlink()
    (gone.parent.parent / "note.txt").write_text("in the place of a directory")
    stray = gone.with_name("999")
    stray.write_bytes(b"x")
    (copy / "data" / "auth.db").write_bytes(b"x" * 5000)
    problems = verify_data(copy / "data").problems
    assert f"mox: message {gone.name} has no file" in problems
    assert "mox: file 999 belongs to no message" in problems
    assert any("auth.db" in problem for problem in problems)
    fixed = verify_data(copy / "data", fix=True)
    moved = copy / "data" / "moved" / stray.relative_to(copy / "data")
    assert fixed.moved == [moved]
    assert moved.read_bytes() == b"x"
    assert "mox: file 999 belongs to no message" not in verify_data(copy / "data").problems
