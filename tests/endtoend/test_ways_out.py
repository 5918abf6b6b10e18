"""Ways out other than direct delivery, to a real Postfix: a proxy, a smarthost; and DANE by hand."""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509

from endtoend.dnssec import free_port
from endtoend.mailworld import World
from mox.config import SocksTransport, Transport, TransportSMTP
from mox.queue import Delivered, QueuedMessage, Result
from mox.runtime import SystemClock
from moxkit.net import SocksProxy, connect_by_socks
from moxkit.smtpclient import Dialer
from room.outgoing.messages import message
from room.outgoing.places import Places, configured

pytestmark = pytest.mark.endtoend

Program = Callable[[str, str], str]
ZONE = """
good.insecure.example MX 10 mx.good.insecure.example
mx.good.insecure.example A 127.1.0.2
"""


@contextlib.contextmanager
def socks_proxy(program: Program) -> Iterator[SocksProxy]:
    """Run microsocks."""
    port = free_port()
    process = subprocess.Popen(
        [program("microsocks", "microsocks"), "-i", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield SocksProxy("127.0.0.1", port)
    finally:
        process.kill()
        process.wait()


async def reachable(proxy: SocksProxy, port: int) -> None:
    """Wait until the proxy connects to the Postfix."""
    end = time.monotonic() + 10
    while True:
        try:
            conn = await connect_by_socks(proxy, ip_address("127.1.0.2"), port, timeout=5)
        except OSError:
            assert time.monotonic() < end, "the proxy does not start"
            await asyncio.sleep(0.05)
        else:
            conn.close()
            await conn.wait_closed()
            return


async def deliver(
    world: World,
    transport: Transport,
    directory: Path,
    sent: QueuedMessage,
    *,
    proxy: SocksProxy | None = None,
) -> Result:
    file = directory / "content"
    file.write_bytes(b"From: <me@mox.example>\r\nSubject: a way out\r\n\r\nhello\r\n")
    roots = x509.load_pem_x509_certificates(world.server.roots.read_bytes())
    dialer = Dialer("me.example", roots, SystemClock().now, port=world.smtp_port, timeout_s=10)
    if proxy is not None:
        await reachable(proxy, world.smtp_port)
    with ThreadPoolExecutor(2) as pool:
        places = Places(directory, pool)
        deliverer = places.routed(dialer, lambda: configured(transport), ZONE)
        try:
            [result] = (await deliverer.deliver(sent, file)).values()
        finally:
            await deliverer.close()
            await places.close()
    await asyncio.sleep(0.01)
    return result


async def test_through_a_real_proxy(world: World, program: Program, tmp_path: Path) -> None:
    with socks_proxy(program) as proxy:
        transport = SocksTransport(
            address=f"127.0.0.1:{proxy.port}", remote_ips=("127.0.0.1",), remote_hostname="far.example"
        )
        sent = message("proxied@good.insecure.example", domain="good.insecure.example")
        result = await deliver(world, Transport(socks=transport), tmp_path, sent, proxy=proxy)
    assert isinstance(result, Delivered), result
    [arrived] = world.arrived("proxied")
    assert b"from far.example (" in arrived
    assert b"with ESMTPS" in arrived


async def test_through_a_smarthost(world: World, tmp_path: Path) -> None:
    """Whatever the recipient's domain says, the message goes to the host that is configured, verified."""
    host = TransportSMTP(host="mx.good.insecure.example", port=world.smtp_port)
    sent = message("relayed@good.insecure.example", domain="nowhere.example", require_tls=False)
    result = await deliver(world, Transport(smtp=host), tmp_path, sent)
    assert isinstance(result, Delivered), result
    assert result.host == "mx.good.insecure.example"
    [arrived] = world.arrived("relayed")
    assert b"with ESMTPS" in arrived


@pytest.mark.parametrize(
    ("domain", "status", "told"),
    [
        ("danegood.secure.example", 0, "connected    mx.danegood.secure.example"),
        ("daneta.secure.example", 0, "connected    mx.daneta.secure.example"),
        ("danebad.secure.example", 1, "no certificate matches a tlsa record"),
        ("danegood.insecure.example", 1, "without dnssec"),
        ("good.secure.example", 1, "there are no tlsa records"),
    ],
)
def test_dane_by_hand(world: World, domain: str, status: int, told: str) -> None:
    done = subprocess.run(
        [
            *world.server.mox("dane", "dialmx", domain, "--port", str(world.smtp_port)),
            *("--dns-server", world.internet.resolver, "--ehlo-hostname", "me.example"),
        ],
        input="NOOP\r\nQUIT\r\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, told in done.stderr) == (status, True), done
    if not status:
        assert done.stdout == "250 2.0.0 Ok\n221 2.0.0 Bye\n"
