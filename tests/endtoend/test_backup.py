"""A backup of a server that receives and erases meanwhile, restored as another server."""

import shutil
import smtplib
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from endtoend.localserve import Localserve

pytestmark = pytest.mark.endtoend

_BEFORE = 200


def deliver(server: Localserve, prefix: str, count: int, stop: threading.Event) -> None:
    with smtplib.SMTP("127.0.0.1", server.smtp) as client:
        for number in range(count):
            if stop.is_set():
                return
            client.sendmail("a@b.example", ["mox@localhost"], f"Subject: {prefix} {number}\r\n\r\nhello\r\n")


def remove(server: Localserve, stop: threading.Event) -> None:
    """Remove some of what comes in, again and again."""
    client = server.imap_client()
    client.select("INBOX")
    while not stop.is_set():
        client.noop()
        numbers = client.search(None, "SUBJECT", '"s0 "')[1][0].split()
        if numbers:
            client.store(b",".join(numbers[:20]).decode(), "+FLAGS", "\\Deleted")
            client.expunge()
    client.logout()


def subjects(server: Localserve) -> set[str]:
    client = server.imap_client()
    client.select("INBOX", readonly=True)
    data = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
    client.logout()
    return {item[1].decode().partition(": ")[2].strip() for item in data if isinstance(item, tuple)}


def test_a_busy_server_is_copied_and_restored(new_server: Callable[..., Localserve], tmp_path: Path) -> None:
    server, stop = new_server().start(), threading.Event()
    deliver(server, "before", _BEFORE, stop)
    work = [
        *(threading.Thread(target=deliver, args=(server, f"s{n}", 10**6, stop)) for n in range(4)),
        threading.Thread(target=remove, args=(server, stop)),
    ]
    for each in work:
        each.start()
    try:
        for number in range(3):
            done = subprocess.run(
                server.mox("backup", str(tmp_path / f"copy{number}")),
                capture_output=True,
                text=True,
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, "")
    finally:
        stop.set()
        for each in work:
            each.join()
    checked = subprocess.run(
        server.mox("verifydata", str(tmp_path / "copy2" / "data")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    server.stop()
    # A developer's server has both in one directory.
    shutil.rmtree(server.directory)
    shutil.copytree(tmp_path / "copy2" / "data", server.directory)
    shutil.copytree(tmp_path / "copy2" / "config", server.directory, dirs_exist_ok=True)
    server.start()
    found = subjects(server)
    assert {f"before {number}" for number in range(_BEFORE)} <= found
    server.deliver(b"Subject: after\r\n\r\nhello\r\n")
    server.wait_for("after")
