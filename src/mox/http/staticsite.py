"""Files of a site, kept in memory: compressed once, and cached by browsers for ever.

Their addresses hold a digest of all of them, so that a new version of the server has new addresses, and no
page mixes files of two versions.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

from mox.http.compression import accepts_gzip, is_compressible
from mox.http.problems import ProblemError

__all__ = ["StaticFiles", "StaticPage", "read_files"]

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class StaticPage:
    """One file, ready to be sent."""

    content_type: str
    octets: bytes
    compressed: bytes | None
    etag: str

    @classmethod
    def of(cls, name: str, octets: bytes) -> "StaticPage":
        """Prepare a file; its name tells its type."""
        content_type = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
        compressed = gzip.compress(octets, 9, mtime=0) if is_compressible(content_type) else None
        return cls(content_type, octets, compressed, hashlib.sha256(octets).hexdigest()[:20])

    def answer(self, request: Request, *, cache: str = _ASK_AGAIN) -> Response:
        """Answer a GET or HEAD request (RFC 9110 §13.1.2)."""
        zipped = self.compressed if accepts_gzip(request.headers.get("accept-encoding", "")) else None
        # Two representations have two tags (RFC 9110 §8.8.3.3).
        etag = f'"{self.etag}"' if zipped is None else f'"{self.etag}-gzip"'
        headers = {"etag": etag, "cache-control": cache, "vary": "accept-encoding"}
        if etag in [each.strip().removeprefix("W/") for each in request.headers.getlist("if-none-match")]:
            return Response(status_code=304, headers=headers)
        if zipped is not None:
            headers["content-encoding"] = "gzip"
        return Response(
            self.octets if zipped is None else zipped, headers=headers, media_type=self.content_type
        )


class StaticFiles:
    """All files of a site.

    Attributes:
        version: Digest of all of them; part of their addresses.
    """

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        digest = hashlib.sha256()
        for name in sorted(contents):
            digest.update(f"{name}\0{len(contents[name])}\0".encode() + contents[name])
        self.version = digest.hexdigest()[:12]
        self._files = {name: StaticPage.of(name, octets) for name, octets in contents.items()}

    def names(self, suffix: str) -> list[str]:
        """Return the names that end so, sorted."""
        return sorted(name for name in self._files if name.endswith(suffix))

    async def answer(self, request: Request) -> Response:
        """Answer a request for the path parameters `version` and `name`.

        Raises:
            ProblemError: There is no such file.
        """
        found = self._files.get(request.path_params["name"])
        if found is None or request.path_params["version"] != self.version:
            raise ProblemError(404, "There is no such file.")
        return found.answer(request, cache=_FOR_EVER)


def read_files(package: str, prefix: str) -> dict[str, bytes]:
    """Read the directory `static` of a package; names get the prefix."""
    return dict(_walk(files(package) / "static", prefix))


def _walk(directory: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for each in directory.iterdir():
        name = f"{prefix}/{each.name}"
        found += _walk(each, name) if each.is_dir() else [(name, each.read_bytes())]
    return found
