"""The ways of the configuration: failing, one kind of address, a proxy; and routes that change in between."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from kit.smtpclient.mailhost import Server, running
from mox.config import DirectTransport, FailTransport, Route, SocksTransport, Transport
from mox.queue import Delivered, Failed, Retry
from room.outgoing.messages import kinds, message
from room.outgoing.places import Places, configured

DUAL = "other.example MX 10 mx.mox.example\nmx.mox.example A 127.0.0.1\nmx.mox.example AAAA ::1"


@contextlib.asynccontextmanager
async def socks_proxy(asked: list[tuple[str, int]]) -> AsyncIterator[str]:
    """Run a SOCKS5 proxy; yields where. It notes whom it was asked to connect to."""
    tasks: set[asyncio.Task[None]] = set()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while octets := await reader.read(65536):
                writer.write(octets)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(3)
        writer.write(b"\x05\x00")
        *_, kind = await reader.readexactly(4)
        assert kind == 1
        address = ".".join(map(str, await reader.readexactly(4)))
        port = int.from_bytes(await reader.readexactly(2))
        asked.append((address, port))
        to_reader, to_writer = await asyncio.open_connection(address, port)
        writer.write(b"\x05\x00\x00\x01" + bytes(6))
        tasks.add(asyncio.ensure_future(pass_on(to_reader, writer)))
        await pass_on(reader, to_writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*tasks)
        await server.wait_closed()
        await asyncio.sleep(0.001)


async def test_without_routes_mail_goes_directly(places: Places, content: Path) -> None:
    server = Server()
    async with running(server) as dialer:
        deliverer = places.routed(dialer, lambda: configured(routes=()))
        assert kinds(await deliverer.deliver(message(), content)) == [(Delivered, "2.0.0")]
        await deliverer.close()


@pytest.mark.parametrize(
    ("transport", "expected"),
    [
        (FailTransport(), Failed(554, "5.7.0", "delivery is configured to fail")),
        (FailTransport(smtp_code=550, smtp_message="not today"), Failed(550, "5.7.0", "not today")),
        (FailTransport(smtp_code=451, smtp_message="later"), Retry(451, "4.7.0", "later")),
    ],
)
async def test_failing_on_purpose(
    places: Places, content: Path, transport: FailTransport, expected: object
) -> None:
    server = Server()
    async with running(server) as dialer:
        deliverer = places.routed(dialer, lambda: configured(Transport(fail=transport)))
        assert await deliverer.deliver(message(), content) == {1: expected}
    assert server.commands == []


@pytest.mark.parametrize("attempts", [0, 1])
@pytest.mark.parametrize(
    ("transport", "address"),
    [
        (DirectTransport(disable_ipv6=True), "127.0.0.1"),
        (DirectTransport(disable_ipv4=True), "::1"),
    ],
)
async def test_one_kind_of_address(
    places: Places, content: Path, transport: DirectTransport, address: str, attempts: int
) -> None:
    # Nobody listens there: what was tried last is in the result.
    config = configured(Transport(direct=transport))
    async with running(Server()) as dialer:
        deliverer = places.routed(replace(dialer, port=1), lambda: config, DUAL)
        [result] = (await deliverer.deliver(message(attempts=attempts), content)).values()
    assert f"mx.mox.example [{address}]" in result.text


async def test_a_host_without_that_kind_of_address(places: Places, content: Path) -> None:
    transport = Transport(direct=DirectTransport(disable_ipv4=True))
    async with running(Server()) as dialer:
        deliverer = places.routed(dialer, lambda: configured(transport))
        [result] = (await deliverer.deliver(message(), content)).values()
        [literal] = (
            await deliverer.deliver(message("you@[127.0.0.1]", domain="[127.0.0.1]"), content)
        ).values()
    assert isinstance(result, Retry)
    assert "no address of a kind that is used" in result.text
    assert isinstance(literal, Retry)


async def test_through_a_proxy(places: Places, content: Path) -> None:
    server, asked = Server(), list[tuple[str, int]]()
    async with running(server) as dialer, socks_proxy(asked) as address:
        transport = SocksTransport(address=address, remote_ips=("192.0.2.1",), remote_hostname="far.example")
        deliverer = places.routed(dialer, lambda: configured(Transport(socks=transport)))
        for _ in range(2):
            assert kinds(await deliverer.deliver(message(), content)) == [(Delivered, "2.0.0")]
        await deliverer.close()
    assert asked == [("127.0.0.1", dialer.port)]
    assert server.commands[0] == "EHLO far.example"
    assert server.is_tls == [True, True]


@pytest.mark.parametrize(
    ("address", "expected", "why"),
    [
        ("127.0.0.1:1", (Retry, "4.4.1"), "the proxy cannot be reached"),
        ("nowhere.example:1080", (Retry, "4.4.3"), "address of nowhere.example"),
        ("127.0.0.1", (Retry, "4.3.5"), "is not host:port"),
        ("127.0.0.1:0", (Retry, "4.3.5"), "is not host:port"),
        ("a b:1080", (Retry, "4.3.5"), "is no host"),
    ],
)
async def test_a_proxy_that_is_of_no_use(
    places: Places, content: Path, address: str, expected: tuple[type, str], why: str
) -> None:
    transport = SocksTransport(address=address, remote_ips=(), remote_hostname="far.example")
    async with running(Server()) as dialer:
        deliverer = places.routed(dialer, lambda: configured(Transport(socks=transport)))
        results = await deliverer.deliver(message(), content)
    assert kinds(results) == [expected]
    assert why in results[1].text


async def test_each_recipient_goes_the_way_for_its_attempts(places: Places, content: Path) -> None:
    server = Server()
    routes = (Route(transport="way", minimum_attempts=2),)
    sent = message("a@other.example", "b@other.example")
    sent = replace(sent, entries=(sent.entries[0], replace(sent.entries[1], attempts=2)))
    async with running(server) as dialer:
        deliverer = places.routed(dialer, lambda: configured(Transport(fail=FailTransport()), routes))
        results = await deliverer.deliver(sent, content)
        await deliverer.close()
    assert kinds(results) == [(Delivered, "2.0.0"), (Failed, "5.7.0")]


async def test_the_configuration_of_now_counts(
    places: Places, content: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server()
    current = configured(routes=(Route(transport="gone"),))
    async with running(server) as dialer:
        deliverer = places.routed(dialer, lambda: current)
        results = await deliverer.deliver(message(), content)
        assert kinds(results) == [(Retry, "4.3.5")]
        assert "transport 'gone' is not configured" in results[1].text
        assert [record.levelname for record in caplog.records if record.message == "no way out"] == ["ERROR"]
        current = configured(routes=())
        assert kinds(await deliverer.deliver(message(), content)) == [(Delivered, "2.0.0")]
        await deliverer.close()
