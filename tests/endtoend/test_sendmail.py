"""`mox sendmail` against a started server: by password, by PEM, by a bare key; what fails is kept."""

import base64
import os
import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from endtoend.localserve import PASSWORD, USER, Localserve
from moxkit.net import minimal_certificate
from moxkit.testing import make_certificate

pytestmark = pytest.mark.endtoend

LETTER = b"From: root (Cron)\nTo: root\nSubject: %b\n\nhello\n.\nend\n"


def config(server: Localserve, *lines: str, starttls: bool = False, port: int = 0) -> str:
    return "\n".join(
        [
            'LocalHostname = "box.example"',
            'Host = "localhost"',
            f"Port = {port or (server.submission if starttls else server.submissions)}",
            f"TLS = {str(not starttls).lower()}",
            f"STARTTLS = {str(starttls).lower()}",
            f'CAFile = "{server.certificate}"',
            f'Username = "{USER}"',
            f'From = "{USER}"',
            f'DefaultDestination = "{USER}"',
            *lines,
        ]
    )


def sendmail(
    server: Localserve, directory: Path, text: str, subject: str, *, name: str = "mox"
) -> subprocess.CompletedProcess[bytes]:
    file = directory / "moxsubmit.toml"
    file.write_text(text, encoding="utf-8")
    command = [*server.mox("sendmail"), "-i", "-FCron", "-t"]
    if name == "sendmail":
        # Installed under that name, it needs no word more.
        link = directory / "sendmail"
        link.write_text(f"#!{command[0]}\nfrom mox.cli import main\nmain()\n")
        link.chmod(0o755)
        command = [str(link), "-i", "-t"]
    return subprocess.run(
        command,
        input=LETTER % subject.encode(),
        env={**os.environ, "MOXSUBMIT": str(file), "HOME": str(directory)},
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("starttls", [False, True])
@pytest.mark.parametrize("method", ["", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN"])
def test_by_password(server: Localserve, tmp_path: Path, starttls: bool, method: str) -> None:
    text = config(server, f'Password = "{PASSWORD}"', f'AuthMethod = "{method}"', starttls=starttls)
    subject = f"by password {method} {starttls}"
    done = sendmail(server, tmp_path, text, subject)
    assert done.returncode == 0, done.stderr
    server.wait_for(subject)


def test_by_a_bare_key_and_by_a_file(server: Localserve, tmp_path: Path) -> None:
    seed = secrets.token_bytes(32)
    encoded = base64.urlsafe_b64encode(seed).decode().rstrip("=")
    certificate, key = make_certificate("box", "p256")
    (tmp_path / "client.pem").write_bytes(key + certificate)
    for pem, line in (
        (minimal_certificate(seed)[0], f'ClientAuthEd25519PrivateKey = "{encoded}"'),
        (certificate, f'ClientAuthCertPrivateKeyPEMFile = "{tmp_path}/client.pem"'),
    ):
        add = server.mox("config", "tlspubkey", "add", USER, "box")
        subprocess.run(add, input=pem, check=True, capture_output=True)
        for starttls in (False, True):
            subject = f"by {line[:20]} {starttls}".replace('"', "")
            done = sendmail(server, tmp_path, config(server, line, starttls=starttls), subject)
            assert done.returncode == 0, done.stderr
            server.wait_for(subject)


def test_as_a_program_named_sendmail(server: Localserve, tmp_path: Path) -> None:
    text = config(server, f'Password = "{PASSWORD}"')
    done = sendmail(server, tmp_path, text, "by sendmail itself", name="sendmail")
    assert done.returncode == 0, done.stderr
    server.wait_for("by sendmail itself")


@pytest.mark.parametrize(
    ("lines", "port", "says"),
    [
        (('Password = "zebra crossing"',), 0, "wrong user name or password"),
        ((f'Password = "{PASSWORD}"',), 1, "connection to localhost"),
        (('Password = "x"', 'AuthMethod = "EXTERNAL"'), 0, "none is possible"),
    ],
)
def test_what_fails_is_kept(
    server: Localserve, tmp_path: Path, lines: tuple[str, ...], port: int, says: str
) -> None:
    done = sendmail(server, tmp_path, config(server, *lines, port=port), "kept")
    assert done.returncode == 1
    assert says in done.stderr.decode()
    assert b"zebra" not in done.stderr
    (kept,) = (tmp_path / "moxsubmit.failures").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.read_bytes().startswith(b"From: <mox@localhost>\r\nTo: root\r\nSubject: kept\r\n")


def test_an_unverified_server_gets_nothing(
    server: Localserve, tmp_path: Path, program: Callable[[str, str], str]
) -> None:
    (tmp_path / "other.pem").write_bytes(make_certificate("other")[0])
    text = config(server, f'Password = "{PASSWORD}"').replace(
        str(server.certificate), f"{tmp_path}/other.pem"
    )
    done = sendmail(server, tmp_path, text, "never")
    assert done.returncode == 1
    assert b"certificate-not-trusted" in done.stderr
