"""`mox smtp dial`: the steps of a delivery, and whether mail would go."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

from kit.smtpclient.mailhost import STRANGER, Server, running
from moxkit.testing import make_certificate, serve_zone
from room.cli.commandline import Run
from room.cli.webserver import serve_https

POLICY = "version: STSv1\nmode: enforce\nmx: mx.mox.example\nmax_age: 86400\n"
PLACE = "mta-sts.mox.example/.well-known/mta-sts.txt"
ZONE = """
mox.example MX 10 mx.mox.example
mx.mox.example A 127.0.0.1
none.example MX 0 .
"""
UNTRUSTED = make_certificate("mx.mox.example", issuer=STRANGER)
STS = """
_mta-sts.mox.example TXT "v=STSv1; id=1;"
mta-sts.mox.example A 127.0.0.1
"""


@contextlib.contextmanager
def serve_smtp(server: Server) -> Iterator[str]:
    """Run a mail host in a thread; yields its port."""
    ready, ended = threading.Event(), asyncio.Event()
    seen: list[tuple[asyncio.AbstractEventLoop, int]] = []

    async def serve() -> None:
        async with running(server) as dialer:
            seen.append((asyncio.get_running_loop(), dialer.port))
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    loop, port = seen[0]
    try:
        yield str(port)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


def test_tells_each_step(run: Run, tmp_path: Path) -> None:
    server = Server(certificate=UNTRUSTED)
    with serve_zone(ZONE) as dns, serve_https(tmp_path, {PLACE: POLICY}) as https, serve_smtp(server) as port:
        options = ("--port", port, "--ehlo", "me.example", "--dns-server", dns, *https)
        shown = run("smtp", "dial", "mox.example", *options)
        scripted = run("smtp", "dial", "mox.example", "--json", *options)
    assert shown.status == 0, shown
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert lines[:5] == [
        "hosts mx.mox.example (by MX, without dnssec)",
        "mta-sts none: norecord: no record",
        "address mx.mox.example: 127.0.0.1",
        "dane mx.mox.example: none: the way to the host is not signed",
        "tls opportunistic, verification: none",
    ]
    # It does not matter, and is told.
    assert lines[5] == "tls failure 127.0.0.1: certificate-not-trusted; told in reports only"
    assert lines[6].startswith("connected mx.mox.example [127.0.0.1], TLSv1.3 ")
    assert lines[6].endswith(", not verified")
    assert "SIZE" in lines[7]
    assert "EHLO me.example" in server.commands
    assert not any(command.startswith("MAIL") for command in server.commands)
    told = json.loads(scripted.out)
    assert told["status"] == 0
    assert [step["step"] for step in told["steps"]][-2:] == ["connected", "offers"]
    assert scripted.out.startswith("{")


def test_tells_why_no_mail_would_go(run: Run, tmp_path: Path) -> None:
    with (
        serve_zone(ZONE + STS) as dns,
        serve_https(tmp_path, {PLACE: POLICY}) as https,
        serve_smtp(Server(certificate=UNTRUSTED)) as port,
        serve_smtp(Server()) as good_port,
    ):
        verified = run("smtp", "dial", "mox.example", "--port", good_port, "--dns-server", dns, *https)
        refused = run("smtp", "dial", "mox.example", "--port", port, "--dns-server", dns, *https)
    assert (verified.status, ", verified\n" in verified.out) == (0, True)
    assert refused.status == 1
    assert "enforce: mx.mox.example" in refused.out
    assert "certificate-not-trusted; no mail goes this way" in refused.out
    assert "failed       4.7.5 mx.mox.example [127.0.0.1]" in refused.out


def test_requiretls_needs_more_than_good_luck(run: Run, tmp_path: Path) -> None:
    with serve_zone(ZONE) as dns, serve_https(tmp_path, {PLACE: ""}) as https:
        refused = run("smtp", "dial", "mox.example", "--requiretls", "--dns-server", dns, *https)
    assert (refused.status, "refused      5.7.30 REQUIRETLS" in refused.out) == (1, True)


def test_domains_without_a_way(run: Run, tmp_path: Path) -> None:
    with (
        serve_zone(ZONE, temporary=["later.example"]) as dns,
        serve_https(tmp_path, {PLACE: ""}) as https,
    ):
        none = run("smtp", "dial", "none.example", "--dns-server", dns, *https)
        later = run("smtp", "dial", "later.example", "--dns-server", dns, *https)
    assert (none.status, none.out) == (1, "hosts        none.example takes no mail\n")
    assert later.status == 2
