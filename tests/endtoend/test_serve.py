"""`mox serve` started by root: what its child may, files put right, keys for root alone, ends of both."""

import contextlib
import imaplib
import os
import pwd
import signal
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from endtoend.realserver import PASSWORD, USER, RealServer
from endtoend.workers import wait_for_end

pytestmark = [
    pytest.mark.endtoend,
    pytest.mark.skipif(os.getuid() != 0, reason="root starts it"),
]


@pytest.fixture
def make(tmp_path: Path, python: Path, user: str) -> Iterator[Callable[..., RealServer]]:
    made: list[RealServer] = []

    def one(**options: Any) -> RealServer:
        made.append(RealServer(tmp_path, python, options.pop("user", user), **options))
        return made[-1]

    yield one
    for each in made:
        each.close()


def served_name(port: int) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain) as wrapped,
    ):
        der = wrapped.getpeercert(binary_form=True)
    assert der is not None
    [name] = x509.load_der_x509_certificate(der).subject
    return str(name.value)


def test_its_child_serves_and_may_nothing_else(make: Callable[..., RealServer], user: str) -> None:
    server = make().start()
    child = server.status(server.child)
    uids = {int(each) for each in child["Uid"].split()}
    assert 0 not in uids
    assert len(uids) == 1
    assert set(child["Groups"].split()) == set()
    assert [int(child[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [0, 0, 0, 0]
    assert child["NoNewPrivs"] == "1"
    assert int(child["Umask"], 8) == 0o007
    # Neither key nor certificate is open any more, nor anything else that is root's.
    opened = [str(each.readlink()) for each in Path(f"/proc/{server.child}/fd").iterdir()]
    assert not [each for each in opened if each.endswith(".pem")]
    # What was deleted is memory of libffi's.
    named = [each for each in opened if each.startswith("/") and not each.endswith(" (deleted)")]
    files = [each for each in named if not each.startswith("/dev/")]
    assert all(each.startswith((str(server.data), str(server.log))) for each in files), files
    assert served_name(server.imaps) == served_name(server.https) == "mail.mox.example"
    server.run("setaccountpassword", "me", given=f"{PASSWORD}\n")
    with smtplib.SMTP("127.0.0.1", server.smtp, timeout=20) as client:
        client.sendmail("joe@else.example", [USER], b"Subject: hello\r\n\r\nhello\r\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with imaplib.IMAP4_SSL("127.0.0.1", server.imaps, ssl_context=context) as client:
        client.login(USER, PASSWORD)
        assert client.select("INBOX")[1] == [b"1"]
    owners = {each.stat().st_uid for each in server.data.rglob("*")}
    assert owners == uids
    assert server.end() == signal.SIGTERM
    server.wait_for("stopping after child exit")


def test_the_printed_unit_is_one_of_systemd(
    make: Callable[..., RealServer], program: Callable[[str, str], str], tmp_path: Path
) -> None:
    server, unit = make(), tmp_path / "mox.service"
    server.data.mkdir()
    unit.write_text(server.run("config", "printservice"))
    done = subprocess.run(
        [program("systemd-analyze", "systemd"), "verify", "--man=no", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_ownership_and_modes_are_put_right_once(make: Callable[..., RealServer]) -> None:
    server = make()
    server.data.mkdir(mode=0o777)
    (server.data / "old").write_bytes(b"x")
    (server.data / "old").chmod(0o666)
    (server.directory / "mox.service").write_text("")
    (server.directory / "mox.service").chmod(0o666)
    server.start()
    uid = int(server.status(server.child)["Uid"].split()[0])
    log = server.log.read_text()
    assert "fixing up permissions" in log
    assert f"path={server.data}/old owner=0:0 owner_wanted={uid}:0 mode=0666 mode_wanted=0640" in log
    wanted = {
        server.directory: (0, 0o751),
        server.config: (uid, 0o2750),
        server.config / "mox.toml": (uid, 0o640),
        server.data: (uid, 0o2750),
        server.data / "old": (uid, 0o640),
        server.directory / "mox.service": (0, 0o644),
        server.directory / "key.pem": (0, 0o600),
    }
    found = {path: (path.stat().st_uid, path.stat().st_mode & 0o7777) for path in wanted}
    assert found == wanted
    server.end()
    server.start()
    assert "permissions" not in server.log.read_text()


def test_its_child_changes_the_configuration_whole(make: Callable[..., RealServer]) -> None:
    server = make().start()
    file = server.config / "domains.toml"
    file.write_text(f"# Kept by hand.\n{file.read_text()}")
    before = file.stat()
    server.run("config", "account", "add", "pat", "pat@mox.example")
    after = file.stat()
    text = file.read_text()
    assert text.startswith("# Kept by hand.\n")
    assert "pat@mox.example" in text
    # A new file in place of the old one, and for everybody the same.
    assert after.st_ino != before.st_ino
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)
    assert "pat" in server.run("config", "account", "list").split()
    server.run("setaccountpassword", "pat", given=f"{PASSWORD}\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with imaplib.IMAP4_SSL("127.0.0.1", server.imaps, ssl_context=context) as reader:
        reader.login("pat@mox.example", PASSWORD)
        reader.append("INBOX", "", "", b"Subject: hello\r\n\r\nhello\r\n")
    assert (server.data / "accounts" / "pat").exists()
    assert server.run("config", "account", "rm", "--yes", "pat") == "account removed\n"
    server.wait_for("files of a removed account are gone")
    assert not (server.data / "accounts" / "pat").exists()
    assert "pat" not in server.run("config", "account", "list").split()


def test_they_are_left_where_that_is_wanted(make: Callable[..., RealServer]) -> None:
    server = make(static="NoFixPermissions = true")
    said = server.refused()
    assert "permissions are not as they should be, and are left so" in said
    assert f"path={server.config} owner=0:0" in said
    assert server.config.stat().st_uid == 0


def test_keys_that_other_tools_replace_are_used_without_a_restart(make: Callable[..., RealServer]) -> None:
    server = make().start()
    child = server.child
    server.write_certificate("renewed.mox.example")
    server.wait_for("new keys and certificates are in use", server.workers)
    assert {served_name(port) for port in (server.imaps, server.submissions, server.https)} == {
        "renewed.mox.example"
    }
    # A key that does not belong to its certificate changes nothing.
    (server.directory / "key.pem").write_bytes(b"-----BEGIN PRIVATE KEY-----\n")
    server.wait_for("new keys and certificates cannot be used, old ones stay", server.workers)
    assert served_name(server.imaps) == "renewed.mox.example"
    assert server.child == child


def test_the_end_of_one_is_the_end_of_the_other(make: Callable[..., RealServer]) -> None:
    server = make(workers=1).start()
    assert server.process is not None
    os.kill(server.child, signal.SIGKILL)
    assert server.process.wait(20) == 128 + signal.SIGKILL
    server.start()
    child = server.child
    server.end(signal.SIGKILL)
    wait_for_end(child)
    assert "the parent is gone" in server.log.read_text()
    # Ports are free again.
    server.start()
    assert "mox stopped" in server.run("stop")
    assert server.process.wait(20) == 0


def test_somebody_else_serves_where_that_is_possible(make: Callable[..., RealServer], user: str) -> None:
    server = make()
    server.data.mkdir()
    for each in (server.directory, server.config, server.data, *server.directory.glob("*.pem")):
        os.chown(each, *_ids(user))
    for each in server.config.iterdir():
        os.chown(each, *_ids(user))
    server.log.touch()
    server.start(user=user)
    assert "root" not in server.log.read_text()
    assert served_name(server.imaps) == "mail.mox.example"
    server.write_certificate("renewed.mox.example")
    for each in server.directory.glob("*.pem"):
        os.chown(each, *_ids(user))
    server.wait_for("new keys and certificates are in use", timeout_s=60)
    assert served_name(server.imaps) == "renewed.mox.example"
    assert server.end() == signal.SIGTERM


def _ids(user: str) -> tuple[int, int]:
    found = pwd.getpwnam(user)
    return found.pw_uid, found.pw_gid


def test_code_that_others_can_change_is_not_run_by_root(
    make: Callable[..., RealServer], python: Path
) -> None:
    server = make()
    [packages] = python.parents[1].glob("lib/python3.*/site-packages")
    packages.chmod(0o777)
    try:
        said = server.refused()
    finally:
        packages.chmod(0o755)
    assert f"not started as root, since root's code could be changed: {packages} can be written by" in said


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"user": "nobody-of-that-name"}, "there is no user 'nobody-of-that-name' on this machine"),
        ({"user": "root"}, "User is root: name a user without privileges"),
        ({"static": "Unknown = 1"}, "mox.toml:1: Unknown: unknown key"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    make: Callable[..., RealServer], options: dict[str, str], text: str
) -> None:
    assert text in make(**options).refused()


def test_a_port_that_is_taken_is_named(make: Callable[..., RealServer]) -> None:
    server = make()
    with contextlib.closing(socket.create_server(("127.0.0.1", server.imaps))):
        said = server.refused()
    assert f"imaps port {server.imaps} on 127.0.0.1 is in use" in said
