"""Making archives of mail for tests, with the standard library."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import zstandard

__all__ = ["WAYS", "letter", "make_archive", "mbox_of"]

# How the same files are packed.
WAYS = ("zip", "zip-stored", "tar", "tgz", "tar.zst", "directory")


def letter(number: int, *fields: str, body: str = "hello\n") -> bytes:
    """Return a message with LF, as files have it."""
    head = "".join(f"{field}\n" for field in fields)
    return f"Message-ID: <{number}@mox.example>\nSubject: letter {number}\n{head}\n{body}".encode()


def mbox_of(messages: Iterable[bytes], date: str = "Mon Jan  2 15:04:05 2006") -> bytes:
    """Return an mbox file."""
    return b"".join(b"From someone@mox.example " + date.encode() + b"\n" + each + b"\n" for each in messages)


def make_archive(path: Path, files: Mapping[str, bytes | None], way: str) -> Path:
    """Pack files (None: directories); return where."""
    match way:
        case "zip" | "zip-stored":
            method = zipfile.ZIP_DEFLATED if way == "zip" else zipfile.ZIP_STORED
            with zipfile.ZipFile(path, "w", method) as archive:
                for name, octets in files.items():
                    archive.writestr(name if octets is not None else f"{name}/", octets or b"")
        case "directory":
            for name, octets in files.items():
                target = path / name
                target.parent.mkdir(parents=True, exist_ok=True)
                if octets is None:
                    target.mkdir(exist_ok=True)
                else:
                    target.write_bytes(octets)
        case _:
            plain = _tar(files)
            packed = {
                "tar": lambda: plain,
                "tgz": lambda: gzip.compress(plain),
                "tar.zst": lambda: _zstd(plain),
            }
            path.write_bytes(packed[way]())
    return path


def _tar(files: Mapping[str, bytes | None]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, octets in files.items():
            member = tarfile.TarInfo(name)
            member.mtime = 1_500_000_000
            if octets is None:
                member.type = tarfile.DIRTYPE
            member.size = len(octets or b"")
            archive.addfile(member, io.BytesIO(octets or b""))
    return written.getvalue()


def _zstd(octets: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(octets)
