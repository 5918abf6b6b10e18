"""`mox dane dial|dialmx`: what is told, when a host counts as verified, talking over the connection."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kit.smtpclient.mailhost import GOOD, ROOT, STRANGER, Server
from mox.cli.danedial import text_of_record as text_of
from moxkit import dane
from moxkit.testing import make_certificate, serve_zone
from room.cli.commandline import Run
from room.cli.test_smtp import serve_smtp

KINDS = dane.Selector.SPKI, dane.MatchingType.SHA2_256
RECORD = dane.make_record(
    dane.Usage.DANE_EE,
    *KINDS,
    certificate=x509.load_pem_x509_certificate(GOOD[0]).public_bytes(Encoding.DER),
)
WRONG = "3 1 1 " + "00" * 32
ZONE = """
mox.example MX 10 mx0.mox.example
mox.example MX 20 mx.mox.example
mx0.mox.example A 127.0.0.1
mx.mox.example A 127.0.0.1
none.example MX 0 .
"""


def zone(port: str = "25", record: str = "") -> str:
    return ZONE + f"_{port}._tcp.mx.mox.example TLSA {record or text_of(RECORD)}\n"


def test_dial_tells_each_step(run: Run) -> None:
    with serve_smtp(Server(is_immediate=True)) as port, serve_zone(zone(port), authentic=True) as dns:
        shown = run("dane", "dial", f"mx.mox.example:{port}", "--dns-server", dns)
        scripted = run("dane", "dial", f"mx.mox.example:{port}", "--json", "--dns-server", dns)
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert shown.status == 0, shown
    assert lines[:3] == [
        "address mx.mox.example: 127.0.0.1",
        "dane mx.mox.example: usable",
        f"record _{port}._tcp.mx.mox.example. TLSA {text_of(RECORD)}",
    ]
    assert lines[3].startswith("connected mx.mox.example [127.0.0.1], TLSv1.3 ")
    assert lines[3].endswith(f"verified with {text_of(RECORD)}")
    told = json.loads(scripted.out)
    assert (told["status"], told["steps"][-1]["record"]) == (0, text_of(RECORD))


def test_dial_says_why_a_host_is_not_verified(run: Run) -> None:
    with (
        serve_smtp(Server(is_immediate=True)) as port,
        serve_zone(zone(port, WRONG), authentic=True) as wrong,
        serve_zone(zone(port)) as unsigned,
        serve_zone(zone(port), authentic=True, temporary=["mx.mox.example"]) as failing,
        serve_zone(zone("1"), authentic=True) as closed,
    ):
        address = f"mx.mox.example:{port}"
        refused = run("dane", "dial", address, "--dns-server", wrong)
        other = run("dane", "dial", address, "--usages", "dane-ta", "--dns-server", wrong)
        insecure = run("dane", "dial", address, "--dns-server", unsigned)
        unknown = run("dane", "dial", address, "--dns-server", failing)
        nobody = run("dane", "dial", "mx.mox.example:1", "--dns-server", closed)
    assert (refused.status, "no certificate matches a tlsa record" in refused.out) == (1, True)
    assert (other.status, "unusable" in other.out) == (1, True)
    assert (insecure.status, "not signed" in insecure.out) == (1, True)
    assert unknown.status == 2
    assert (nobody.status, "failed" in nobody.out) == (2, True)


def test_dial_believes_authorities_where_records_say_so(run: Run, tmp_path: Path) -> None:
    roots = tmp_path / "roots.pem"
    roots.write_bytes(ROOT[0])
    with serve_smtp(Server(is_immediate=True)) as port:
        record = text_of(RECORD).replace("3 1 1", "1 1 1")
        with serve_zone(zone(port, record), authentic=True) as dns:
            options = ("--dns-server", dns, "--ca-file", str(roots))
            good = run("dane", "dial", f"mx.mox.example:{port}", *options)
            roots.write_bytes(STRANGER[0])
            bad = run("dane", "dial", f"mx.mox.example:{port}", *options)
    assert (good.status, bad.status) == (0, 1)


@pytest.mark.parametrize("address", ["mx.mox.example", "mx.mox.example:0", "a b:25", "mx.mox.example:25x"])
def test_dial_wants_a_host_and_a_port(run: Run, address: str) -> None:
    assert run("dane", "dial", address, "--dns-server", "127.0.0.1:1").status == 2
    assert run("dane", "dial", "x:1", "--usages", "dane-xx", "--dns-server", "127.0.0.1:1").status == 2


def test_dialmx_passes_over_hosts_that_dane_does_not_verify(run: Run) -> None:
    server = Server()
    with serve_smtp(server) as port, serve_zone(zone(), authentic=True) as dns:
        options = ("--port", port, "--dns-server", dns, "--ehlo-hostname", "me.example")
        shown = run("dane", "dialmx", "mox.example", *options)
        one = run("dane", "dialmx", "mox.example", "mx.mox.example", "--json", *options)
        without = run("dane", "dialmx", "mox.example", "mx0.mox.example", *options)
        stranger = run("dane", "dialmx", "mox.example", "mx9.mox.example", *options)
        none = run("dane", "dialmx", "none.example", *options)
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert shown.status == 0, shown
    assert lines[0] == "hosts mx0.mox.example, mx.mox.example (by MX, with dnssec)"
    assert "passed over mx0.mox.example: dane does not verify it" in lines
    assert any(line.startswith("connected mx.mox.example [127.0.0.1]") for line in lines)
    assert "EHLO me.example" in server.commands
    assert [step["step"] for step in json.loads(one.out)["steps"]][-2:] == ["connected", "offers"]
    assert (without.status, stranger.status, none.status) == (1, 1, 1)
    assert "is not a mail host of mox.example" in stranger.out


def test_dialmx_says_when_it_cannot_know(run: Run) -> None:
    with (
        serve_smtp(Server(certificate=make_certificate("mx.mox.example", issuer=STRANGER))) as port,
        serve_zone(zone(), authentic=True) as good,
        serve_zone(zone(), authentic=True, temporary=["mx.mox.example", "mx0.mox.example"]) as failing,
        serve_zone(zone(), authentic=True, temporary=["mox.example"]) as dead,
    ):
        refused = run("dane", "dialmx", "mox.example", "--port", port, "--dns-server", good)
        unknown = run("dane", "dialmx", "mox.example", "--port", port, "--dns-server", failing)
        no_mx = run("dane", "dialmx", "mox.example", "--port", port, "--dns-server", dead)
    assert (refused.status, "no mail goes this way" in refused.out) == (1, True)
    assert (unknown.status, no_mx.status) == (2, 2)


@pytest.mark.parametrize("command", ["dial", "dialmx"])
def test_talking_over_the_connection(command: str) -> None:
    """Steps go to standard error then, so that the output is the host's."""
    server = Server(is_immediate=command == "dial")
    with (
        serve_smtp(server) as port,
        serve_zone(zone(port if command == "dial" else "25"), authentic=True) as dns,
    ):
        arguments = {
            "dial": ["dial", f"mx.mox.example:{port}"],
            "dialmx": ["dialmx", "mox.example", "--port", port],
        }[command]
        done = subprocess.run(
            [sys.executable, "-m", "mox", "dane", *arguments, "--dns-server", dns],
            input="NOOP\r\nQUIT\r\n",
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    greeting = ["220 mx.mox.example ESMTP"] if command == "dial" else []
    assert done.stdout.split("\n")[:-1] == [*greeting, "250 ok", "221 bye"]
    assert "connected" in done.stderr
