"""An export as files on disk; nothing that is there is overwritten."""

import os
from collections.abc import Iterator
from pathlib import Path

from mox.moving.exporting import ExportFile

__all__ = ["write_directory"]


def write_directory(files: Iterator[ExportFile], root: Path) -> None:
    """Write files below a directory, which is made if it is missing.

    Raises:
        FileExistsError: Something is in the way.
        OSError: It cannot be written.
    """
    root.mkdir(mode=0o770, parents=True, exist_ok=True)
    made: set[Path] = set()
    for file in files:
        path = root / file.name
        directory = path if file.pieces is None else path.parent
        if directory not in made:
            directory.mkdir(mode=0o770, parents=True, exist_ok=True)
            made.add(directory)
        if file.pieces is not None:
            with path.open("xb") as written:
                for piece in file.pieces:
                    written.write(piece)
            os.utime(path, (file.modified_at, file.modified_at))
