"""Headers of tar files with PAX extensions (POSIX.1-2001), one entry after the other."""

import tarfile

__all__ = ["tar_end", "tar_header", "tar_padding"]

_BLOCK = 512
_MODE, _DIRECTORY_MODE = 0o660, 0o770


def tar_header(name: str, modified_at: int, size: int | None) -> bytes:
    """Return what stands before an entry's octets; a directory has no size."""
    entry = tarfile.TarInfo(name)
    entry.mtime = max(0, modified_at)
    if size is None:
        entry.type, entry.mode = tarfile.DIRTYPE, _DIRECTORY_MODE
    else:
        entry.size, entry.mode = size, _MODE
    return entry.tobuf(tarfile.PAX_FORMAT)


def tar_padding(size: int) -> bytes:
    """Return what stands behind an entry's octets."""
    return bytes(-size % _BLOCK)


def tar_end() -> bytes:
    """Return the end of an archive."""
    return bytes(2 * _BLOCK)
