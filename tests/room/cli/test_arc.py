"""`mox arc verify`: a chain in a file."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from moxkit import arc, dkim
from moxkit.domain import parse_domain
from moxkit.testing import serve_zone
from room.cli.commandline import Run

MESSAGE = b"From: joe@mox.example\r\nSubject: x\r\n\r\nbody\r\n"
KEY = dkim.generate_ed25519()
ZONE = f's1._domainkey.mox.example. TXT "{dkim.public_record(KEY)}"'


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    fields = arc.seal(
        MESSAGE,
        chain=arc.Result(arc.Status.NONE),
        authentication_results="mx.mox.example; spf=pass",
        domain=parse_domain("mox.example"),
        selector=parse_domain("s1"),
        private_key=KEY,
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )
    file = tmp_path / "mail.eml"
    file.write_bytes(fields + MESSAGE)
    return file


def test_chain_that_passes(run: Run, sealed: Path) -> None:
    with serve_zone(ZONE, authentic=True) as server:
        done = run("arc", "verify", str(sealed), "--dns-server", server)
        assert (done.status, done.err) == (0, "")
        assert done.out == (
            "status: pass\noldest-pass: 0\ndnssec-signed: yes\n\n"
            "instance: 1\nsealer: mox.example\nsigner: mox.example\nvalidation: none\n"
            "results: mx.mox.example; spf=pass\n"
        )
        shown = json.loads(run("arc", "verify", str(sealed), "--dns-server", server, "--json").out)
    assert (shown["status"], shown["oldest-pass"], shown["authentic"]) == ("pass", 0, True)
    assert shown["sets"][0]["sealer"] == "mox.example"


def test_file_with_lf_line_ends_is_read_as_mail(run: Run, sealed: Path) -> None:
    sealed.write_bytes(sealed.read_bytes().replace(b"\r\n", b"\n"))
    with serve_zone(ZONE) as server:
        assert run("arc", "verify", str(sealed), "--dns-server", server).status == 0


def test_chain_that_fails(run: Run, sealed: Path) -> None:
    with serve_zone(ZONE, temporary=["s1._domainkey.mox.example"]) as server:
        assert run("arc", "verify", str(sealed), "--dns-server", server).status == 2
    sealed.write_bytes(sealed.read_bytes().replace(b"body", b"Body"))
    with serve_zone(ZONE) as server:
        done = run("arc", "verify", str(sealed), "--dns-server", server)
    assert done.status == 1
    assert done.out.startswith("status: fail (message signature 1: body hash does not match the body)\n")


def test_no_chain(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(MESSAGE)
    done = run("arc", "verify", str(file), "--dns-server", "127.0.0.1:9")
    assert (done.status, done.out) == (1, "status: none\n")
