"""A queue that an earlier version made is brought up to date, with what waits in it."""

from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

import pytest

from mox.database import Connection
from mox.queue import Queue
from moxkit.testing import FakeClock
from room.queue.remote import Remote, work

_FOLDER = resources.files("mox.queue").joinpath("schema")
_SCRIPTS = [f.read_text(encoding="utf-8") for f in sorted(_FOLDER.iterdir(), key=lambda f: f.name)]
_CONTENT = """
INSERT INTO message(id, account, reverse_path, prefix, size, smtputf8, has_8bit, queued_at)
  VALUES (1, 'mox', 'a@here.example', x'', 3, 0, 0, 50), (2, 'mox', 'a@here.example', x'', 3, 0, 0, 60);
INSERT INTO entry(message_id, recipient, domain, due_at, hold, attempts) VALUES
  (1, 'x@one.example', 'one.example', 200, 0, 1), (1, 'y@one.example', 'one.example', 100, 0, 0),
  (2, 'z@two.example', 'two.example', 14460, 1, 6);
INSERT INTO attempt(entry_id, recipient, started_at, result, text)
  VALUES (1, 'x@one.example', 60, 'retry', 'busy'), (99, 'gone@one.example', 60, 'delivered', 'ok');
"""
_ENTRIES_REQUIRE_TLS = "entry SET require_tls = 1 WHERE message_id = 1"


@pytest.mark.parametrize("version", range(1, len(_SCRIPTS)))
async def test_older_queue_is_brought_up_to_date(
    tmp_path: Path, pool: ThreadPoolExecutor, clock: FakeClock, version: int
) -> None:
    (tmp_path / "queue" / "msg" / "a").mkdir(parents=True)
    (tmp_path / "queue" / "msg" / "a" / "1").write_bytes(b"\r\n.")
    old = Connection(tmp_path / "queue" / "index.db")
    old.run("PRAGMA journal_mode=WAL")
    for script in _SCRIPTS[:version]:
        old.run(script)
    old.run(_CONTENT)
    # A message's in the first version, since then an entry's.
    requires = "message SET require_tls = 1 WHERE id = 1" if version == 1 else _ENTRIES_REQUIRE_TLS
    old.run("UPDATE " + requires)
    if version >= 3:
        old.run("UPDATE entry SET is_told_late = 1 WHERE id = 3")
    old.run(f"PRAGMA user_version={version}")
    old.close()
    remote = Remote()
    queue = Queue(directory=tmp_path, clock=clock, pool=pool, deliverer=remote)
    assert [(e["id"], e["require_tls"], e["hold"], e["error"]) for e in queue.entries()] == [
        (2, 1, 0, None),
        (1, 1, 0, "busy"),
        (3, None, 1, None),
    ]
    assert queue._reader.rows("SELECT * FROM destination") == [("one.example", 100)]
    assert queue._reader.rows("SELECT id FROM entry WHERE is_told_late") == [(3,)]
    if version == 1:
        assert queue._reader.rows("SELECT entry_id FROM attempt") == [(1,)]
    await work(queue, clock, lambda: len(queue.entries()) == 1)
    assert [seen[1] for seen in remote.seen] == [("y@one.example", "x@one.example")]
    await queue.close()
