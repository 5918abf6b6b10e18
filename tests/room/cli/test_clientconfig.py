"""`mox clientconfig` and `mox config ensureacmehostprivatekeys`."""

import json
from pathlib import Path

import pytest

from room.cli.commandline import Run

STATIC = """LogLevel = "info"
Hostname = "mail.mox.example"
[Postmaster]
Account = "me"
Mailbox = "Postmaster"
[ACME.ca]
DirectoryURL = "https://ca.example/dir"
ContactEmail = "me@mox.example"
[Listeners.public]
IPs = ["192.0.2.1"]
[Listeners.public.TLS]
ACME = "ca"
[Listeners.public.IMAPS]
Enabled = true
EnabledOnHTTPS = true
[Listeners.public.Submission]
Enabled = true
Port = 1587
"""
DYNAMIC = """[Domains."mox.example"]
ClientSettingsDomain = "imap.mox.example"
[Domains."else.example"]
[Accounts.me]
Domain = "mox.example"
[Accounts.me.Destinations."me@mox.example"]
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "mox.toml").write_text(STATIC)
    (tmp_path / "domains.toml").write_text(DYNAMIC)
    return str(tmp_path / "mox.toml")


def test_servers_are_told_best_first(run: Run, file: str) -> None:
    done = run("--config", file, "clientconfig", "mox.example")
    assert (done.status, done.err) == (0, "")
    lines = [line.split() for line in done.out.splitlines()[1:4]]
    assert [line[:4] for line in lines] == [
        ["imap", "imap.mox.example", "993", "TLS"],
        ["imap", "imap.mox.example", "443", "TLS"],
        ["submission", "imap.mox.example", "1587", "STARTTLS"],
    ]
    [first, *_] = json.loads(run("--config", file, "clientconfig", "else.example", "--json").out)
    assert (first["host"], first["port"], first["security"]) == ("mail.mox.example", 993, "TLS")
    done = run("--config", file, "clientconfig", "other.example")
    assert done.status == 1
    assert "there are: mox.example, else.example" in done.err


def test_keys_are_written_once_they_are_named(run: Run, file: str) -> None:
    done = run("--config", file, "config", "ensureacmehostprivatekeys")
    assert (done.status, done.err) == (0, "")
    section, _, _ = done.out.partition("\n\n")
    text = STATIC.replace('ACME = "ca"\n', 'ACME = "ca"\n' + section.partition("\n")[2] + "\n")
    Path(file).write_text(text)
    assert run("--config", file, "config", "test").out == "config OK\n"
    assert "nothing was done" in run("--config", file, "config", "ensureacmehostprivatekeys").out
    assert len(list(Path(file).parent.glob("hostkeys/*.pem"))) == 2
