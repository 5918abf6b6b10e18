"""`mox dns lookup`: each type, absence, no answer, wrong names."""

import json

import pytest

from moxkit.testing import serve_zone
from room.cli.commandline import Run

HASH = "ab" * 32

ZONE = f"""
mox.example                 MX 10 mail.mox.example.
mox.example                 MX 20 backup.mox.example.
mox.example                 NS ns.mox.example.
mox.example                 TXT "v=spf1 mx -all"
mail.mox.example            A 192.0.2.1
mail.mox.example            AAAA 2001:db8::1
www.mox.example             CNAME mox.example.
_imaps._tcp.mox.example     SRV 0 1 993 mail.mox.example.
_25._tcp.mail.mox.example   TLSA 3 1 1 {HASH}
1.2.0.192.in-addr.arpa      PTR mail.mox.example.
"""

# type, name, lines of the records, the first of them for scripts
LOOKUPS: list[tuple[str, str, list[str], object]] = [
    (
        "mx",
        "mox.example",
        ["10 mail.mox.example", "20 backup.mox.example"],
        {"preference": 10, "host": "mail.mox.example"},
    ),
    ("ns", "Mox.example.", ["ns.mox.example"], "ns.mox.example"),
    ("txt", "mox.example", ["v=spf1 mx -all"], "v=spf1 mx -all"),
    ("a", "mail.mox.example", ["192.0.2.1"], "192.0.2.1"),
    ("AAAA", "mail.mox.example", ["2001:db8::1"], "2001:db8::1"),
    ("ips", "mail.mox.example", ["192.0.2.1", "2001:db8::1"], "192.0.2.1"),
    ("cname", "www.mox.example", ["mox.example"], "mox.example"),
    (
        "srv",
        "_imaps._tcp.mox.example",
        ["0 1 993 mail.mox.example"],
        {"priority": 0, "weight": 1, "port": 993, "host": "mail.mox.example"},
    ),
    (
        "tlsa",
        "_25._tcp.mail.mox.example",
        [f"3 1 1 {HASH}"],
        {"usage": 3, "selector": 1, "matching_type": 1, "data": HASH},
    ),
    ("ptr", "192.0.2.1", ["mail.mox.example"], "mail.mox.example"),
]


@pytest.mark.parametrize(("kind", "name", "lines", "first"), LOOKUPS, ids=lambda value: str(value)[:20])
def test_records_of_each_type(run: Run, kind: str, name: str, lines: list[str], first: object) -> None:
    with serve_zone(ZONE, authentic=True) as server:
        done = run("dns", "lookup", kind, name, "--dns-server", server)
        scripted = run("dns", "lookup", kind, name, "--json", "--dns-server", server)
    heading = f"{kind.lower()} records ({len(lines)}, with dnssec):"
    assert (done.status, done.out.splitlines(), done.err) == (
        0,
        [heading, *(f"- {line}" for line in lines)],
        "",
    )
    shown = json.loads(scripted.out)
    assert (scripted.status, shown["records"][0], len(shown["records"])) == (0, first, len(lines))
    assert (shown["type"], shown["name"], shown["authentic"]) == (kind.lower(), name, True)
    assert 0 < shown["ttl"] <= 300


def test_records_without_dnssec(run: Run) -> None:
    with serve_zone(ZONE) as server:
        assert run("dns", "lookup", "a", "mail.mox.example", "--dns-server", server).out == (
            "a records (1, without dnssec):\n- 192.0.2.1\n"
        )


@pytest.mark.parametrize("authentic", [False, True])
def test_absence_is_status_1(run: Run, authentic: bool) -> None:
    with serve_zone(ZONE, authentic=authentic) as server:
        done = run("dns", "lookup", "mx", "none.example", "--dns-server", server)
        scripted = run("dns", "lookup", "mx", "none.example", "--json", "--dns-server", server)
    assert (done.status, done.out) == (1, f"no mx records ({'with' if authentic else 'without'} dnssec)\n")
    assert scripted.status == 1
    assert json.loads(scripted.out) == {
        "type": "mx",
        "name": "none.example",
        "records": [],
        "authentic": authentic,
        "ttl": None,
    }


def test_no_answer_is_status_2(run: Run) -> None:
    with serve_zone("", temporary=["mox.example"]) as server:
        done = run("dns", "lookup", "mx", "mox.example", "--dns-server", server)
    assert (done.status, done.out) == (2, "")
    assert "servfail" in done.err.lower()


@pytest.mark.parametrize(
    "arguments",
    [("mx", "a..b"), ("ptr", "mox.example"), ("any", "mox.example"), ("mx",)],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(run: Run, arguments: tuple[str, ...]) -> None:
    done = run("dns", "lookup", *arguments, "--dns-server", "127.0.0.1:1")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("Usage: mox dns lookup")


def test_text_of_strangers_is_escaped(run: Run) -> None:
    with serve_zone('x.example TXT "\x1b[2J"') as server:
        out = run("dns", "lookup", "txt", "x.example", "--dns-server", server).out
    assert out.splitlines()[1] == r"- \x1b[2J"
