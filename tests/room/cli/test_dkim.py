"""`mox dkim`: keys, records, signing a file and checking it."""

import json
from pathlib import Path

import pytest

from kit.dkim import examples
from moxkit.dkim import load_private_key, parse_record
from moxkit.testing import serve_zone
from room.cli.commandline import Run

MESSAGE = b"From: Joe <joe@mox.example>\nSubject: x\n\nbody\n"


@pytest.fixture
def key_file(run: Run, tmp_path: Path) -> Path:
    file = tmp_path / "s1.pem"
    file.write_text(run("dkim", "gened25519").out)
    return file


def published(run: Run, key_file: Path, selector: str = "s1") -> str:
    done = run("dkim", "txt", "--selector", selector, "--domain", "mox.example", str(key_file))
    assert (done.status, done.err) == (0, "")
    return done.out


@pytest.mark.parametrize("command", ["gened25519", "genrsa"])
def test_keys_come_with_a_note(run: Run, command: str) -> None:
    done = run("dkim", command)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("Note: ")
    assert "-----BEGIN PRIVATE KEY-----\n" in done.out
    load_private_key(done.out.encode())


def test_record_is_split_into_strings(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(run("dkim", "genrsa").out)
    done = run("dkim", "txt", str(file))
    name, kind, *strings = done.out.split()
    assert (name, kind) == ("<selector>._domainkey.<your.domain>.", "TXT")
    assert max(map(len, strings)) == 102
    record = parse_record("".join(string.strip('"') for string in strings))
    assert (record.key_type, record.flags, record.hashes) == ("rsa", ("s",), ("sha256",))


def test_what_is_no_key(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text("-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n")
    done = run("dkim", "txt", str(file))
    assert (done.status, done.out) == (2, "")
    assert "not a private key" in done.err
    assert "SECRET" not in done.err


def test_signs_a_file_and_checks_it(run: Run, key_file: Path, tmp_path: Path) -> None:
    message = tmp_path / "mail.eml"
    message.write_bytes(MESSAGE)
    done = run("dkim", "sign", "--selector", "s1", "--key", str(key_file), str(message))
    assert (done.status, done.err) == (0, "")
    assert "d=mox.example; s=s1; a=ed25519-sha256;" in done.out.replace("\r\n\t", " ")
    assert done.out.endswith("\r\n\r\nbody\r\n")
    message.write_bytes(done.out.encode())
    with serve_zone(published(run, key_file), authentic=True) as server:
        done = run("dkim", "verify", str(message), "--dns-server", server)
        assert done.status == 0
        assert "status: pass\n" in done.out
        assert "domain: mox.example\nselector: s1\n" in done.out
        assert "dnssec-signed: yes\n" in done.out
        assert "header: DKIM-Signature: v=1; d=mox.example;" in done.out
        message.write_bytes(message.read_bytes().replace(b"body", b"Body"))
        done = run("dkim", "verify", str(message), "--dns-server", server, "--json")
    assert done.status == 1
    [shown] = json.loads(done.out)
    assert (shown["status"], shown["problem"], shown["domain"]) == ("fail", "body-hash", "mox.example")


def test_several_keys_and_another_domain(run: Run, key_file: Path, tmp_path: Path) -> None:
    message = tmp_path / "mail.eml"
    message.write_bytes(MESSAGE)
    pairs = ["--selector", "a", "--key", str(key_file), "--selector", "b", "--key", str(key_file)]
    done = run("dkim", "sign", "--domain", "other.example", *pairs, str(message))
    assert done.out.count("DKIM-Signature: v=1; d=other.example;") == 2
    done = run("dkim", "sign", *pairs, "--selector", "c", str(message))
    assert done.status == 2


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"Subject: x\r\n\r\n", "no From with one address"),
        (b"From: a@mox.example\r\nFrom: b@mox.example\r\n\r\n", "no From with one address"),
        (b"From: a@[192.0.2.1]\r\n\r\n", "no From with one address"),
        (b"From: a@mox.example\r\nX: y\nZ: z\r\n\r\n", "bare CR or LF"),
    ],
)
def test_what_cannot_be_signed(run: Run, key_file: Path, tmp_path: Path, octets: bytes, reason: str) -> None:
    message = tmp_path / "mail.eml"
    message.write_bytes(octets)
    done = run("dkim", "sign", "--selector", "s1", "--key", str(key_file), str(message))
    assert (done.status, done.out) == (2, "")
    assert reason in done.err
    done = run("dkim", "sign", "--selector", "a b", "--key", str(key_file), str(message))
    assert done.status == 2
    assert "bad selector" in done.err


def test_example_of_rfc_8463(run: Run, tmp_path: Path) -> None:
    message = tmp_path / "mail.eml"
    message.write_bytes(examples.RFC8463_MESSAGE)
    with serve_zone(examples.RFC8463_ZONE) as server:
        done = run("dkim", "verify", str(message), "--dns-server", server)
    assert (done.status, done.out.count("status: pass\n")) == (0, 2)
    with serve_zone("", temporary=["brisbane._domainkey.football.example.com"]) as server:
        done = run("dkim", "verify", str(message), "--dns-server", server)
    assert done.status == 2
    assert "status: temperror\nproblem: key-unavailable\n" in done.out
    assert "status: permerror\nproblem: key-missing\n" in done.out


def test_message_without_signatures(run: Run, tmp_path: Path) -> None:
    message = tmp_path / "mail.eml"
    message.write_bytes(MESSAGE)
    done = run("dkim", "verify", str(message), "--dns-server", "127.0.0.1:9")
    assert (done.status, done.out) == (1, "no signatures\n")


def test_lookup(run: Run) -> None:
    with serve_zone(examples.RFC8463_ZONE, authentic=True) as server:
        done = run("dkim", "lookup", "test", "football.example.com", "--dns-server", server)
        assert done.status == 0
        assert "status: found\nrecord: v=DKIM1; k=rsa; p=MIG" in done.out
        assert "dnssec-signed: yes\nkey-type: rsa\nkey: 1024 bits\nhashes: any\nservices: *\n" in done.out
        done = run("dkim", "lookup", "brisbane", "football.example.com", "--dns-server", server, "--json")
        shown = json.loads(done.out)
        assert (shown["status"], shown["record"]["key"]) == ("found", "32 octets")
        done = run("dkim", "lookup", "none", "football.example.com", "--dns-server", server)
        assert done.status == 1
        assert "status: permerror (no key record)\nrecord: (none)\n" in done.out
    zone = 's._domainkey.mox.example. TXT "v=DKIM1; p=*"\nr._domainkey.mox.example. TXT "p="'
    with serve_zone(zone, temporary=["t._domainkey.mox.example"]) as server:
        assert run("dkim", "lookup", "t", "mox.example", "--dns-server", server).status == 2
        done = run("dkim", "lookup", "s", "mox.example", "--dns-server", server, "--json")
        assert (done.status, json.loads(done.out)["problem"]) == (1, "key-syntax")
        assert "key: revoked\n" in run("dkim", "lookup", "r", "mox.example", "--dns-server", server).out
