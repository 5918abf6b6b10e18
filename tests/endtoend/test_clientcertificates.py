"""Signing in by TLS client certificate with real programs: only the key counts, and it counts at once."""

import contextlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from endtoend.localserve import Localserve
from moxkit.testing import CertificateAndKey, KeyKind, make_certificate

pytestmark = pytest.mark.endtoend

USER = "mox@localhost"
KINDS: list[KeyKind] = ["ed25519", "p256", "rsa2048"]
Program = Callable[[str, str], str]


def write(directory: Path, certificate: CertificateAndKey) -> tuple[Path, Path]:
    chain, key = directory / "client.crt", directory / "client.key"
    chain.write_bytes(certificate[0])
    key.write_bytes(certificate[1])
    return chain, key


def mox(server: Localserve, *words: str, stdin: bytes = b"") -> str:
    done = subprocess.run(server.mox(*words), input=stdin, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@contextlib.contextmanager
def known(server: Localserve, certificate: CertificateAndKey, *options: str):  # type: ignore[no-untyped-def] # a generator
    """Have the server know a key for a while; yields its fingerprint."""
    added = mox(server, "config", "tlspubkey", "add", *options, "--json", USER, stdin=certificate[0])
    fingerprint = json.loads(added)["fingerprint"]
    try:
        yield fingerprint
    finally:
        mox(server, "config", "tlspubkey", "rm", fingerprint)


def dialogue(openssl: str, port: int, lines: str, *options: str) -> str:
    """Say lines to a server with openssl s_client; return all that was said, by both."""
    command = [openssl, "s_client", "-connect", f"127.0.0.1:{port}", "-quiet", "-crlf", "-ign_eof", *options]
    done = subprocess.run(command, input=lines.encode(), capture_output=True, check=False, timeout=30)
    return done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_expired", [False, True])
def test_openssl_is_greeted_with_preauth(
    server: Localserve, program: Program, tmp_path: Path, kind: KeyKind, is_expired: bool
) -> None:
    certificate = make_certificate("device", kind, client=not is_expired, expired=is_expired)
    chain, key = write(tmp_path, certificate)
    openssl = program("openssl", "openssl")
    client = ("-cert", str(chain), "-key", str(key))
    with known(server, certificate):
        said = dialogue(openssl, server.imaps, "a SELECT Inbox\nb LOGOUT\n", *client)
        assert "* PREAUTH [CAPABILITY " in said
        assert "a OK [READ-WRITE]" in said
        letter = (
            "EHLO device\nMAIL FROM:<mox@localhost>\nRCPT TO:<mox@localhost>\nDATA\n"
            f"From: mox@localhost\nSubject: by {kind} {is_expired}\n\nhello\n.\nQUIT\n"
        )
        said = dialogue(openssl, server.submissions, letter, *client)
        assert "EXTERNAL" in said
        assert "235 " not in said
        server.wait_for(f"by {kind} {is_expired}")
    # Removed, it signs nobody in: the handshake fails.
    said = dialogue(openssl, server.imaps, "a NOOP\n", *client)
    assert "PREAUTH" not in said
    assert "alert" in said


def test_external_after_starttls_and_for_keys_without_preauth(
    server: Localserve, program: Program, tmp_path: Path
) -> None:
    certificate = make_certificate("device", "ed25519", client=True)
    chain, key = write(tmp_path, certificate)
    openssl, client = program("openssl", "openssl"), ("-cert", str(chain), "-key", str(key))
    lines = "a AUTHENTICATE EXTERNAL =\nb SELECT Inbox\nc LOGOUT\n"
    with known(server, certificate, "--no-imap-preauth"):
        said = dialogue(openssl, server.imaps, lines, *client)
        assert "* OK [CAPABILITY " in said
        assert "AUTH=EXTERNAL" in said
        assert "b OK [READ-WRITE]" in said
    with known(server, certificate):
        said = dialogue(openssl, server.imap, lines, *client, "-starttls", "imap")
        assert "a OK [CAPABILITY " in said
        assert "b OK [READ-WRITE]" in said


def test_renewed_certificate_with_the_same_key(server: Localserve, program: Program, tmp_path: Path) -> None:
    openssl = program("openssl", "openssl")
    first, key = write(tmp_path, make_certificate("device", "p256", client=True))
    renewed = tmp_path / "renewed.crt"
    subprocess.run(
        [
            openssl,
            "req",
            "-x509",
            "-new",
            "-key",
            str(key),
            "-subj",
            "/CN=renewed",
            "-days",
            "1",
            "-out",
            str(renewed),
        ],
        check=True,
        capture_output=True,
    )
    with known(server, (first.read_bytes(), key.read_bytes())):
        said = dialogue(openssl, server.imaps, "a LOGOUT\n", "-cert", str(renewed), "-key", str(key))
        assert "* PREAUTH" in said


def test_msmtp_and_curl(server: Localserve, program: Program, tmp_path: Path) -> None:
    certificate = make_certificate("device", "p256", client=True)
    chain, key = write(tmp_path, certificate)
    msmtp, curl = program("msmtp", "msmtp"), program("curl", "curl")
    letter = b"From: mox@localhost\r\nTo: mox@localhost\r\nSubject: by msmtp EXTERNAL\r\n\r\nhello\r\n"
    with known(server, certificate):
        subprocess.run(
            [
                *(
                    msmtp,
                    "--host=localhost",
                    f"--port={server.submissions}",
                    "--tls=on",
                    "--tls-starttls=off",
                ),
                *(
                    f"--tls-trust-file={server.certificate}",
                    f"--tls-cert-file={chain}",
                    f"--tls-key-file={key}",
                ),
                *("--auth=external", f"--user={USER}", f"--from={USER}", USER),
            ],
            input=letter,
            check=True,
            capture_output=True,
        )
        server.wait_for("by msmtp EXTERNAL")
        found = subprocess.run(
            [
                *(curl, "-sS", "--cacert", str(server.certificate), "--cert", str(chain), "--key", str(key)),
                *(f"imaps://localhost:{server.imaps}/Inbox?SUBJECT%20EXTERNAL",),
            ],
            check=True,
            capture_output=True,
        )
        assert found.stdout.startswith(b"* SEARCH ")
        attempts = json.loads(mox(server, "config", "loginattempts", "mox", "--json"))
        assert {("submission", "tlsclientauth", "ok"), ("imap", "tlsclientauth", "ok")} <= {
            (each["service"], each["mechanism"], each["result"]) for each in attempts
        }


def test_generated_key_and_disabled_account(server: Localserve, program: Program, tmp_path: Path) -> None:
    openssl = program("openssl", "openssl")
    done = subprocess.run(
        server.mox("config", "tlspubkey", "gen", str(tmp_path / "laptop")), capture_output=True, check=True
    )
    assert b"fingerprint: " in done.stderr
    (both,) = tmp_path.glob("laptop.*.ed25519privatekey-certificate.pem")
    (certificate,) = tmp_path.glob("laptop.*[0-9].certificate.pem")
    assert both.stat().st_mode & 0o777 == 0o600
    client = ("-cert", str(both), "-key", str(both))
    with known(server, (certificate.read_bytes(), b"")):
        assert "* PREAUTH" in dialogue(openssl, server.imaps, "a LOGOUT\n", *client)
        mox(server, "config", "account", "disable", "mox", "ask the owner")
        try:
            assert "PREAUTH" not in dialogue(openssl, server.imaps, "a LOGOUT\n", *client)
            said = dialogue(openssl, server.imaps, f"a LOGIN {USER} moxmoxmox\nb LOGOUT\n")
            assert "a NO ask the owner" in said
        finally:
            mox(server, "config", "account", "enable", "mox")
        assert "* PREAUTH" in dialogue(openssl, server.imaps, "a LOGOUT\n", *client)


def test_app_password_signs_in_until_it_is_removed(server: Localserve, program: Program) -> None:
    openssl = program("openssl", "openssl")
    made = json.loads(
        mox(server, "config", "apppassword", "add", "mox", "phone", "--service", "imap", "--json")
    )
    lines = f"a LOGIN {USER} {made['password']}\nb LOGOUT\n"
    assert "a OK " in dialogue(openssl, server.imaps, lines)
    assert "phone" in mox(server, "config", "apppassword", "list", "mox")
    mox(server, "config", "apppassword", "rm", "mox", str(made["id"]))
    assert "a NO [AUTHENTICATIONFAILED]" in dialogue(openssl, server.imaps, lines)
