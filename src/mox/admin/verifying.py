"""Whether data is whole: every database, every message with its file, indexes that agree with themselves."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mox.database import Connection, DatabaseError, DriverError, open_reader
from mox.store import MessageFiles, check_index

__all__ = ["VerifyResult", "verify_data"]

_MOST_OF_A_KIND = 20
_INDEX = "index.db"
_QUEUE_IDS = "SELECT id FROM message"
_ACCOUNT_IDS = "SELECT m.id FROM message m JOIN content c ON c.id = m.id"
_QUEUE = "SELECT id, size - length(prefix) FROM message"


@dataclass(slots=True)
class VerifyResult:
    """What was looked at, and what is wrong.

    Attributes:
        moved: Files that belong to nothing, where they are now.
    """

    databases: int = 0
    accounts: int = 0
    problems: list[str] = field(default_factory=list)
    moved: list[Path] = field(default_factory=list)


def verify_data(
    data_dir: Path, *, fix: bool = False, tell: Callable[[str], None] = lambda _text: None
) -> VerifyResult:
    """Look at all of a data directory, of a backup or of a server that does not run.

    Args:
        data_dir: Which.
        fix: Move files that belong to nothing to `moved/` in it.
        tell: Hears what is being looked at.

    Raises:
        OSError: It cannot be read.
    """
    verifying = _Verifying(data_dir, fix, tell)
    verifying.run()
    return verifying.result


class _Verifying:
    def __init__(self, data_dir: Path, fix: bool, tell: Callable[[str], None]) -> None:
        self.result = VerifyResult()
        self._data_dir = data_dir
        self._fix = fix
        self._tell = tell

    def run(self) -> None:
        """Look at all of it."""
        for path in sorted(self._data_dir.glob("*.db")):
            self._check_database(path, lambda _reader: ())
        if (self._data_dir / "queue").is_dir():
            self._tell("queue")
            self._check_mail(self._data_dir / "queue", _QUEUE_IDS, _check_queue)
        for account in sorted(self._data_dir.glob("accounts/*/")):
            self._tell(f"account {account.name}")
            self._check_mail(account, _ACCOUNT_IDS, check_index)
            for path in sorted(account.glob("*.db")):
                if path.name != _INDEX:
                    self._check_database(path, lambda _reader: ())
            self.result.accounts += 1

    def _check_mail(
        self, directory: Path, ids_of: str, check: Callable[[Connection, MessageFiles], Iterable[str]]
    ) -> None:
        files = MessageFiles(directory / "msg")

        def check_all(reader: Connection) -> Iterable[str]:
            if self._fix:
                self._move_strays(files, {row[0] for row in reader.rows(ids_of)})
            return check(reader, files)

        self._check_database(directory / _INDEX, check_all)

    def _move_strays(self, files: MessageFiles, known: set[int]) -> None:
        for directory in sorted(files.root.glob("*/")):
            for file in sorted(directory.iterdir()):
                if not file.name.isdecimal() or int(file.name) not in known:
                    target = self._data_dir / "moved" / file.relative_to(self._data_dir)
                    target.parent.mkdir(mode=0o770, parents=True, exist_ok=True)
                    file.rename(target)
                    self.result.moved.append(target)

    def _check_database(self, path: Path, check: Callable[[Connection], Iterable[str]]) -> None:
        self.result.databases += 1
        try:
            reader = open_reader(path)
        except DatabaseError as error:
            self.result.problems.append(str(error))
            return
        try:
            found = [row[0] for row in reader.rows("PRAGMA integrity_check(20)")]
            if found != ["ok"]:
                self.result.problems += [f"{path}: {text}" for text in found]
            else:
                self.result.problems += [f"{path.parent.name}: {text}" for text in check(reader)]
        except DriverError as error:
            self.result.problems.append(f"{path}: {error}")
        finally:
            reader.close()


def _check_queue(reader: Connection, files: MessageFiles) -> Iterator[str]:
    on_disk, expected = set(files.ids()), set[int]()
    for id_, size in reader.rows(_QUEUE):
        expected.add(id_)
        if id_ not in on_disk:
            yield f"message {id_} has no file"
        elif (found := files.path(id_).stat().st_size) != size:
            yield f"message {id_}: its file has {found} octets, not {size}"
    for id_ in sorted(on_disk - expected)[:_MOST_OF_A_KIND]:
        yield f"file {id_} belongs to no message"
