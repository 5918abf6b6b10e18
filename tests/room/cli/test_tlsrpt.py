"""`mox tlsrpt`: records with each exit status, reports in files."""

import gzip
import json
from pathlib import Path

import pytest

from kit.tlsrpt.samples import SAMPLE
from moxkit.testing import serve_zone
from room.cli.commandline import Run

ZONE = """
_smtp._tls.mox.example    TXT "v=TLSRPTv1; rua=mailto:a@mox.example,https://mox.example/"
_smtp._tls.broken.example TXT "v=TLSRPTv1; rua=nobody"
"""


def test_lookup_shows_the_record(run: Run) -> None:
    with serve_zone(ZONE, authentic=True) as server:
        done = run("tlsrpt", "lookup", "mox.example", "--dns-server", server)
        scripted = run("tlsrpt", "lookup", "mox.example", "--json", "--dns-server", server)
    text = "v=TLSRPTv1; rua=mailto:a@mox.example,https://mox.example/"
    assert (done.status, done.out) == (0, f"record (with dnssec): {text}\n")
    assert json.loads(scripted.out) == {
        "status": "found",
        "text": text,
        "rua": ["mailto:a@mox.example", "https://mox.example/"],
        "problem": "",
        "authentic": True,
    }


@pytest.mark.parametrize(
    ("domain", "status", "line"),
    [
        ("none.example", 1, "record (without dnssec): (none)"),
        ("broken.example", 1, "permerror: bad URI in rua"),
        ("failing.example", 2, "temperror: DNS"),
    ],
)
def test_lookup_without_a_record(run: Run, domain: str, status: int, line: str) -> None:
    with serve_zone(ZONE, temporary=["_smtp._tls.failing.example"]) as server:
        done = run("tlsrpt", "lookup", domain, "--dns-server", server)
    assert (done.status, line in done.out) == (status, True)


def test_reports_in_messages_and_files(run: Run, tmp_path: Path) -> None:
    head = b"Content-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    files = {"a.eml": head + gzip.compress(SAMPLE), "b.json": SAMPLE, "c.json.gz": gzip.compress(SAMPLE)}
    for name, octets in files.items():
        (tmp_path / name).write_bytes(octets)
    for name in files:
        done = run("tlsrpt", "parsereportmsg", str(tmp_path / name))
        path, _, shown = done.out.partition(":\n")
        assert (done.status, path) == (0, str(tmp_path / name))
        assert json.loads(shown) == json.loads(SAMPLE)
    scripted = run("tlsrpt", "parsereportmsg", "--json", *(str(tmp_path / name) for name in files))
    assert json.loads(scripted.out) == [json.loads(SAMPLE)] * 3


def test_a_broken_report_does_not_stop_the_rest(run: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_bytes(SAMPLE)
    bad.write_bytes(b"{}")
    done = run("tlsrpt", "parsereportmsg", str(bad), str(good))
    assert (done.status, done.err) == (1, f"{bad}: date-range is no object\n")
    assert f"{good}:" in done.out
