"""Files of a directory, as they are on disk (reference http.md §5.1)."""

import asyncio
import errno
import mimetypes
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles

from mox.config import WebStatic
from mox.http import DeclinedError, ProblemError
from mox.webserver.listing import Entry, listing

__all__ = ["file_answer"]

_SNIFFED = 512
_MOST_ENTRIES = 10_000
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP)


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    info: os.stat_result
    content_type: str


async def file_answer(request: Request, static: WebStatic, path: str) -> Response:
    """Answer with a file.

    Args:
        request: GET or HEAD.
        static: Where files are.
        path: Decoded, without `.` and `..`.

    Raises:
        DeclinedError: Others are to answer.
        ProblemError: There is nothing to see.
    """
    if request.method not in {"GET", "HEAD"}:
        if static.continue_not_found:
            raise DeclinedError
        raise ProblemError(405, "This address is for reading only.", allow="GET, HEAD")
    if not path.startswith(static.strip_prefix):
        raise _absent(static)
    names = path.removeprefix(static.strip_prefix).lstrip("/")
    if "\0" in names or (os.sep != "/" and any(each in names for each in "\\:")):
        raise _absent(static)
    return await asyncio.to_thread(_answer, request.headers, static, path, Path(static.root, names))


def _answer(headers: Headers, static: WebStatic, path: str, file: Path) -> Response:
    wants_directory = path.endswith("/")
    try:
        info = file.stat()
        if not stat.S_ISDIR(info.st_mode):
            if wants_directory or not stat.S_ISREG(info.st_mode):
                raise _absent(static)
            return _file(headers, static, _look_at(file, info))
        if not wants_directory:
            return RedirectResponse(f"{quote(path)}/", 307)
        return _directory(headers, static, path, file)
    except PermissionError as error:
        raise ProblemError(403, "This may not be read.") from error
    except OSError as error:
        if error.errno in _ABSENT:
            raise _absent(static) from error
        raise


def _directory(headers: Headers, static: WebStatic, path: str, directory: Path) -> Response:
    index = directory / "index.html"
    # What is no regular file, such as a pipe, would be waited for without end.
    if index.is_file():
        return _file(headers, static, _Found(index, index.stat(), "text/html; charset=utf-8"))
    if not static.list_files:
        if static.continue_not_found:
            raise DeclinedError
        raise ProblemError(403, "What is in this directory is not shown.")
    entries: list[Entry] = []
    with os.scandir(directory) as found:
        for each in found:
            if len(entries) >= _MOST_ENTRIES:
                break
            try:
                info = each.stat()
            except OSError:
                continue
            entries.append(Entry(each.name, stat.S_ISDIR(info.st_mode), info.st_size, info.st_mtime))
    return HTMLResponse(listing(path, entries), headers=_without_type(static.response_headers))


def _file(headers: Headers, static: WebStatic, found: _Found) -> Response:
    os.close(os.open(found.path, os.O_RDONLY))
    wanted = static.response_headers
    given = next((value for name, value in wanted.items() if name.lower() == "content-type"), None)
    response = FileResponse(
        found.path,
        stat_result=found.info,
        media_type=given or found.content_type,
        headers=_without_type(wanted),
    )
    if StaticFiles.is_not_modified(_COMPARING, response.headers, headers):
        return NotModifiedResponse(response.headers)
    return response


# It compares headers, and looks at no directory.
_COMPARING = StaticFiles(directory=None, packages=None, check_dir=False)


def _look_at(file: Path, info: os.stat_result) -> _Found:
    """Say what kind of content a file has: by its name, else by how it begins."""
    kind, encoding = mimetypes.guess_type(file.name)
    if kind is None or encoding is not None:
        with file.open("rb") as opened:
            beginning = opened.read(_SNIFFED)
        kind = "application/octet-stream" if encoding is not None or _is_binary(beginning) else "text/plain"
    return _Found(file, info, f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)


def _is_binary(beginning: bytes) -> bool:
    return any(octet < 9 or 13 < octet < 32 for octet in beginning)


def _without_type(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() != "content-type"}


def _absent(static: WebStatic) -> Exception:
    return DeclinedError() if static.continue_not_found else ProblemError(404, "There is no such file.")
