"""One change of an account: everything that changes an account's data goes through a `Tx`.

Invariants: all changes of one `Tx` share one modseq; what it announces is written to the change log in the
same transaction, and published after the COMMIT in commit order.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from mox.database import Connection, Transaction
from mox.runtime import StrPath, remove_file
from mox.store.automaticflags import NO_RULES, JunkFlagRules
from mox.store.changelog import log_entry
from mox.store.changes import Change
from mox.store.files import MessageFiles
from mox.store.quota import Quota
from mox.store.spool import Content

__all__ = ["Tx"]

_NEXT_MODSEQ = "UPDATE account SET modseq = modseq + 1 RETURNING modseq"
_NEXT_IDS = "UPDATE account SET next_message_id = next_message_id + :count RETURNING next_message_id"
_LOG = "INSERT INTO change(modseq, kind, mailbox_id, data) VALUES (:modseq, :kind, :mailbox_id, :data)"


class Tx:
    """A writing transaction on one account, in a worker thread.

    Attributes:
        connection: The account's index.
        now: Unix seconds, the same for all that happens here.
        quota: How much the account may hold.
        junk_flag_rules: Flags that follow from mailboxes.
    """

    __slots__ = (
        "_changes",
        "_files",
        "_is_shared",
        "_modseq",
        "_transaction",
        "connection",
        "junk_flag_rules",
        "now",
        "quota",
    )

    def __init__(
        self,
        transaction: Transaction,
        *,
        files: MessageFiles,
        now: int,
        quota: Quota,
        junk_flag_rules: JunkFlagRules = NO_RULES,
        is_shared: bool = False,
    ) -> None:
        self._transaction = transaction
        self.connection: Connection = transaction.connection
        self._files = files
        self.now = now
        self.quota = quota
        self.junk_flag_rules = junk_flag_rules
        self._is_shared = is_shared
        self._modseq: int | None = None
        self._changes: list[Change] = []

    @property
    def modseq(self) -> int:
        """The modseq of this transaction; given when first asked for."""
        if self._modseq is None:
            self._modseq = self.connection.value(_NEXT_MODSEQ)
        return self._modseq

    def take_message_ids(self, count: int) -> int:
        """Reserve ids; return the first."""
        first: int = self.connection.value(_NEXT_IDS, count=count) - count
        if self._is_shared and any(map(self._files.exists, range(first, first + count))):
            # Another process died between links and COMMIT; what it left was promised to nobody.
            free = self._files.highest_id(first) + 1
            first = self.connection.value(_NEXT_IDS, count=free - first) - count
        return first

    def announce(self, change: Change) -> None:
        """Have a change logged, and published after the COMMIT."""
        self._changes.append(change)

    def link_content(self, content: Content, message_id: int) -> None:
        """Give a new message its file."""
        self._link(content.path, message_id)

    @contextmanager
    def linking(self, from_ids: Sequence[int], first_id: int) -> Iterator[None]:
        """Give copies of messages their names for the same files; they get ids in a row.

        Links take as long as rows: both are made at the same time, the caller makes the rows.
        """
        with ThreadPoolExecutor(1) as pool:
            linked = pool.submit(self._link_all, from_ids, first_id)
            yield
            linked.result()

    def _link_all(self, from_ids: Sequence[int], first_id: int) -> None:
        for message_id, from_id in enumerate(from_ids, first_id):
            self._link(self._files.name(from_id), message_id)

    def _link(self, source: StrPath, message_id: int) -> None:
        target = self._files.name(message_id)
        # First, so that a failure between link and its return leaves nothing behind.
        self._transaction.on_rollback(lambda: remove_file(target))
        self._transaction.sync_directory(self._files.link(source, message_id))

    def attach(self, database: Path, schema: str) -> None:
        """Let statements read another database as `schema`, until the end of the transaction."""
        self._transaction.attach(database, schema)

    def adopt_directory(self, source: Path, name: str) -> None:
        """Make a directory of files, named by their ids, the account's."""
        self._files.adopt(source, name)
        self._transaction.on_rollback(lambda: self._files.give_back(name, source))
        self._transaction.sync_directory(self._files.root)
        self._transaction.sync_directory(source.parent)

    def finish(self) -> tuple[Change, ...]:
        """Write the change log; return what was announced. Called once, after the function succeeded."""
        for change in self._changes:
            kind, data = log_entry(change)
            self.connection.run(_LOG, modseq=self.modseq, kind=kind, mailbox_id=change.mailbox_id, data=data)
        return tuple(self._changes)
