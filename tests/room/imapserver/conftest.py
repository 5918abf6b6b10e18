"""An IMAP server for each test."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from moxkit.testing import FakeClock
from room.imapserver.serving import ImapHouse


@pytest.fixture
async def house(tmp_path: Path, pool: ThreadPoolExecutor, clock: FakeClock) -> AsyncIterator[ImapHouse]:
    made = ImapHouse(tmp_path / "data", pool, clock)
    made.directory.mkdir()
    yield made
    await made.close()
