"""An index that an earlier version made is brought up to date, with what is in it."""

from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import pytest

from mox.database import Connection
from mox.store import Store, get_mailbox, list_annotations, set_annotations
from moxkit.testing import FakeClock

_FOLDER = resources.files("mox.store").joinpath("schema")
_SCRIPTS = [f.read_text(encoding="utf-8") for f in sorted(_FOLDER.iterdir(), key=lambda f: f.name)]
# Of version 1; later versions kept these columns.
_CONTENT = """
INSERT INTO account(id, next_uidvalidity, modseq, next_message_id) VALUES (1, 2, 7, 1);
INSERT INTO mailbox(id, name, uidvalidity, uidnext, create_seq, modseq) VALUES (1, 'Inbox', 1, 5, 2, 7);
INSERT INTO subscription(name) VALUES ('Inbox');
"""


@pytest.mark.parametrize("version", range(1, len(_SCRIPTS)))
async def test_older_index_is_brought_up_to_date(
    tmp_path: Path, pool: ThreadPoolExecutor, version: int
) -> None:
    directory = tmp_path / "accounts" / "mox"
    directory.mkdir(parents=True)
    old = Connection(directory / "index.db")
    old.run("PRAGMA journal_mode=WAL")
    for script in _SCRIPTS[:version]:
        old.run(script)
    old.run(_CONTENT)
    old.run(f"PRAGMA user_version={version}")
    old.close()
    store = Store(directory=tmp_path, clock=FakeClock(), pool=pool)
    account = store.account("mox")
    inbox = get_mailbox(account.reader, "Inbox")
    assert (inbox.id, inbox.uidnext, inbox.modseq) == (1, 5, 7)
    await account.write(lambda tx: set_annotations(tx, inbox.id, [("/private/a", b"1")]))
    assert [each.name for each in list_annotations(account.reader, inbox.id)] == ["/private/a"]
    assert account.reader.value("PRAGMA user_version") == len(_SCRIPTS)
    await store.close()
