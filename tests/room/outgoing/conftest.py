"""What tests of the ways out share."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from room.outgoing.messages import CONTENT
from room.outgoing.places import Places


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """Return a message's file."""
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
async def places(tmp_path: Path, pool: ThreadPoolExecutor) -> AsyncIterator[Places]:
    """Return what makes deliverers."""
    places = Places(tmp_path, pool)
    yield places
    await places.close()
