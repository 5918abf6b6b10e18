"""`mox dmarc`: records, consent to reports, reports in files, messages with each exit status."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kit.dmarcreport.samples import OLD, SAMPLE
from moxkit.dkim import SigningKey, generate_ed25519, public_record, sign
from moxkit.domain import parse_domain
from moxkit.testing import serve_zone
from room.cli.commandline import Run

ZONE = """
_dmarc.mox.example    TXT "v=DMARC1; p=reject; rua=mailto:a@mox.example,mailto:b@other.example"
_dmarc.alone.example  TXT "v=DMARC1; p=none"
_dmarc.many.example   TXT "v=DMARC1; rua=mailto:b@other.example,https://x.example; ruf=mailto:c@no.example"
_dmarc.slow.example   TXT "v=DMARC1; p=none; rua=mailto:d@failing.example"
_dmarc.broken.example TXT "v=DMARC1; p=none; p=none"
mox.example._report._dmarc.other.example  TXT "v=DMARC1"
many.example._report._dmarc.other.example TXT "v=DMARC1"
mox.example           TXT "v=spf1 ip4:192.0.2.1 -all"
"""
TEMPORARY = ["_dmarc.failing.example"]


def test_lookup_shows_the_record(run: Run) -> None:
    with serve_zone(ZONE, authentic=True) as server:
        done = run("dmarc", "lookup", "sub.mox.example", "--dns-server", server)
        scripted = run("dmarc", "lookup", "mox.example", "--json", "--method", "psl", "--dns-server", server)
    text = "v=DMARC1; p=reject; rua=mailto:a@mox.example,mailto:b@other.example"
    assert (done.status, done.out) == (0, f"record at _dmarc.mox.example (with dnssec): {text}\n")
    assert scripted.status == 0
    assert json.loads(scripted.out) == {
        "domain": "mox.example",
        "text": text,
        "record": text,
        "failure": None,
        "problem": "",
        "authentic": True,
    }


@pytest.mark.parametrize(
    ("domain", "status", "line"),
    [
        ("none.example", 1, "record (without dnssec): (none)"),
        ("broken.example", 1, "problem: repeated tag p at broken.example"),
        ("failing.example", 2, "problem: DNS"),
    ],
)
def test_lookup_without_a_record(run: Run, domain: str, status: int, line: str) -> None:
    with serve_zone(ZONE, temporary=TEMPORARY) as server:
        done = run("dmarc", "lookup", domain, "--dns-server", server)
    assert (done.status, line in done.out) == (status, True)


def test_all_report_addresses_agree(run: Run) -> None:
    with serve_zone(ZONE) as server:
        done = run("dmarc", "checkreportaddrs", "mox.example", "--dns-server", server)
        alone = run("dmarc", "checkreportaddrs", "alone.example", "--dns-server", server)
    assert done.status == 0
    assert done.out.splitlines() == [
        "rua mailto:a@mox.example: pass (internal)",
        "rua mailto:b@other.example: pass (given)",
    ]
    assert (alone.status, alone.out) == (0, "no report addresses\n")


def test_some_report_addresses_do_not(run: Run) -> None:
    with serve_zone(ZONE, temporary=TEMPORARY) as server:
        done = run("dmarc", "checkreportaddrs", "many.example", "--json", "--dns-server", server)
        slow = run("dmarc", "checkreportaddrs", "slow.example", "--dns-server", server)
        none = run("dmarc", "checkreportaddrs", "none.example", "--dns-server", server)
    assert done.status == 1
    assert [(each["tag"], each["accepts"], each["problem"]) for each in json.loads(done.out)] == [
        ("rua", True, ""),
        ("rua", False, "no mail address"),
        ("ruf", False, "no record"),
    ]
    assert (slow.status, "rua mailto:d@failing.example: fail (DNS" in slow.out) == (2, True)
    assert (none.status, none.err) == (1, "no record: none published\n")


def report_mail(octets: bytes) -> bytes:
    head = b"Content-Type: application/gzip\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return head + gzip.compress(octets)


def test_reports_in_messages_and_files(run: Run, tmp_path: Path) -> None:
    files = {"a.eml": report_mail(SAMPLE), "b.xml": OLD, "c.xml.gz": gzip.compress(SAMPLE)}
    for name, octets in files.items():
        (tmp_path / name).write_bytes(octets)
    paths = [str(tmp_path / name) for name in files]
    done = run("dmarc", "parsereportmsg", *paths)
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[:8] == [
        f"{paths[0]}:",
        "period: 1979-08-07 00:00:00 to 1979-08-07 23:59:59 UTC",
        "organization: Sample Reporter <report_sender@example-reporter.com> https://example-reporter.com/dmarc",
        "report id: 3v98abbp8ya9n3va8yr8oa3ya",
        "policy: example.com p=quarantine sp=none adkim= aspf=",
        "records: 1",
        "- 123 from 192.0.2.123, header from example.com: pass, dkim pass, spf fail",
        "  dkim pass example.com abc123",
    ]
    assert "error: one" in lines
    assert any("(forwarded list) (sampled_out )" in line for line in lines)
    scripted = run("dmarc", "parsereportmsg", "--json", *paths)
    first, second, _ = json.loads(scripted.out)
    assert first["metadata"]["begin_at"] == "1979-08-07T00:00:00+00:00"
    assert first["rows"][0]["source_ip"] == "192.0.2.123"
    assert second["rows"][0]["spf"][0]["result"] == "temperror"


def test_a_broken_report_does_not_stop_the_rest(run: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.eml", tmp_path / "bad.eml"
    good.write_bytes(report_mail(SAMPLE))
    bad.write_bytes(b"Subject: nothing\r\n\r\nhello\r\n")
    done = run("dmarc", "parsereportmsg", str(bad), str(good))
    assert (done.status, done.err) == (1, f"{bad}: no report in message\n")
    assert f"{good}:" in done.out


KEY = SigningKey(selector=parse_domain("s1"), private_key=generate_ed25519())
MESSAGE = (
    b"From: Alice <alice@mox.example>\r\nSubject: hi\r\nDate: Mon, 1 Jan 2024 00:00:00 +0000\r\n\r\nhello\r\n"
)


def verify(run: Run, message: bytes, tmp_path: Path, *arguments: str) -> tuple[int, str, str]:
    file = tmp_path / "message.eml"
    file.write_bytes(message)
    zone = ZONE + f's1._domainkey.mox.example TXT "{public_record(KEY.private_key)}"'
    with serve_zone(zone, temporary=TEMPORARY) as server:
        done = run("dmarc", "verify", *arguments, "--file", str(file), "--dns-server", server)
    return done.status, done.out, done.err


def test_passes_by_spf(run: Run, tmp_path: Path) -> None:
    status, out, _ = verify(run, MESSAGE, tmp_path, "192.0.2.1", "<alice@mox.example>", "mx.mox.example")
    assert (status, out.splitlines()) == (
        0,
        [
            "spf: pass (mailfrom mox.example)",
            "dkim: none",
            "dmarc: pass (from mox.example)",
            "aligned: spf yes, dkim no",
            "policy: none (record at _dmarc.mox.example, without dnssec)",
        ],
    )


def test_passes_by_dkim_whatever_the_line_ends(run: Run, tmp_path: Path) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    fields = sign(MESSAGE, domain=parse_domain("mox.example"), keys=[KEY], now=now)
    message = (fields + MESSAGE).replace(b"\r\n", b"\n")
    status, out, _ = verify(run, message, tmp_path, "198.51.100.1", "<>", "other.example", "--json")
    shown = json.loads(out)
    assert status == 0
    assert shown["dkim"] == [{"status": "pass", "domain": "mox.example", "problem": None}]
    assert shown["spf"]["identity"] == "helo"
    assert (shown["dmarc"]["aligned_spf"], shown["dmarc"]["aligned_dkim"]) == (False, True)


def test_fails_with_the_policy(run: Run, tmp_path: Path) -> None:
    status, out, _ = verify(run, MESSAGE, tmp_path, "198.51.100.1", "alice@mox.example", "mx.mox.example")
    assert status == 1
    assert "spf: fail (mailfrom mox.example)" in out
    assert "dmarc: fail (from mox.example)" in out
    assert "policy: reject (record at _dmarc.mox.example, without dnssec)" in out


@pytest.mark.parametrize(
    ("author", "status", "line"),
    [
        (b"a@none.example", 1, "dmarc: none (from none.example)"),
        (b"a@broken.example", 1, "problem: repeated tag p"),
        (b"a@failing.example", 2, "dmarc: temperror"),
    ],
)
def test_without_a_policy(run: Run, tmp_path: Path, author: bytes, status: int, line: str) -> None:
    message = MESSAGE.replace(b"alice@mox.example", author)
    found, out, _ = verify(run, message, tmp_path, "198.51.100.1", "<>", "[198.51.100.1]")
    assert (found, line in out) == (status, True)


def test_needs_one_author(run: Run, tmp_path: Path) -> None:
    message = MESSAGE.replace(b"\r\nSubject", b", b@mox.example\r\nSubject")
    status, _, err = verify(run, message, tmp_path, "198.51.100.1", "<>", "x.example")
    assert (status, "exactly one address" in err) == (2, True)
