"""Migrations: new, old, too new, and what is no database."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mox.database import DatabaseError, DatabaseTooNewError, Migrations, open_database, open_reader

ONE = "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1);"
TWO = "ALTER TABLE t ADD COLUMN text TEXT; UPDATE t SET text = 'two';"


@pytest.fixture
def package(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A package of its own for each test, since scripts are read once."""
    name = f"migrating_{abs(hash(request.node.name))}_{id(request)}"
    folder = tmp_path / name / "schema"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    (folder / "0001.sql").write_text(ONE)
    sys.path.insert(0, str(tmp_path))
    yield name
    sys.path.remove(str(tmp_path))
    sys.modules.pop(name, None)


def test_creates_in_wal_mode_and_opens_again(tmp_path: Path, package: str) -> None:
    path = tmp_path / "x.db"
    for _ in range(2):
        connection = open_database(path, Migrations(package))
        assert connection.value("PRAGMA journal_mode") == "wal"
        assert connection.value("PRAGMA user_version") == 1
        assert connection.rows("SELECT n FROM t") == [(1,)]
        connection.close()
    assert [p.name for p in tmp_path.glob("x.db*")] == ["x.db"]


def test_an_upgrade_sets_a_copy_aside(tmp_path: Path, package: str) -> None:
    path = tmp_path / "x.db"
    open_database(path, Migrations(package)).close()
    shutil.copytree(tmp_path / package / "schema", tmp_path / package / "newer")
    (tmp_path / package / "newer" / "0002.sql").write_text(TWO)
    newer = Migrations(package, "newer")
    connection = open_database(path, newer)
    assert connection.rows("SELECT n, text FROM t") == [(1, "two")]
    connection.close()
    aside = open_database(tmp_path / "x.db.v1", Migrations(package))
    assert aside.rows("SELECT * FROM t") == [(1,)]
    aside.close()
    with pytest.raises(DatabaseTooNewError, match="version 2"):
        open_database(path, Migrations(package))


def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path, package: str) -> None:
    path = tmp_path / "x.db"
    open_database(path, Migrations(package)).close()
    shutil.copytree(tmp_path / package / "schema", tmp_path / package / "broken")
    (tmp_path / package / "broken" / "0002.sql").write_text(TWO + "SELECT no_such_column FROM t;")
    with pytest.raises(Exception, match="no_such_column"):
        open_database(path, Migrations(package, "broken"))
    connection = open_database(path, Migrations(package))
    assert connection.rows("SELECT * FROM t") == [(1,)]
    connection.close()


def test_scripts_must_be_numbered_without_gaps(tmp_path: Path, package: str) -> None:
    (tmp_path / package / "schema" / "0003.sql").write_text(TWO)
    with pytest.raises(DatabaseError, match="not numbered"):
        open_database(tmp_path / "x.db", Migrations(package))


def test_refuses_what_is_no_database(tmp_path: Path, package: str) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"this is a letter to a friend" * 100)
    with pytest.raises(DatabaseError, match="is not a database"):
        open_database(path, Migrations(package))
    with pytest.raises(DatabaseError, match="cannot open"):
        open_database(tmp_path / "nowhere" / "x.db", Migrations(package))
    with pytest.raises(DatabaseError, match="cannot open"):
        open_reader(tmp_path / "none.db")


def test_a_reader_cannot_write_and_sees_one_state(tmp_path: Path, package: str) -> None:
    writing = open_database(tmp_path / "x.db", Migrations(package))
    reader = open_reader(tmp_path / "x.db")
    with pytest.raises(Exception, match="readonly"):
        reader.run("DELETE FROM t")
    with reader.snapshot():
        before = reader.rows("SELECT * FROM t")
        writing.run("INSERT INTO t VALUES (2)")
        assert reader.rows("SELECT * FROM t") == before
    assert reader.rows("SELECT * FROM t") == [(1,), (2,)]
    reader.close()
    writing.close()
    writing.close()


def test_many_may_create_it_at_once(tmp_path: Path, package: str) -> None:
    path, program = (
        tmp_path / "x.db",
        (
            "import sys, pathlib; sys.path.insert(0, sys.argv[1])\n"
            "from mox.database import Migrations, open_database\n"
            "print(open_database(pathlib.Path(sys.argv[2]), Migrations(sys.argv[3])).rows('SELECT n FROM t'))"
        ),
    )
    argv = [sys.executable, "-c", program, str(tmp_path), str(path), package]
    started = [subprocess.Popen(argv, stdout=subprocess.PIPE) for _ in range(6)]
    assert [each.communicate()[0] for each in started] == [b"[(1,)]\n"] * 6
