"""`mox dnsbl`: listed or not, healthy or not, unknown."""

import json

import pytest

from moxkit.testing import serve_zone
from room.cli.commandline import Run

ZONE = """
1.2.0.192.bl.example    A 127.0.0.4
1.2.0.192.bl.example    TXT "open relay"
2.0.0.127.bl.example    A 127.0.0.2
2.0.0.127.all.example   A 127.0.0.2
1.0.0.127.all.example   A 127.0.0.2
1.2.0.192.shut.example  A 127.255.255.254
2.0.0.127.shut.example  A 127.255.255.254
"""


@pytest.mark.parametrize(
    ("zone", "ip", "status", "out"),
    [
        ("bl.example", "192.0.2.1", 1, "status: fail (127.0.0.4)\nopen relay\n"),
        ("bl.example", "[192.0.2.9]", 0, "status: pass\n"),
        ("bl.example", "2001:db8::1", 0, "status: pass\n"),
        (
            "shut.example",
            "192.0.2.1",
            2,
            "status: temperror\nthe list refuses to answer us (127.255.255.254)\n",
        ),
    ],
)
def test_check(run: Run, zone: str, ip: str, status: int, out: str) -> None:
    with serve_zone(ZONE) as server:
        done = run("dnsbl", "check", zone, ip, "--dns-server", server)
    assert (done.status, done.out, done.err) == (status, out, "")


def test_check_for_scripts(run: Run) -> None:
    with serve_zone(ZONE, authentic=True) as server:
        done = run("dnsbl", "check", "bl.example", "192.0.2.1", "--json", "--dns-server", server)
    assert done.status == 1
    assert json.loads(done.out) == {
        "status": "fail",
        "codes": ["127.0.0.4"],
        "explanation": "open relay",
        "problem": "",
        "authentic": True,
    }


@pytest.mark.parametrize(
    ("zone", "status", "out"),
    [
        ("bl.example", 0, "healthy\n"),
        ("all.example", 1, "unhealthy: 127.0.0.1 is listed\n"),
        ("none.example", 1, "unhealthy: 127.0.0.2 is not listed\n"),
        ("shut.example", 2, "temperror: the list refuses to answer us (127.255.255.254)\n"),
    ],
)
def test_checkhealth(run: Run, zone: str, status: int, out: str) -> None:
    with serve_zone(ZONE) as server:
        done = run("dnsbl", "checkhealth", zone, "--dns-server", server)
        scripted = run("dnsbl", "checkhealth", zone, "--json", "--dns-server", server)
    assert (done.status, done.out) == (status, out)
    shown = json.loads(scripted.out)
    assert (scripted.status, shown["status"]) == (status, out.split(":", maxsplit=1)[0].strip())
    assert set(shown) == {"status", "problem", "serves_ip6", "authentic"}


def test_wrong_address_is_told(run: Run) -> None:
    done = run("dnsbl", "check", "bl.example", "192.0.2")
    assert (done.status, "'192.0.2' is no IP address" in done.err) == (2, True)
