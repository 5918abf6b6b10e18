"""`mox spf`: checks with each exit status, records, syntax."""

import json

import pytest

from moxkit.testing import serve_zone
from room.cli.commandline import Run

ZONE = """
mox.example         TXT "v=spf1 ip4:192.0.2.1 exists:%{l}.%{o}.%{h} -all exp=exp.mox.example"
exp.mox.example     TXT "%{s} may not"
alice.other.example.x.example A 127.0.0.2
broken.example      TXT "v=spf1 oops"
plain.example       TXT "no policy"
"""


def test_pass_is_status_0(run: Run) -> None:
    with serve_zone(ZONE, authentic=True) as server:
        done = run("spf", "check", "mox.example", "192.0.2.1", "--dns-server", server)
    assert (done.status, done.out) == (0, "status: pass (with dnssec)\nmechanism: ip4:192.0.2.1\n")


def test_fail_is_status_1_and_explained(run: Run) -> None:
    with serve_zone(ZONE) as server:
        done = run("spf", "check", "mox.example", "2001:db8::1", "--dns-server", server)
        scripted = run(
            "spf", "check", "mox.example", "192.0.2.9", "--mail-from", "bob", "--json", "--dns-server", server
        )
    assert (done.status, done.out) == (
        1,
        "status: fail (without dnssec)\nmechanism: all\nexplanation: postmaster@mox.example may not\n",
    )
    assert scripted.status == 1
    assert json.loads(scripted.out) == {
        "status": "fail",
        "domain": "mox.example",
        "mechanism": "all",
        "problem": "",
        "explanation": "bob@mox.example may not",
        "authentic": False,
    }


def test_address_and_helo_can_be_others(run: Run) -> None:
    given = ("--mail-from", "alice@other.example", "--helo", "x.example")
    with serve_zone(ZONE) as server:
        done = run("spf", "check", "mox.example", "192.0.2.9", *given, "--dns-server", server)
    assert (done.status, "mechanism: exists:%{l}.%{o}.%{h}" in done.out) == (0, True)


@pytest.mark.parametrize(
    ("domain", "status", "line"),
    [
        ("none.example", 1, "status: none"),
        ("plain.example", 1, "problem: no record of plain.example"),
        ("broken.example", 1, "status: permerror"),
        ("failing.example", 2, "status: temperror"),
    ],
)
def test_other_results(run: Run, domain: str, status: int, line: str) -> None:
    with serve_zone(ZONE, temporary=["failing.example"]) as server:
        done = run("spf", "check", domain, "192.0.2.1", "--dns-server", server)
    assert (done.status, line in done.out) == (status, True)


@pytest.mark.parametrize(
    ("domain", "status", "lines"),
    [
        (
            "mox.example",
            0,
            "record (with dnssec): v=spf1 ip4:192.0.2.1 exists:%{l}.%{o}.%{h} -all exp=exp.mox.example",
        ),
        ("none.example", 1, "record (with dnssec): (none)\nnone: no record of none.example"),
        (
            "broken.example",
            1,
            "record (with dnssec): v=spf1 oops\npermerror: invalid record of broken.example:",
        ),
        ("failing.example", 2, "record (without dnssec): (none)\ntemperror: no answer from DNS:"),
    ],
)
def test_lookup(run: Run, domain: str, status: int, lines: str) -> None:
    with serve_zone(ZONE, authentic=True, temporary=["failing.example"]) as server:
        done = run("spf", "lookup", domain, "--dns-server", server)
    assert done.status == status
    assert done.out.startswith(lines)


def test_lookup_for_scripts(run: Run) -> None:
    with serve_zone(ZONE) as server:
        shown = json.loads(run("spf", "lookup", "mox.example", "--json", "--dns-server", server).out)
        none = json.loads(run("spf", "lookup", "none.example", "--json", "--dns-server", server).out)
    assert (shown["status"], shown["authentic"], shown["problem"]) == ("found", False, "")
    assert shown["record"] == {
        "directives": [
            {"qualifier": "+", "mechanism": "ip4:192.0.2.1"},
            {"qualifier": "+", "mechanism": "exists:%{l}.%{o}.%{h}"},
            {"qualifier": "-", "mechanism": "all"},
        ],
        "redirect": None,
        "exp": "exp.mox.example",
        "modifiers": {},
    }
    assert (none["status"], none["record"], none["text"]) == ("none", None, "")


def test_valid_record_is_parsed_in_silence(run: Run) -> None:
    done = run("spf", "parse", "v=spf1 mx redirect=_spf.example.com")
    assert (done.status, done.out, done.err) == (0, "", "")
    scripted = run("spf", "parse", "v=spf1 mx redirect=_spf.example.com ra=me", "--json")
    assert json.loads(scripted.out) == {
        "directives": [{"qualifier": "+", "mechanism": "mx"}],
        "redirect": "_spf.example.com",
        "exp": None,
        "modifiers": {"ra": "me"},
    }


def test_invalid_record_is_told(run: Run) -> None:
    done = run("spf", "parse", "v=spf1 mx -al")
    assert (done.status, done.out, done.err) == (1, "", "mox: invalid record: unknown mechanism: 'al'\n")


@pytest.mark.parametrize(
    "arguments",
    [("check", "mox.example", "mail.example"), ("check", "a..b", "192.0.2.1"), ("lookup",), ("parse",)],
)
def test_wrong_usage_is_status_2(run: Run, arguments: tuple[str, ...]) -> None:
    done = run("spf", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("Usage: mox spf")
