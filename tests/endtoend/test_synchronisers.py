"""Programs that mirror mailboxes, with thousands of messages: down, up, and changes of both sides."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from endtoend.localserve import PASSWORD, USER, Localserve
from moxkit.imap import OutgoingMessage
from moxkit.imapclient import ImapClient

pytestmark = pytest.mark.endtoend

Find = Callable[[str, str], str]
COUNT = 5000


def run(*argv: str, home: Path) -> str:
    environment = {**os.environ, "HOME": str(home), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(argv, capture_output=True, check=False, timeout=150, env=environment)
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, said[-3000:]
    return said


def letter(text: str, number: int) -> bytes:
    return (
        f"From: a@b.example\r\nTo: {USER}\r\nSubject: {text} {number}\r\n"
        f"Message-ID: <{text}.{number}@b.example>\r\nDate: Tue, 1 Jan 2030 10:00:00 +0000\r\n\r\n"
        f"{text} {number}\r\n"
    ).encode()


async def fill(server: Localserve, mailbox: str) -> None:
    """File many messages at once, every tenth seen."""
    async with await ImapClient.connect("127.0.0.1", server.imap) as client:
        await client.login(USER, PASSWORD)
        for start in range(0, COUNT, 500):
            messages = [
                OutgoingMessage(letter("far", n), ("\\Seen",) if n % 10 == 0 else ())
                for n in range(start, start + 500)
            ]
            await client.append(mailbox, *messages)


def put_near(maildir: Path, count: int) -> None:
    """Write many messages into a Maildir, every tenth flagged."""
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True, exist_ok=True)
    host = socket.gethostname()
    for n in range(count):
        flags = "F" if n % 10 == 0 else ""
        (maildir / "cur" / f"{1_893_456_000 + n}.near{n}.{host}:2,{flags}").write_bytes(
            letter("near", n).replace(b"\r\n", b"\n")
        )


def near_files(maildir: Path) -> list[Path]:
    return [*(maildir / "cur").iterdir(), *(maildir / "new").iterdir()]


def change_far(server: Localserve, mailbox: str) -> None:
    """Flag the first hundred, and remove the hundred after these."""
    client = server.imap_client()
    client.select(mailbox)
    client.store("1:100", "+FLAGS.SILENT", "(\\Answered)")
    client.store("101:200", "+FLAGS.SILENT", "(\\Deleted)")
    client.expunge()
    client.logout()


def far_counts(server: Localserve, mailbox: str) -> dict[str, int]:
    client = server.imap_client()
    client.select(mailbox, readonly=True)
    # The old answer is told in lines of a hundred numbers.
    counts = {
        key: sum(len(line.split()) for line in client.search(None, *key.split())[1])
        for key in ("ALL", "SEEN", "FLAGGED", "ANSWERED", "SUBJECT far", "SUBJECT near")
    }
    client.logout()
    return counts


@pytest.fixture
def isync(server: Localserve, program: Find, tmp_path: Path) -> Callable[[], str]:
    mbsync = program("mbsync", "isync")
    local = tmp_path / "mail"
    local.mkdir()
    configuration = tmp_path / "mbsyncrc"
    configuration.write_text(
        f"FSync no\n\nIMAPAccount mox\nHost localhost\nPort {server.imaps}\nUser {USER}\nPass {PASSWORD}\n"
        f"SSLType IMAPS\nCertificateFile {server.certificate}\nTimeout 60\n\n"
        "IMAPStore far\nAccount mox\n\n"
        f"MaildirStore near\nPath {local}/\nInbox {local}/INBOX\nSubFolders Verbatim\n\n"
        "Channel sync\nFar :far:\nNear :near:\nPatterns Isync\nCreate Both\nExpunge Both\nSyncState *\n"
        "CopyArrivalDate yes\n"
    )
    return lambda: run(mbsync, "-c", str(configuration), "sync", home=tmp_path)


@pytest.fixture
def offlineimap(server: Localserve, program: Find, tmp_path: Path) -> Callable[[], str]:
    path = program("offlineimap", "offlineimap3")
    configuration = tmp_path / "offlineimaprc"
    configuration.write_text(
        f"[general]\nmetadata = {tmp_path}/metadata\naccounts = mox\nui = basic\nfsync = no\n\n"
        "[Account mox]\nlocalrepository = near\nremoterepository = far\n\n"
        f"[Repository near]\ntype = Maildir\nlocalfolders = {tmp_path}/mail\nsep = /\n\n"
        f"[Repository far]\ntype = IMAP\nremotehost = localhost\nremoteport = {server.imaps}\n"
        f"remoteuser = {USER}\nremotepass = {PASSWORD}\nssl = yes\nsslcacertfile = {server.certificate}\n"
        "folderfilter = lambda name: name == 'Offline'\nmaxconnections = 2\nusecompression = yes\n"
    )
    return lambda: run(path, "-o", "-c", str(configuration), home=tmp_path)


@pytest.fixture
def mirror(request: pytest.FixtureRequest, server: Localserve) -> Iterator[tuple[str, Callable[[], str]]]:
    mailbox = {"isync": "Isync", "offlineimap": "Offline"}[request.param]
    synchronise: Callable[[], str] = request.getfixturevalue(request.param)
    client = server.imap_client()
    client.create(mailbox)
    yield mailbox, synchronise
    client.noop()
    client.delete(mailbox)
    client.logout()


@pytest.mark.parametrize("mirror", ["isync", "offlineimap"], indirect=True)
async def test_down_then_changes_of_both_sides(
    server: Localserve, mirror: tuple[str, Callable[[], str]], tmp_path: Path
) -> None:
    mailbox, synchronise = mirror
    await fill(server, mailbox)
    synchronise()
    near = tmp_path / "mail" / mailbox
    files = near_files(near)
    assert len(files) == COUNT
    assert sum(file.name.endswith("S") for file in files) == COUNT // 10

    change_far(server, mailbox)
    # Others than those that change there.
    some = [file for file in near_files(near) if re.search(rb"far 4\d\d\d\r?\n", file.read_bytes())][:200]
    for file in some[:100]:
        file.rename(near / "cur" / (file.name.partition(":2,")[0] + ":2,FS"))
    for file in some[100:]:
        file.unlink()
    synchronise()
    synchronise()
    counts = far_counts(server, mailbox)
    assert counts["ALL"] == len(near_files(near)) == COUNT - 200
    assert counts["FLAGGED"] == 100
    assert counts["ANSWERED"] == 100
    assert sum("R" in file.name.rpartition(",")[2] for file in near_files(near)) == 100


def test_append_of_imaplib_does_not_wait_for_acknowledgements(server: Localserve) -> None:
    client = server.imap_client()
    began = time.monotonic()
    for n in range(100):
        client.append("Drafts", "", "", letter("quick", n))
    # At 40 ms each it would be four seconds and more.
    assert time.monotonic() - began < 3
    client.logout()


@pytest.mark.parametrize("mirror", ["isync", "offlineimap"], indirect=True)
async def test_up(server: Localserve, mirror: tuple[str, Callable[[], str]], tmp_path: Path) -> None:
    mailbox, synchronise = mirror
    near = tmp_path / "mail" / mailbox
    put_near(near, COUNT)
    synchronise()
    counts = far_counts(server, mailbox)
    assert counts["ALL"] == counts["SUBJECT near"] == COUNT
    assert counts["FLAGGED"] == COUNT // 10
    synchronise()
    assert far_counts(server, mailbox) == counts
    assert len(near_files(near)) == COUNT
