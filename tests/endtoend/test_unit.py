"""The printed unit under a real systemd, with all that shuts it in: it starts, takes mail, and stops.

Systemd is the first process of namespaces that the test makes; the network is that of the test.
"""

import contextlib
import imaplib
import os
import shutil
import site
import smtplib
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from endtoend.namespaces import needs_namespaces
from endtoend.realserver import PASSWORD, USER, RealServer, interpreter

pytestmark = [pytest.mark.endtoend, pytest.mark.skipif(os.getuid() != 0, reason="root makes namespaces")]

_SYSTEMD = "/lib/systemd/systemd"
# What a machine has before the unit is started; its log is a file, since there is no journal. Nothing else is
# started, above all not what sets up a machine at its start: it would empty the real /tmp.
_BOOT = """set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /run/systemd/system
mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null || mount -t tmpfs tmpfs /sys/fs/cgroup
mount -t tmpfs tmpfs /etc/systemd/system
{binds}
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /var/tmp
mkdir /etc/systemd/system/mox.service.d
cp {directory}/mox.service /etc/systemd/system/
printf '[Unit]\\nDefaultDependencies=no\\n[Service]\\nStandardError=append:{log}\\n' \\
  > /etc/systemd/system/mox.service.d/log.conf
for each in sysinit basic network-online tmp.mount systemd-tmpfiles-setup.service systemd-sysusers.service; do
  case $each in *.*) ;; *) each=$each.target ;; esac
  ln -s /dev/null /etc/systemd/system/$each
done
printf '[Unit]\\nDescription=nothing\\n' > /etc/systemd/system/nothing.target
export container=test
(
  until systemctl list-units >/dev/null 2>&1; do sleep 0.1; done
  systemctl start mox > {directory}/start 2>&1 && touch {directory}/started
  until [ -e {directory}/wanted ]; do sleep 0.1; done
  systemctl show mox -p ActiveState -p SubState -p NRestarts > {directory}/shown
  systemctl stop mox
  systemctl show mox -p ActiveState -p Result >> {directory}/shown
  touch {directory}/stopped
) &
exec {systemd} --system --unit=nothing.target --log-target=console > {directory}/boot 2>&1
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    """One that is not below /tmp, of which the unit has its own."""
    path = Path(f"/var/lib/mox-e2e-{os.getpid()}")
    path.mkdir()
    yield path
    shutil.rmtree(path)


def bind_code(python: Path, directory: Path) -> str:
    """Have the code of the tests below a directory, too, wherever it is: below /tmp it would not be seen.

    Return what does that at the boot.
    """
    [packages] = python.parents[1].glob("lib/python3.*/site-packages")
    commands = []
    with (packages / "ours.pth").open("a") as paths:
        for number, place in enumerate((Path(__file__).parents[2] / "src", *site.getsitepackages())):
            (directory / "code" / str(number)).mkdir(parents=True)
            paths.write(f"\n{directory}/code/{number}")
            commands.append(f"mount --bind {place} {directory}/code/{number}")
    return "\n".join(commands)


@contextlib.contextmanager
def booted(script: str) -> Iterator[None]:
    namespaces = ["--pid", "--mount", "--cgroup", "--uts", "--ipc", "--fork", "--kill-child"]
    process = subprocess.Popen(["unshare", *namespaces, "sh", "-c", script])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def wait_for(path: Path, seconds: float, why: Callable[[], str]) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, why()
        time.sleep(0.1)


def test_a_server_runs_under_all_settings_of_the_unit(
    directory: Path, user: str, program: Callable[[str, str], str]
) -> None:
    needs_namespaces()
    program("systemctl", "systemd")
    python = interpreter(directory / "venv")
    (directory / "mox").mkdir()
    server = RealServer(directory / "mox", python, user)
    server.data.mkdir()
    (directory / "mox.service").write_text(server.run("config", "printservice"))

    def why() -> str:
        files = (directory / "boot", directory / "start", server.log)
        return "\n".join(path.read_text() for path in files if path.exists())

    binds = bind_code(python, directory)
    with booted(_BOOT.format(directory=directory, log=server.log, systemd=_SYSTEMD, binds=binds)):
        wait_for(directory / "started", 30, why)
        # Type=notify: it is ready when `systemctl start` returns.
        assert "ready to serve" in server.log.read_text()
        with smtplib.SMTP("127.0.0.1", server.smtp, timeout=20) as client:
            client.sendmail("joe@else.example", [USER], b"Subject: hello\r\n\r\nhello\r\n")
        server.run("setaccountpassword", "me", given=f"{PASSWORD}\n")
        server.run("config", "account", "add", "pat", "pat@mox.example")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with imaplib.IMAP4_SSL("127.0.0.1", server.imaps, ssl_context=context) as reader:
            reader.login(USER, PASSWORD)
            assert reader.select("INBOX")[1] == [b"1"]
        (directory / "wanted").touch()
        wait_for(directory / "stopped", 30, why)
        shown = (directory / "shown").read_text().split()
    assert set(shown[:3]) == {"ActiveState=active", "SubState=running", "NRestarts=0"}
    assert set(shown[3:]) == {"Result=success", "ActiveState=inactive"}
    assert "stopping" in server.log.read_text()
    assert " l=error " not in f" {server.log.read_text()}"
