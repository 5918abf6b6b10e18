"""Handlers as their users see them: by HTTP, on a port."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from mox.config import ConfigSnapshot, WebForward, WebHandler, WebInternal, WebRedirect, WebStatic
from room.webserver.conftest import Endless, free_port, snapshot

Start = Callable[[ConfigSnapshot], Awaitable[int]]
HOST = {"Host": "www.mox.example"}


def handler(path: str = "^/", **more: object) -> WebHandler:
    values: dict[str, object] = {"domain": "www.mox.example", "dont_redirect_plain_http": True}
    return WebHandler(path_regexp=path, **values | more)  # type: ignore[arg-type]  # a test's own


async def get(
    port: int, path: str, method: str = "GET", host: str = "www.mox.example", **more: object
) -> httpx.Response:
    headers = {"Host": host} | more.pop("headers", {})  # type: ignore[operator]
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.request(method, f"http://127.0.0.1:{port}{path}", headers=headers, **more)  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "sub").mkdir(parents=True)
    (site / "list").mkdir()
    (site / "sub" / "index.html").write_text("<p>index")
    (site / "a.txt").write_text("hello\n" * 300)
    (site / "b").write_bytes(b"\x00\x01")
    (site / "c").write_text("text")
    (site / "list" / "<x>:.html").write_text("x")
    (site / "pipe" / "index.html").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    return site


async def test_files_are_served_with_type_dates_and_ranges(start: Start, root: Path) -> None:
    port = await start(snapshot(handler(web_static=WebStatic(root=str(root)))))
    whole = await get(port, "/a.txt")
    assert (whole.status_code, len(whole.content)) == (200, 1800)
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    # These are somebody's own pages: our policies are not for them.
    assert "content-security-policy" not in whole.headers
    part = await get(port, "/a.txt", headers={"Range": "bytes=6-10"})
    assert (part.status_code, part.content) == (206, b"hello")
    for header, value in (
        ("If-None-Match", whole.headers["etag"]),
        ("If-Modified-Since", whole.headers["last-modified"]),
    ):
        assert (await get(port, "/a.txt", headers={header: value})).status_code == 304
    assert (await get(port, "/a.txt", "HEAD")).headers["content-length"] == "1800"
    assert (await get(port, "/b")).headers["content-type"] == "application/octet-stream"
    assert (await get(port, "/c")).headers["content-type"] == "text/plain; charset=utf-8"
    assert (await get(port, "/sub/")).text == "<p>index"
    moved = await get(port, "/sub")
    assert (moved.status_code, moved.headers["location"]) == (307, "/sub/")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/none", 404),
        ("/pipe/", 403),
        ("/a.txt/", 404),
        ("/a.txt/x", 404),
        ("/%00", 404),
        ("/" + "x" * 5000, 404),
        ("/../secret", 404),
        ("/%2e%2e/secret", 404),
        ("/sub/..%2f..%2fsecret", 404),
        ("/list/", 403),
    ],
)
async def test_what_is_not_there_or_elsewhere_is_not_served(
    start: Start, root: Path, path: str, status: int
) -> None:
    port = await start(snapshot(handler(web_static=WebStatic(root=str(root)))))
    assert (await get(port, path)).status_code == status


async def test_files_may_be_left_to_others_below_a_prefix(start: Start, root: Path) -> None:
    static = WebStatic(root=str(root), strip_prefix="/files/", continue_not_found=True)
    port = await start(snapshot(handler(web_static=static)))
    assert (await get(port, "/files/c")).text == "text"
    for path, method in (("/files/none", "GET"), ("/c", "GET"), ("/files/c", "POST")):
        answer = await get(port, path, method)
        assert answer.text.startswith("own /")
        assert "content-security-policy" in answer.headers


async def test_a_directory_is_listed_and_headers_are_added(start: Start, root: Path) -> None:
    headers = {"X-Own": "yes", "Content-Type": "application/x-own"}
    static = WebStatic(root=str(root), list_files=True, response_headers=headers)
    port = await start(snapshot(handler(web_static=static)))
    page = await get(port, "/list/")
    assert page.headers["content-type"].startswith("text/html")
    assert 'href="./%3Cx%3E%3A.html">&lt;x&gt;:.html</a>' in page.text
    assert 'href="./../"' in page.text
    assert "../" not in (await get(port, "/")).text
    answer = await get(port, "/c")
    assert (answer.headers["x-own"], answer.headers["content-type"]) == ("yes", "application/x-own")


async def test_writing_to_files_is_refused(start: Start, root: Path) -> None:
    port = await start(snapshot(handler(web_static=WebStatic(root=str(root)))))
    answer = await get(port, "/a.txt", "PUT", content=b"x")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_what_may_not_be_read_is_forbidden(
    start: Start, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, _flags: int) -> int:
        # Root, who may run this, may read everything.
        raise PermissionError(13, "Permission denied", str(path))

    port = await start(snapshot(handler(web_static=WebStatic(root=str(root)))))
    monkeypatch.setattr("mox.webserver.files.os.open", refuse)
    assert (await get(port, "/c")).status_code == 403


async def test_compression_is_for_who_wants_it(start: Start, root: Path) -> None:
    static = WebStatic(root=str(root))
    port = await start(
        snapshot(handler("^/a", web_static=static, compress=True), handler("^/sub", web_static=static))
    )
    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{port}/a.txt"
        async with client.stream("GET", url, headers=HOST | {"Accept-Encoding": "gzip"}) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        assert gzip.decompress(raw).startswith(b"hello\n")
        assert answer.headers["etag"].startswith("W/")
        sub = await client.get(f"http://127.0.0.1:{port}/sub/", headers=HOST | {"Accept-Encoding": "gzip"})
        assert "content-encoding" not in sub.headers


async def test_a_domain_and_plain_requests_are_redirected(start: Start) -> None:
    https = handler("^/only", dont_redirect_plain_http=False, web_static=WebStatic(root="/"))
    away = handler("^/old/", web_redirect=WebRedirect(base_url="https://else.example", status_code=302))
    same = handler("^/same", web_redirect=WebRedirect(base_url="//www.mox.example"))
    port = await start(snapshot(https, away, same, redirects={"mox.example": "bücher.example"}))
    answer = await get(port, "/x?a=%20b", host="mox.example")
    assert (answer.status_code, answer.headers["location"]) == (
        308,
        "https://xn--bcher-kva.example/x?a=%20b",
    )
    answer = await get(port, "/only?q")
    assert (answer.status_code, answer.headers["location"]) == (308, "https://www.mox.example/only?q")
    answer = await get(port, "/old/x")
    assert (answer.status_code, answer.headers["location"]) == (302, "https://else.example/old/x")
    assert (await get(port, "/other")).text == "own /other "


async def test_our_own_site_can_be_elsewhere(start: Start) -> None:
    port = await start(
        snapshot(
            handler("^/mine", web_internal=WebInternal(base_path="/mine/", service="account")),
            handler("^/admin", web_internal=WebInternal(base_path="/admin/", service="admin")),
        )
    )
    answer = await get(port, "/mine/x")
    assert answer.text == "own /mine/x /mine"
    assert "content-security-policy" in answer.headers
    assert (await get(port, "/mine")).headers["location"] == "/mine/"
    assert (await get(port, "/admin/")).status_code == 404


async def test_another_server_answers_and_learns_who_asks(start: Start, behind: int) -> None:
    forward = WebForward(
        url=f"http://127.0.0.1:{behind}/base", strip_path=True, response_headers={"X-Own": "1"}
    )
    port = await start(snapshot(handler("^/app/", web_forward=forward)))
    answer = await get(
        port,
        "/app/p%20q/%C3%A4?x=%2F",
        "POST",
        content=b"body",
        headers={
            "X-Forwarded-For": "9.9.9.9",
            "Forwarded": "for=9.9.9.9",
            "Connection": "X-Hop",
            "X-Hop": "1",
            "User-Agent": "me",
        },
    )
    assert answer.status_code == 201
    assert (answer.headers["x-behind"], answer.headers["x-own"]) == ("yes", "1")
    assert answer.headers["set-cookie"] == "a=b"
    first, body, *lines = answer.text.split("\n")
    assert (first, body) == ("POST /base/p q/ä?x=%2F", "body")
    headers = dict(line.split(": ", 1) for line in lines)
    assert headers["host"] == "www.mox.example"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-host"] == "www.mox.example"
    assert headers["x-forwarded-proto"] == "http"
    assert (headers["user-agent"], headers["content-length"]) == ("me", "4")
    assert not {"forwarded", "x-hop", "connection"} & set(headers)


async def test_large_bodies_and_streams_pass_in_pieces(start: Start, behind: int) -> None:
    port = await start(snapshot(handler(web_forward=WebForward(url=f"http://127.0.0.1:{behind}/"))))

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 50_000

    answer = await get(port, "/up", "PUT", content=pieces())
    assert answer.text.split("\n")[1] == "x" * 2_000_000
    stream = await get(port, "/stream")
    assert stream.text == "data: 0\n\ndata: 1\n\ndata: 2\n\n"
    assert (await get(port, "/crash")).status_code == 503


async def test_an_answer_without_end_ends_with_its_client(
    start: Start, behind: int, endless: Endless
) -> None:
    port = await start(snapshot(handler(web_forward=WebForward(url=f"http://127.0.0.1:{behind}/"))))
    async with httpx.AsyncClient(trust_env=False) as client:
        async with client.stream("GET", f"http://127.0.0.1:{port}/endless", headers=HOST) as answer:
            assert await anext(answer.aiter_raw()) == b"data: x\n\n"
        assert endless.began.is_set()
    async with asyncio.timeout(10):
        await endless.ended.wait()


@pytest.mark.parametrize("host", ["www.mox.example:80@else.example", "www.mox.example:x", "[::1]:a"])
async def test_a_host_with_more_than_a_port_is_none(start: Start, host: str) -> None:
    away = handler(web_redirect=WebRedirect(base_url="https://", orig_path_regexp="^/", replace_path="/x"))
    port = await start(snapshot(away))
    answer = await get(port, "/", host=host)
    assert "else.example" not in answer.headers.get("location", "")
    assert answer.text.startswith("own /")


async def test_a_server_that_is_not_there_is_told(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    port = await start(snapshot(handler(web_forward=WebForward(url=f"http://127.0.0.1:{free_port()}/"))))
    with caplog.at_level(logging.WARNING):
        answer = await get(port, "/?token=secret")
    assert answer.status_code == 502
    assert "cannot be reached" in answer.text
    assert "web server behind us failed" in caplog.text
    assert "secret" not in str([record.__dict__ for record in caplog.records])


async def test_websockets_are_carried_both_ways(start: Start, behind: int) -> None:
    forward = WebForward(url=f"http://127.0.0.1:{behind}/base", strip_path=True)
    port = await start(snapshot(handler("^/app", web_forward=forward)))
    url = f"ws://www.mox.example:{port}/app/ws"
    async with connect(url, host="127.0.0.1", port=port, proxy=None, subprotocols=["chat"]) as websocket:  # type: ignore[list-item]
        assert websocket.subprotocol == "chat"
        assert await websocket.recv() == f"/base/ws www.mox.example:{port} 127.0.0.1"
        await websocket.send("hello")
        assert await websocket.recv() == "HELLO"
        await websocket.send(b"abc" * 100_000)
        assert await websocket.recv() == b"cba" * 100_000
        await websocket.send("end")
        with pytest.raises(ConnectionClosed) as closed:
            await websocket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4000


async def test_websockets_that_nobody_has_are_refused(start: Start, behind: int) -> None:
    forward = WebForward(url=f"http://127.0.0.1:{free_port()}/")
    port = await start(
        snapshot(handler("^/gone", web_forward=forward), handler("^/files", web_static=WebStatic(root="/")))
    )
    for path in ("/gone", "/files", "/other"):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"ws://www.mox.example:{port}{path}", host="127.0.0.1", port=port, proxy=None):
                pass
        assert refused.value.response.status_code == 403
