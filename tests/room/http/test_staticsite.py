"""Files of a site: types, compression, tags, and that addresses change with what they name."""

import gzip

import pytest
from starlette.requests import Request

from mox.http import ProblemError, StaticFiles, StaticPage, read_files

_SCRIPT = b"export const one = 1\n" * 100


def request(version: str = "", name: str = "", **headers: str) -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "headers": [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()],
            "path_params": {"version": version, "name": name},
        }
    )


async def test_file_is_sent_compressed_to_who_takes_it_and_kept_for_ever() -> None:
    files = StaticFiles({"a/b.js": _SCRIPT})
    plain = await files.answer(request(files.version, "a/b.js"))
    assert (plain.body, plain.headers["content-type"]) == (_SCRIPT, "text/javascript; charset=utf-8")
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    zipped = await files.answer(request(files.version, "a/b.js", accept_encoding="gzip"))
    assert gzip.decompress(bytes(zipped.body)) == _SCRIPT
    assert zipped.headers["vary"] == "accept-encoding"
    # Two representations, two tags (RFC 9110 §8.8.3.3).
    assert zipped.headers["etag"] != plain.headers["etag"]


def test_page_is_asked_for_again_and_not_sent_again() -> None:
    page = StaticPage.of("index.html", b"<!doctype html>")
    first = page.answer(request())
    assert first.headers["cache-control"] == "no-cache"
    again = page.answer(request(if_none_match=first.headers["etag"]))
    assert (again.status_code, again.body) == (304, b"")
    assert page.answer(request(if_none_match='"other"')).status_code == 200


@pytest.mark.parametrize(("version", "name"), [("0", "a.js"), ("", "b.js"), ("", "../a.js"), ("", "")])
async def test_nothing_else_is_there(version: str, name: str) -> None:
    files = StaticFiles({"a.js": _SCRIPT})
    with pytest.raises(ProblemError, match="no such file"):
        await files.answer(request(version or files.version, name))


def test_version_is_of_names_and_contents() -> None:
    versions = {
        StaticFiles(each).version
        for each in ({"a": b"1"}, {"a": b"2"}, {"b": b"1"}, {"a": b"1", "b": b""}, {"a": b"", "b": b"1"})
    }
    assert len(versions) == 5


def test_packages_files_are_found_below_a_prefix() -> None:
    found = read_files("mox.http", "shared")
    assert {"shared/tokens.css", "shared/vendor/preact.js", "shared/licenses.txt"} <= set(found)
    licences = found["shared/licenses.txt"]
    for name, octets in found.items():
        if name.startswith("shared/vendor/"):
            # What others wrote says so in its first line, and its licence is told.
            first = octets.partition(b"\n")[0]
            assert first.startswith(b"/*! ")
            assert first.split()[1] in licences or b"signals" in first or b"preact" in first
