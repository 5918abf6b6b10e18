"""From nothing to a server that runs: quickstart, a certificate of another tool, `mox serve` by root."""

import imaplib
import json
import os
import re
import smtplib
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from endtoend.dnssec import free_port
from endtoend.realserver import open_way_to, wait_for_text
from endtoend.workers import children_of, use_workers, wait_for_end
from moxkit.testing import make_certificate, serve_zone

pytestmark = [pytest.mark.endtoend, pytest.mark.skipif(os.getuid() != 0, reason="root starts it")]

_ZONE = """com. NS a.example.
mail.mox.example. A 192.0.2.1
else.example. TXT "v=spf1 ip4:127.0.0.1 -all"
mail.else.example. A 127.0.0.1
1.0.0.127.in-addr.arpa. PTR mail.else.example.
"""


@pytest.fixture
def dns() -> Iterator[str]:
    with serve_zone(_ZONE, authentic=True) as address:
        yield address


def quickstart(
    python: Path, directory: Path, user: str, dns: str, *options: str
) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", "mox", "quickstart", "--skip-dial", "--dns-server", dns]
    cert = ["--cert", str(directory / "cert.pem"), "--key", str(directory / "key.pem")]
    return subprocess.run(
        [*command, *cert, *options, "--hostname", "mail.mox.example", "you@mox.example", user],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_new_server_takes_and_gives_mail(python: Path, user: str, dns: str, tmp_path: Path) -> None:
    open_way_to(tmp_path)
    done = quickstart(python, tmp_path, user, dns)
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert "OK       DNSSEC: answers of the resolver are verified" in said
    password = re.search(r"^Password of you@mox\.example.*: (.{12})$", said, re.MULTILINE)
    assert password is not None
    log = tmp_path / "quickstart.log"
    assert log.stat().st_mode & 0o077 == 0
    assert password[1] in log.read_text()
    # What the steps at the end say: a certificate, for root alone; then the check.
    config = tmp_path / "config" / "mox.toml"
    mox = [str(python), "-m", "mox", "--config", str(config)]
    checked = subprocess.run([*mox, "config", "test"], capture_output=True, text=True, check=False)
    assert "CertFile: cannot be read: No such file or directory" in checked.stderr
    certificate, key = make_certificate("mail.mox.example", "p256")
    for name, octets in (("cert.pem", certificate), ("key.pem", key)):
        (tmp_path / name).write_bytes(octets)
        (tmp_path / name).chmod(0o600)
    subprocess.run([*mox, "config", "test"], check=True, capture_output=True)
    smtp, imaps = on_free_ports(config)
    config.write_text(f'{config.read_text()}\n[Resolvers]\nServers = ["{dns}"]\n')
    use_workers(config)
    log = tmp_path / "log"
    with log.open("wb") as written:
        server = subprocess.Popen([*mox, "serve"], stderr=written, cwd=tmp_path)
    try:
        wait_for_text(log, "ready to serve", server)
        with smtplib.SMTP("127.0.0.1", smtp, timeout=30) as client:
            client.sendmail("joe@else.example", ["you@mox.example"], b"Subject: hello\r\n\r\nhello\r\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with imaplib.IMAP4_SSL("127.0.0.1", imaps, ssl_context=context) as reader:
            reader.login("you@mox.example", password[1])
            assert reader.select("INBOX")[1] == [b"1"]
        assert (
            "DKIM"
            in subprocess.run(
                [*mox, "config", "dnsrecords", "mox.example"], capture_output=True, text=True, check=True
            ).stdout
        )
    finally:
        children = children_of(server.pid)
        server.terminate()
        server.wait(30)
        for child in children:
            wait_for_end(child)


def on_free_ports(config: Path) -> tuple[int, int]:
    """Have the server listen on this machine only, on ports that are free; return those of SMTP and IMAPS."""
    ports = {"SMTP": free_port(), "Submissions": free_port(), "IMAPS": free_port()}
    text = re.sub(r"^IPs = .*$", 'IPs = ["127.0.0.1"]', config.read_text(), flags=re.MULTILINE)
    for service, port in ports.items():
        section = f"[Listeners.public.{service}]"
        extra = 'FirstTimeSenderDelay = "0s"\n' if service == "SMTP" else ""
        text = text.replace(section, f"{section}\nPort = {port}\n{extra}")
    section = "[Listeners.internal.AccountHTTP]"
    config.write_text(text.replace(section, f"{section}\nPort = {free_port()}"))
    return ports["SMTP"], ports["IMAPS"]


def test_a_second_run_changes_nothing(python: Path, user: str, dns: str, tmp_path: Path) -> None:
    first = quickstart(python, tmp_path, user, dns, "--json")
    told = json.loads(first.stdout)
    assert (told["account"], told["hostname"]) == ("you", "mail.mox.example")
    assert not (tmp_path / "quickstart.log").exists()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    again = quickstart(python, tmp_path, user, dns)
    assert (again.returncode, again.stdout) == (1, "")
    assert f"{tmp_path}/config is there already; nothing was changed" in again.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
