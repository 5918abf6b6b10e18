"""A copy of an installation while it runs: consistent, in no time where files can be linked.

Messages are immutable files: they are linked, or copied where the destination is on another disk. Databases
are copied at one moment each, and after the messages that they know of: first all files are linked, then the
database is copied, then files that came in between are linked, and those that it does not know go again. So
each message of the copy has its file, whatever is received or erased meanwhile.
"""

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import mox
from mox.database import DatabaseError, DriverError, open_reader
from mox.store import MessageFiles

__all__ = ["BackupRequest", "BackupResult", "make_backup"]

_VERSION_NAME = "moxversion"
# Made from the rest, or of this moment only.
_NOT_COPIED = ("ctl", "tmp", "import", "search.db")
_TEMPORARY = ("-wal", "-shm", "-journal")
_QUEUE_IDS = "SELECT id FROM message"
# An import may be copying contents ahead of its messages and their files.
_ACCOUNT_IDS = "SELECT m.id FROM message m JOIN content c ON c.id = m.id"
_TOGETHER = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRequest:
    """What is wanted.

    Attributes:
        destination: Must not be there yet.
        previous: An earlier backup on the disk of the destination: what did not change is linked from it.
    """

    config_dir: Path
    data_dir: Path
    destination: Path
    previous: Path | None = None


@dataclass(slots=True)
class BackupResult:
    """What came of it.

    Attributes:
        problems: What is not in it, and why; empty for a good backup.
    """

    accounts: int = 0
    messages: int = 0
    copied_octets: int = 0
    problems: list[str] = field(default_factory=list)


def make_backup(request: BackupRequest, tell: Callable[[str], None] = lambda _text: None) -> BackupResult:
    """Copy configuration and data; `tell` hears what is being copied.

    Raises:
        FileExistsError: The destination is there.
        OSError: It cannot be made.
    """
    request.destination.mkdir(mode=0o700, parents=True)
    backup = _Backup(request, tell)
    backup.run()
    if hasattr(os, "sync"):
        # One call for a million links.
        os.sync()
    return backup.result


class _Backup:
    def __init__(self, request: BackupRequest, tell: Callable[[str], None]) -> None:
        self.result = BackupResult()
        self._request = request
        self._tell = tell
        # A disk that cannot link is not asked again.
        self._can_link = True

    def run(self) -> None:
        """Copy all of it; what goes wrong is remembered, and the rest is copied."""
        request = self._request
        config, data = request.config_dir.resolve(), request.data_dir.resolve()
        self._tell("configuration")
        skipped = {data, request.destination.resolve()}
        self._copy_tree(config, Path("config"), skipped, knows_data=config == data)
        (request.destination / "data").mkdir(mode=0o700)
        (request.destination / "data" / _VERSION_NAME).write_text(f"{mox.__version__}\n")
        for entry in self._entries(data):
            self._copy_data(entry, config)

    def _copy_data(self, entry: Path, config: Path) -> None:
        match entry.name:
            case name if name in _NOT_COPIED:
                pass
            case "accounts":
                for account in self._entries(entry):
                    self._tell(f"account {account.name}")
                    self._copy_mail(account, Path("data") / "accounts" / account.name, _ACCOUNT_IDS)
                    self.result.accounts += 1
            case "queue":
                self._tell("queue")
                self._copy_mail(entry, Path("data") / "queue", _QUEUE_IDS)
            case _ if entry.suffix == ".db":
                self._copy_database(entry, Path("data") / entry.name)
            case _ if config in {entry, entry.parent}:
                pass  # Where both are in one place, it is in the configuration.
            case _ if entry.is_dir() and not entry.is_symlink():
                self._copy_tree(entry, Path("data") / entry.name, {self._request.destination.resolve()})
            case _:
                self._copy_file(entry, Path("data") / entry.name)

    def _copy_mail(self, directory: Path, to: Path, ids_of: str) -> None:
        """Copy what has an index and messages; other databases and files beside them as well."""
        (self._request.destination / to / "msg").mkdir(mode=0o700, parents=True)
        files = MessageFiles(directory / "msg")
        linked = self._link_messages(files, files.ids(), to)
        index = self._copy_database(directory / "index.db", to / "index.db")
        known = None if index is None else self._known(index, ids_of)
        # Where it cannot be said which messages belong to it, all stay.
        if known is not None:
            linked |= self._link_messages(files, known - linked, to)
            target = MessageFiles(self._request.destination / to / "msg")
            for id_ in linked - known:
                target.remove(id_)
            self.result.messages += len(linked & known)
            if missing := len(known - linked):
                self.result.problems.append(f"{directory}: {missing} messages have no file")
        for entry in self._entries(directory):
            if entry.name in {"msg", "index.db"}:
                continue
            if entry.suffix == ".db":
                self._copy_database(entry, to / entry.name)
            else:
                self._copy_file(entry, to / entry.name)

    def _known(self, index: Path, sql: str) -> set[int] | None:
        try:
            reader = open_reader(index)
            try:
                return {row[0] for row in reader.rows(sql)}
            finally:
                reader.close()
        except (DatabaseError, DriverError) as error:
            self.result.problems.append(f"{index}: {error}")
            return None

    def _link_messages(self, files: MessageFiles, ids: Iterable[int], to: Path) -> set[int]:
        """Link or copy messages; return which are there now."""
        target = MessageFiles(self._request.destination / to / "msg")
        before = None if self._request.previous is None else MessageFiles(self._request.previous / to / "msg")
        done: set[int] = set()
        for id_ in ids:
            if id_ < 0:
                continue
            source = files.path(id_)
            try:
                self._put(source, target.path(id_), None if before is None else before.path(id_))
            except FileNotFoundError:
                # Erased in between; what the index still knows is counted.
                continue
            except OSError as error:
                self.result.problems.append(f"{source}: {error.strerror}")
                continue
            done.add(id_)
            if len(done) % _TOGETHER == 0:
                self._tell(f"{files.root.parent.name}: {len(done)} messages")
        return done

    def _put(self, source: Path, target: Path, before: Path | None) -> None:
        """Give an immutable file a name in the backup."""
        target.parent.mkdir(mode=0o700, exist_ok=True)
        if self._can_link:
            try:
                os.link(source, target)
            except OSError as error:
                if error.errno not in {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP}:
                    raise
                self._can_link = error.errno == errno.EMLINK
            else:
                return
        if before is not None and _is_same(source, before):
            os.link(before, target)
            return
        shutil.copy2(source, target)
        self.result.copied_octets += target.stat().st_size

    def _copy_database(self, source: Path, to: Path) -> Path | None:
        """Copy a database as it is at one moment; return where."""
        target = self._request.destination / to
        if source.name in _NOT_COPIED:
            return None
        try:
            reader = open_reader(source)
            try:
                reader.copy_to(target)
            finally:
                reader.close()
        except (DatabaseError, DriverError, OSError) as error:
            self.result.problems.append(f"{source}: {error}")
            return None
        shutil.copystat(source, target)
        self.result.copied_octets += target.stat().st_size
        return target

    def _copy_file(self, source: Path, to: Path) -> None:
        if source.name in _NOT_COPIED or source.name.endswith(_TEMPORARY):
            return
        target = self._request.destination / to
        try:
            kind = source.lstat().st_mode
            if stat.S_ISLNK(kind):
                target.symlink_to(source.readlink())
            elif stat.S_ISREG(kind):
                shutil.copy2(source, target)
                self.result.copied_octets += target.stat().st_size
            elif not stat.S_ISDIR(kind):
                self._tell(f"{source}: neither a file nor a directory, left out")
        except OSError as error:
            self.result.problems.append(f"{source}: {error.strerror}")

    def _copy_tree(self, source: Path, to: Path, skipped: set[Path], *, knows_data: bool = False) -> None:
        """Copy a directory; not what else is copied, and with `knows_data` not what is data beside it."""
        (self._request.destination / to).mkdir(mode=0o700)
        for entry in self._entries(source):
            if entry.resolve() in skipped or (knows_data and _is_data(entry)):
                continue
            if entry.is_dir() and not entry.is_symlink():
                self._copy_tree(entry, to / entry.name, skipped)
            else:
                self._copy_file(entry, to / entry.name)

    def _entries(self, directory: Path) -> Iterator[Path]:
        try:
            yield from sorted(directory.iterdir())
        except OSError as error:
            self.result.problems.append(f"{directory}: {error.strerror}")


def _is_data(entry: Path) -> bool:
    return entry.name in {"accounts", "queue", *_NOT_COPIED} or ".db" in entry.name


def _is_same(source: Path, before: Path) -> bool:
    """Say whether an earlier copy is of this file: names of messages may be given again to other accounts."""
    try:
        one, other = source.stat(), before.stat()
    except FileNotFoundError:
        return False
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
