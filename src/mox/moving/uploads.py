"""Archives on their way in: written to disk piece by piece, and removed if nothing becomes of them."""

import asyncio
import os
import secrets
from concurrent.futures import Executor
from pathlib import Path
from typing import BinaryIO

from mox.moving.diskroom import check_room
from mox.runtime import Lane, remove_file

__all__ = ["Upload", "Uploads"]

_TOGETHER_OCTETS = 1 << 20
_PATTERN = "upload-*"


class Upload:
    """One archive; used by one task, on the loop.

    Attributes:
        path: Where it is written.
        size: In octets, up to now.
    """

    def __init__(self, path: Path, pool: Executor) -> None:
        self.path = path
        self.size = 0
        self._lane = Lane(pool)
        self._file: BinaryIO | None = None
        self._pieces: list[bytes] = []
        self._waiting = 0

    async def write(self, octets: bytes) -> None:
        """Add octets.

        Raises:
            NoRoomError: There is no room for more.
            OSError: It cannot be written.
        """
        self._pieces.append(octets)
        self._waiting += len(octets)
        self.size += len(octets)
        if self._waiting >= _TOGETHER_OCTETS:
            await self._flush()

    async def finish(self) -> None:
        """Write the rest, and close.

        Raises:
            NoRoomError, OSError: As `write`.
        """
        await self._flush()
        await self._lane.run(self._close)

    async def _flush(self) -> None:
        octets, self._pieces, self._waiting = b"".join(self._pieces), [], 0
        await self._lane.run(lambda: self._write(octets))

    def _write(self, octets: bytes) -> None:
        check_room(self.path.parent, len(octets))
        if self._file is None:
            self._file = open(self.path, "xb", buffering=0, opener=_private)  # noqa: SIM115  it stays open
        view = memoryview(octets)
        while view:
            view = view[self._file.write(view) :]

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    async def discard(self) -> None:
        """Close and remove it; an import that began with it does that itself."""
        await self._lane.run(self._discard)

    def _discard(self) -> None:
        self._close()
        remove_file(self.path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Uploads:
    """Where they are written."""

    def __init__(self, directory: Path, pool: Executor) -> None:
        """Remember the directory; it is on the disk of the accounts."""
        self._directory = directory
        self._pool = pool

    async def begin(self, size: int = 0) -> Upload:
        """Begin an archive of a size, as far as that is known.

        Raises:
            NoRoomError: There is no room for it.
            OSError: The disk has problems.
        """
        await asyncio.get_running_loop().run_in_executor(self._pool, check_room, self._directory, size)
        return Upload(self._directory / f"upload-{secrets.token_hex(8)}", self._pool)

    def discard_left(self) -> None:
        """Remove what was left when the server was killed; before any begins."""
        for left in self._directory.glob(_PATTERN):
            remove_file(left)
