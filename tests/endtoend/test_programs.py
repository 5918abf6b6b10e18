"""Programs people use, against a started server: they connect, sign in, send, read, synchronise."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import aioimaplib
import pytest

from endtoend.localserve import Localserve

USER, PASSWORD = "mox@localhost", "moxmoxmox"
Find = Callable[[str, str], str]


def run(*argv: str, stdin: bytes = b"", status: int = 0) -> bytes:
    done = subprocess.run(argv, input=stdin, capture_output=True, check=False, timeout=60)
    assert done.returncode == status, (done.stdout + done.stderr).decode()
    return done.stdout


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks_submits_over_starttls(server: Localserve, program: Find, mechanism: str) -> None:
    swaks = program("swaks", "swaks")
    subject = f"by swaks {mechanism}"
    run(
        *(swaks, "--server", "127.0.0.1", "--port", str(server.submission), "--tls"),
        *("--auth", mechanism, "--auth-user", USER, "--auth-password", PASSWORD),
        *("--from", USER, "--to", "someone@example.org", "--header", f"Subject: {subject}"),
    )
    server.wait_for(subject)


def test_swaks_is_refused_with_a_wrong_password(server: Localserve, program: Find) -> None:
    swaks = program("swaks", "swaks")
    argv = ("--auth", "PLAIN", "--auth-user", USER, "--auth-password", "wrongwrong", "--to", "a@example.org")
    run(swaks, "--server", "127.0.0.1", "--port", str(server.submission), "--tls", *argv, status=28)


@pytest.mark.parametrize("mechanism", ["scram-sha-256", "scram-sha-1", "plain"])
def test_msmtp_signs_in(server: Localserve, program: Find, mechanism: str, tmp_path: Path) -> None:
    msmtp = program("msmtp", "msmtp")
    subject = f"by msmtp {mechanism}"
    run(
        *(msmtp, "--host=localhost", f"--port={server.submission}", "--tls=on", "--tls-starttls=on"),
        *(f"--tls-trust-file={server.certificate}", f"--auth={mechanism}", f"--user={USER}"),
        *(f"--passwordeval=echo {PASSWORD}", f"--from={USER}", "friend@example.org"),
        stdin=f"From: {USER}\nSubject: {subject}\n\nhello\n".encode(),
    )
    server.wait_for(subject)


def test_fetchmail_collects(server: Localserve, program: Find, tmp_path: Path) -> None:
    fetchmail = program("fetchmail", "fetchmail")
    client = server.imap_client()
    client.create("Collect")
    for number in range(3):
        client.append("Collect", "", None, f"From: a@b.example\r\nSubject: n{number}\r\n\r\nx\r\n".encode())
    box = tmp_path / "box"
    configuration = tmp_path / "fetchmailrc"
    configuration.write_text(
        f"poll 127.0.0.1 protocol imap port {server.imap}\n"
        f'  user "{USER}" password "{PASSWORD}" folder Collect fetchall sslproto ""\n'
        f'  mda "cat >> {box}"\n'
    )
    configuration.chmod(0o600)
    run(fetchmail, "-f", str(configuration), "--pidfile", str(tmp_path / "pid"), "--nosyslog")
    assert box.read_bytes().count(b"Subject: n") == 3
    assert client.status("Collect", "(MESSAGES)")[1][0] == b"Collect (MESSAGES 0)"
    client.logout()


def test_neomutt_reads_in_batch(server: Localserve, program: Find, tmp_path: Path) -> None:
    neomutt = program("neomutt", "neomutt")
    client = server.imap_client()
    client.create("Mutt")
    client.append("Mutt", "", None, b"From: a@b.example\r\nSubject: for mutt\r\n\r\nhello mutt\r\n")
    copy = tmp_path / "copy"
    configuration = tmp_path / "muttrc"
    configuration.write_text(
        f'set folder="imap://127.0.0.1:{server.imap}/" imap_user="{USER}" imap_pass="{PASSWORD}"\n'
        f'set spoolfile="imap://127.0.0.1:{server.imap}/Mutt" ssl_starttls=no ssl_force_tls=no\n'
        f"set header_cache={tmp_path}/hc message_cachedir={tmp_path}/mc mbox_type=mbox\n"
        "set confirmcreate=no confirmappend=no quit=yes\n"
        f'push "<tag-pattern>~A<enter><tag-prefix><copy-message>{copy}<enter><quit>"\n'
    )
    argv = f"TERM=xterm HOME={tmp_path} script -qec '{neomutt} -n -F {configuration}' /dev/null"
    done = subprocess.run(["sh", "-c", argv], input=b"", capture_output=True, check=False, timeout=60)
    assert copy.exists(), done.stdout[-2000:]
    assert b"hello mutt" in copy.read_bytes()
    client.logout()


async def test_aioimaplib_hears_of_new_mail(server: Localserve) -> None:
    client = aioimaplib.IMAP4(host="127.0.0.1", port=server.imap)
    await client.wait_hello_from_server()
    await client.login(USER, PASSWORD)
    await client.select("INBOX")
    idle = await client.idle_start(timeout=20)
    await asyncio.to_thread(server.deliver, b"From: a@b.example\r\nSubject: for idle\r\n\r\nx\r\n")
    pushed = await client.wait_server_push(timeout=10)
    assert any(b"EXISTS" in line for line in pushed)
    client.idle_done()
    await asyncio.wait_for(idle, 10)
    await client.logout()


def test_isync_both_ways(server: Localserve, program: Find, tmp_path: Path) -> None:
    mbsync = program("mbsync", "isync")
    client = server.imap_client()
    client.create("Sync")
    for number in range(50):
        client.append(
            "Sync", "", None, f"From: a@b.example\r\nSubject: s{number}\r\n\r\nbody {number}\r\n".encode()
        )
    local = tmp_path / "mail"
    local.mkdir()
    configuration = tmp_path / "mbsyncrc"
    configuration.write_text(
        f"IMAPAccount mox\nHost localhost\nPort {server.imaps}\nUser {USER}\nPass {PASSWORD}\n"
        f"SSLType IMAPS\nCertificateFile {server.certificate}\n\n"
        "IMAPStore far\nAccount mox\n\n"
        f"MaildirStore near\nPath {local}/\nInbox {local}/INBOX\nSubFolders Verbatim\n\n"
        "Channel sync\nFar :far:\nNear :near:\nPatterns Sync\nCreate Both\nExpunge Both\nSyncState *\n"
    )
    run(mbsync, "-c", str(configuration), "sync")
    files = sorted((local / "Sync").glob("*/*"))
    assert len(files) == 50

    # Flags and deletions near, flags and a deletion far, a new message each.
    seen, deleted = [f for f in files if f.parent.name == "new"][:2] or files[:2]
    seen.rename(local / "Sync" / "cur" / (seen.name.partition(":")[0] + ":2,FS"))
    deleted.rename(local / "Sync" / "cur" / (deleted.name.partition(":")[0] + ":2,T"))
    (local / "Sync" / "new" / "1.near.host").write_bytes(b"From: n@b.example\nSubject: near\n\nnear\n")
    client.append("Sync", "", None, b"From: f@b.example\r\nSubject: far\r\n\r\nfar\r\n")
    client.select("Sync")
    client.store("50", "+FLAGS", "(\\Answered)")
    client.store("49", "+FLAGS", "(\\Deleted)")
    client.expunge()
    run(mbsync, "-c", str(configuration), "sync")

    client.noop()
    assert client.search(None, "FLAGGED", "SEEN")[1][0].split()
    assert len(client.search(None, "ALL")[1][0].split()) == 50
    assert client.search(None, "SUBJECT", "near")[1][0]
    names = [f.name for f in (local / "Sync").glob("*/*")]
    assert len(names) == 50
    assert any(name.endswith("R") for name in names)
    run(mbsync, "-c", str(configuration), "sync")
    assert len(list((local / "Sync").glob("*/*"))) == 50
    client.logout()
