"""HTTP on our streams: requests, problems, limits, compression, hostile clients, the end of a server."""

import asyncio
import contextlib
import gzip
import json
import logging
import time

import h2.config
import h2.connection
import h2.events
import pytest

from moxkit.testing import FakeClock
from room.http.conftest import Running, Start, make_site, parse

_HEAD = b"Host: site.example\r\n"


async def test_answers_with_safe_headers(start: Start) -> None:
    reply = await (await start()).get("/hello")
    assert (reply.status, reply.body[:28]) == (200, b"127.0.0.1 http /hello\nxxxxxx")
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    assert "unsafe" not in reply.headers["content-security-policy"]
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "same-origin"
    # Nobody is told to insist on TLS over a connection without.
    assert "strict-transport-security" not in reply.headers
    assert "server" not in reply.headers


async def test_problems_are_pages_for_people_and_json_for_programs(start: Start) -> None:
    server = await start()
    page = await server.get("/refuse", accept="text/html,*/*")
    assert page.status == 403
    assert b"Not &lt;you&gt;." in page.body
    assert "sha256-" in page.headers["content-security-policy"]
    told = await server.get("/refuse")
    assert told.headers["content-type"] == "application/problem+json"
    assert json.loads(told.body) == {
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "detail": "Not <you>.",
        "code": "not-you",
    }


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/none", "GET", 404), ("/hello", "DELETE", 405), ("/crash", "GET", 500), ("/echo", "GET", 405)],
)
async def test_status_of_what_cannot_be_answered(start: Start, path: str, method: str, status: int) -> None:
    assert (await (await start()).get(path, method=method)).status == status


async def test_crash_is_logged_and_not_told(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    reply = await (await start()).get("/crash")
    assert b"a bug" not in reply.body
    assert "a bug" in caplog.text


@pytest.mark.parametrize(
    ("path", "host", "status", "where"),
    [
        ("/hello", "site.example:8080", 200, "/hello"),
        ("/hello", "SITE.example", 200, "/hello"),
        ("/hello", "other.example", 404, ""),
        ("/hello", "", 404, ""),
        ("/inner/hello", "site.example", 200, "/inner/hello"),
        ("/inner", "site.example", 303, ""),
        ("/x/../inner/./hello", "site.example", 200, "/inner/hello"),
        ("/inner/../../hello", "site.example", 200, "/hello"),
        ("//hello", "site.example", 200, "/hello"),
    ],
)
async def test_routes_by_host_and_longest_path(
    start: Start, path: str, host: str, status: int, where: str
) -> None:
    reply = await (await start(make_site(), make_site("/inner/", name="inner"))).get(path, host=host)
    assert reply.status == status
    assert where.encode() in reply.body.partition(b"\n")[0]


async def test_believes_a_proxy_only_where_configured(start: Start) -> None:
    forwarded, proto = "192.0.2.7, 10.0.0.1", "https"
    direct = await (await start()).get("/hello", x_forwarded_for=forwarded, x_forwarded_proto=proto)
    assert direct.body.startswith(b"127.0.0.1 http ")
    behind = await start(make_site(is_forwarded=True))
    reply = await behind.get("/hello", x_forwarded_for=forwarded, x_forwarded_proto=proto)
    assert reply.body.startswith(b"192.0.2.7 https ")
    assert (await behind.get("/hello")).status == 400
    assert (await behind.get("/hello", x_forwarded_for="<script>")).status == 400


async def test_compresses_what_is_worth_it(start: Start) -> None:
    server = await start()
    reply = await server.get("/hello", accept_encoding="br, gzip;q=0.5")
    assert reply.headers["content-encoding"] == "gzip"
    assert gzip.decompress(reply.body).endswith(b"xxx")
    for refused in ("gzip;q=0", "gzip; q=0.000", "br", ""):
        assert "content-encoding" not in (await server.get("/hello", accept_encoding=refused)).headers
    stream = await server.get("/stream", accept_encoding="gzip")
    assert "content-encoding" not in stream.headers
    assert stream.body == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"


@pytest.mark.parametrize(("size", "status"), [(1000, 200), (1001, 413)])
async def test_bounds_a_body_by_its_size(start: Start, size: int, status: int) -> None:
    assert (await (await start()).get("/echo", method="POST", body=b"x" * size)).status == status


async def test_bounds_a_body_without_size(start: Start) -> None:
    server = await start()
    chunks = b"400\r\n" + b"x" * 1024 + b"\r\n"
    head = b"POST /echo HTTP/1.1\r\n" + _HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert b" 413 " in (await server.raw(head + chunks * 3 + b"0\r\n\r\n")).partition(b"\r\n")[0]


@pytest.mark.parametrize(
    "octets",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /hello HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"POST /echo HTTP/1.1\r\n" + _HEAD + b"Content-Length: -1\r\n\r\n",
        b"POST /echo HTTP/1.1\r\n"
        + _HEAD
        + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 20_000,
    ],
)
async def test_hostile_clients_are_sent_away_in_time(start: Start, octets: bytes) -> None:
    server = await start()
    began = time.monotonic()
    await server.raw(octets)
    assert time.monotonic() - began < 5
    assert (await server.get("/hello")).status == 200


async def test_refuses_websockets_without_a_word_in_the_log(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    server = await start()
    octets = (
        b"GET /hello HTTP/1.1\r\n" + _HEAD + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert b" 403 " in (await server.raw(octets)).partition(b"\r\n")[0]
    assert [record for record in caplog.records if record.levelname in {"ERROR", "WARNING"}] == []


async def test_a_million_octets_of_header_end_in_time(start: Start) -> None:
    server = await start()
    began = time.monotonic()
    # The client is cut off while it still sends, and may not see its answer.
    with contextlib.suppress(ConnectionError):
        await server.raw(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 170_000)
    assert time.monotonic() - began < 5
    assert (await server.get("/hello")).status == 200


async def test_limits_requests_of_a_client(start: Start, clock: FakeClock) -> None:
    server = await start(is_limited=True)
    reader, writer = await server.connect()
    writer.write((b"GET /none HTTP/1.1\r\n" + _HEAD + b"\r\n") * 999)
    writer.write(b"GET /none HTTP/1.1\r\n" + _HEAD + b"Connection: close\r\n\r\n")
    assert (await reader.read()).count(b" 404 ") == 1000
    writer.close()
    refused = await server.get("/hello")
    assert (refused.status, refused.headers["retry-after"]) == (429, "60")
    await clock.advance(60)
    assert (await server.get("/hello")).status == 200


async def test_log_has_one_line_without_secrets(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await (await start()).get("/hello?token=hush", cookie="session=hush", authorization="hush")
    lines = [record for record in caplog.records if record.message == "http request"]
    assert [(line.__dict__["handler"], line.__dict__["status"]) for line in lines] == [("test", 200)]
    assert "hush" not in repr([record.__dict__ for record in caplog.records])


async def test_requests_are_told_to_who_counts(start: Start) -> None:
    told: list[dict[str, object]] = []

    class Counter:
        """Remembers."""

        def answered(self, **what: object) -> None:
            told.append(what)

    server = await start(counting=Counter())
    await server.get("/hello")
    await server.get("/none", method="BREW")
    await server.get("/hello", host="other.example")
    assert [(each["handler"], each["method"], each["status"]) for each in told] == [
        ("test", "get", 200),
        ("test", "(other)", 404),
        ("(nomatch)", "get", 404),
    ]
    assert {(each["proto"], each["began_s"], each["done_s"]) for each in told} == {("http", 0.0, 0.0)}


async def test_idle_connections_end_with_the_server(start: Start) -> None:
    server = await start()
    reader, writer = await server.connect()
    writer.write(b"GET /hello HTTP/1.1\r\n" + _HEAD + b"\r\n")
    assert (await reader.readline()).endswith(b" 200 \r\n")
    server.shutdown.ask("stop")
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()


async def test_answers_several_streams_of_http_2(start: Start) -> None:
    """HTTP/2 with prior knowledge (RFC 9113 §3.3)."""
    server = await start()
    statuses, size = await _ask_by_h2(server, ["/hello", "/none", "/refuse"])
    assert sorted(statuses.values()) == [b"200", b"403", b"404"]
    assert size > 1000


async def test_a_body_of_http_2_that_goes_on_after_the_answer_harms_nobody(start: Start) -> None:
    server = await start()
    await _ask_by_h2(server, ["/echo"], body=b"x" * 60_000)
    assert (await server.get("/hello")).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        [(b":method", b"GET"), (b":path", b"/\xff"), (b":scheme", b"http"), (b":authority", b"x")],
        [(b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"x")],
        [(b":method", b"CONNECT"), (b":authority", b"x")],
        [(b":method", b"G\xc3T"), (b":path", b"/"), (b":scheme", b"http"), (b":authority", b"x")],
        [(b":method", b"GET"), (b":path", b"/"), (b":scheme", b"http"), (b"a" * 20_000, b"b" * 20_000)],
    ],
)
async def test_strange_headers_of_http_2_harm_nobody(
    start: Start, headers: list[tuple[bytes, bytes]], caplog: pytest.LogCaptureFixture
) -> None:
    server = await start()
    reader, writer = await server.connect()
    client = _h2_client()
    client.send_headers(1, headers, end_stream=True)
    writer.write(client.data_to_send())
    async with asyncio.timeout(10):
        # Settings, and then some kind of end.
        await reader.read(65536)
    writer.close()
    assert (await server.get("/hello")).status == 200
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_streams_that_are_begun_and_given_up_end_the_connection(start: Start) -> None:
    """A thousand requests a connection at most, given up or not (RFC 9113 §10.5)."""
    server = await start()
    reader, writer = await server.connect()
    client = _h2_client()
    headers = [(":method", "GET"), (":path", "/hello"), (":scheme", "http"), (":authority", "site.example")]
    for number in range(1500):
        client.send_headers(number * 2 + 1, headers, end_stream=True)
        client.reset_stream(number * 2 + 1)
        writer.write(client.data_to_send())
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(20):
            while await reader.read(65536):
                pass
    writer.close()
    assert (await server.get("/hello")).status == 200


def _h2_client() -> h2.connection.H2Connection:
    """Return a client that says what it is told to."""
    client = h2.connection.H2Connection(
        h2.config.H2Configuration(
            header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False
        )
    )
    client.initiate_connection()
    return client


async def _ask_by_h2(server: Running, paths: list[str], body: bytes = b"") -> tuple[dict[int, bytes], int]:
    reader, writer = await server.connect()
    client = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
    client.initiate_connection()
    for number, path in enumerate(paths):
        headers = [(":method", "POST" if body else "GET"), (":path", path), (":scheme", "http")]
        client.send_headers(number * 2 + 1, [*headers, (":authority", "site.example")], end_stream=not body)
        for at in range(0, len(body), 16000):
            client.send_data(number * 2 + 1, body[at : at + 16000])
    writer.write(client.data_to_send())
    statuses, size, ended = dict[int, bytes](), 0, 0
    async with asyncio.timeout(10):
        while ended < len(paths) and (octets := await reader.read(65536)):
            for event in client.receive_data(octets):
                match event:
                    case h2.events.ResponseReceived():
                        statuses[event.stream_id] = dict(event.headers)[b":status"]
                    case h2.events.DataReceived():
                        size += len(event.data)
                    case h2.events.StreamEnded() | h2.events.StreamReset():
                        ended += 1
                    case _:
                        pass
    writer.close()
    return statuses, size


def test_reads_chunks() -> None:
    assert parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n").body == b"ab"
