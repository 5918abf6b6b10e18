"""Moving in and out: archives that other programs made, a server that is killed, a disk that is full."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from endtoend.localserve import Localserve
from mox.runtime import SystemClock
from mox.store import Store, check_consistency, list_messages

DOVECOT = """mail_location = maildir:{home}/Maildir
log_path = {home}/log
base_dir = {home}/run
state_dir = {home}/state
first_valid_uid = 0
first_valid_gid = 0
namespace inbox {{
  inbox = yes
}}
"""
LETTER = "From: a@mox.example\nSubject: {subject}\nMessage-ID: <{subject}@mox.example>\n\nhello\n"


def run(server: Localserve, *arguments: str, status: int = 0) -> str:
    done = subprocess.run(server.mox(*arguments), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout


def imported(server: Localserve, *arguments: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(run(server, "import", *arguments, "--json"))
    return found


def listed(server: Localserve, mailbox: str) -> list[dict[str, str]]:
    found = json.loads(run(server, "message", "list", "--json", "--limit", "10000"))
    return [each for each in found if each["mailbox"] == mailbox]


@pytest.fixture
def doveadm(program: Callable[[str, str], str], tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Return a function that runs doveadm on a Maildir of its own, `dovecot/Maildir`."""
    found = program("doveadm", "dovecot-core")
    home = tmp_path / "dovecot"
    home.mkdir()
    configuration = home / "dovecot.conf"
    configuration.write_text(DOVECOT.format(home=home))
    as_user: tuple[str, ...] = ()
    if os.getuid() == 0:
        # It refuses to be root; nobody must get to the files.
        as_user = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
        for path in (home, *home.parents):
            with suppress(OSError):
                if path.owner() == "root" and path != Path("/"):
                    path.chmod(path.stat().st_mode | 0o011)
        os.chown(home, 65534, 65534)

    def call(*arguments: str, given: str = "") -> None:
        subprocess.run(
            [*as_user, found, "-c", str(configuration), *arguments],
            env={"USER": "someone", "HOME": str(home), "PATH": os.environ["PATH"]},
            input=given,
            text=True,
            check=True,
            timeout=30,
        )

    yield call
    shutil.rmtree(home)


def test_dovecot_s_maildirs(server: Localserve, doveadm: Callable[..., None], tmp_path: Path) -> None:
    doveadm("mailbox", "create", "Sent", "Sent.2020", "Entwürfe", "Leer")
    doveadm("save", "-m", "INBOX", given=LETTER.format(subject="one"))
    doveadm("save", "-m", "Sent.2020", given=LETTER.format(subject="two"))
    doveadm("save", "-m", "Entwürfe", given=LETTER.format(subject="three"))
    doveadm("flags", "add", "\\Flagged \\Seen work $Forwarded", "mailbox", "Entwürfe", "all")
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as archive:
        archive.add(tmp_path / "dovecot" / "Maildir", "Maildir")
    done = imported(
        server, "archive", "mox", str(tmp_path / "x.tgz"), "--skip-prefix", "Maildir", "--into", "Dovecot"
    )
    assert done["phase"] == "done"
    assert done["problems"] == []
    assert done["counts"] == {
        "Dovecot/Inbox": 1,
        "Dovecot/Sent": 0,
        "Dovecot/Sent/2020": 1,
        "Dovecot/Entwürfe": 1,
        "Dovecot/Leer": 0,
    }
    [message] = listed(server, "Dovecot/Entwürfe")
    # Not junk is what localserve says of most mailboxes.
    assert message["flags"].split() == ["\\Seen", "\\Flagged", "$Forwarded", "$NotJunk", "work"]
    # And back: what Dovecot reads is what it wrote.
    run(server, "export", "maildir", str(tmp_path / "out"), "mox", "Dovecot/Entwürfe")
    [file] = (tmp_path / "out" / "Entwürfe" / "cur").iterdir()
    assert file.read_text() == LETTER.format(subject="three")


def test_mutt_s_mbox(server: Localserve, program: Callable[[str, str], str], tmp_path: Path) -> None:
    neomutt = program("neomutt", "neomutt")
    rc = tmp_path / "rc"
    rc.write_text(
        f'set record="{tmp_path}/sent.mbox"\nset mbox_type=mbox\nset sendmail=/bin/true\nset copy=yes\n'
        'set from="me@mox.example"\nset realname="Me"\n'
    )
    for n in range(3):
        subprocess.run(
            [neomutt, "-n", "-F", str(rc), "-s", f"mutt {n}", "you@mox.example"],
            input=f"line\n\nFrom the start {n}\n\nFrom again\n",
            text=True,
            check=True,
            timeout=30,
            env=os.environ | {"HOME": str(tmp_path), "TERM": "dumb"},
        )
    done = imported(server, "mbox", "mox", "Mutt", str(tmp_path / "sent.mbox"))
    assert (done["phase"], done["messages"]) == ("done", 3)
    messages = listed(server, "Mutt")
    assert sorted(each["subject"] for each in messages) == ["mutt 0", "mutt 1", "mutt 2"]
    shown = json.loads(run(server, "message", "show", str(messages[0]["id"]), "--json"))
    assert "\r\nFrom the start" in shown["octets"]


def big_mbox(path: Path, messages: int) -> Path:
    with path.open("w") as file:
        for n in range(messages):
            file.write(f"From x Mon Jan  2 15:04:05 2006\n{LETTER.format(subject=f'big{n}')}{'x' * 2000}\n\n")
    return path


async def look(directory: Path) -> tuple[list[str], list[str]]:
    """Return the subjects in a stopped server's account, and what does not agree in it."""
    with ThreadPoolExecutor(2) as pool:
        store = Store(directory=directory, clock=SystemClock(), pool=pool)
        account = store.account("mox")
        found = [each.subject for each in list_messages(account.reader)], check_consistency(account)
        await store.close()
    return found


def test_killed_in_the_middle(new_server: Callable[..., Localserve], tmp_path: Path) -> None:
    server = new_server().start()
    server.deliver(b"Subject: before\r\n\r\nx\r\n")
    server.wait_for("before")
    source = big_mbox(tmp_path / "big", 5000)
    ends = set()
    for delay_s in (0.5, 1.2, 1.8, 2.6):
        if server.process is None:
            server.start()
        client = subprocess.Popen(
            server.mox("import", "mbox", "mox", "Big", str(source)), stderr=subprocess.PIPE
        )
        time.sleep(delay_s)
        server.kill()
        client.communicate(timeout=30)
        server.start()
        # It cleans up before it answers on its socket.
        run(server, "loglevels")
        assert not (server.directory / "accounts" / "mox" / "import").exists()
        server.kill()
        subjects, faults = asyncio.run(look(server.directory))
        assert faults == []
        assert "before" in subjects
        # All of them or none.
        number = sum(subject.startswith("big") for subject in subjects)
        assert number % 5000 == 0
        ends.add(number)
    assert 0 in ends


@pytest.mark.skipif(os.environ.get("MOX_TEST_ALL") is None and os.getuid() != 0, reason="needs root to mount")
@pytest.mark.skipif(sys.platform != "linux", reason="needs tmpfs")
def test_disk_full_in_the_middle(new_server: Callable[..., Localserve], tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=24m", "none", small], check=False).returncode
    ):
        pytest.skip("nothing can be mounted here")
    try:
        server = new_server()
        server.directory = small / "data"
        server.start()
        source = big_mbox(tmp_path / "big", 20_000)
        done = json.loads(run(server, "import", "mbox", "mox", "Big", str(source), "--json", status=1))
        assert done["phase"] == "aborted"
        assert "full" in done["reason"] or "No space left" in done["reason"], done["reason"]
        assert not (small / "data" / "accounts" / "mox" / "import").exists()
        # There is room again, and mail arrives.
        server.deliver(b"Subject: after\r\n\r\nx\r\n")
        server.wait_for("after")
        server.stop()
        assert asyncio.run(look(server.directory)) == (["after"], [])
    finally:
        subprocess.run(["umount", "-l", small], check=False)
