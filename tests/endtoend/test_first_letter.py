"""The README's promise: mail goes in by SMTP and comes out by IMAP, with curl and Python's own clients."""

import email
import imaplib
import json
import smtplib
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import dkim as dkimpy
import pytest

from endtoend.localserve import Localserve
from moxkit import dkim

USER, PASSWORD = "mox@localhost", "moxmoxmox"


def test_curl_delivers_and_reads(
    server: Localserve, program: Callable[[str, str], str], tmp_path: Path
) -> None:
    curl = program("curl", "curl")
    letter = tmp_path / "letter"
    letter.write_bytes(b"From: me@example.org\r\nSubject: by curl\r\n\r\nFirst letter.\r\n")
    send = ["--mail-from", "me@example.org", "--mail-rcpt", "you@example.org", "-T", str(letter)]
    subprocess.run([curl, "-sS", f"smtp://127.0.0.1:{server.smtp}", *send], check=True)
    server.wait_for("by curl")
    found = subprocess.run(
        [curl, "-sS", f"imap://127.0.0.1:{server.imap}/Inbox?SUBJECT%20curl", "-u", f"{USER}:{PASSWORD}"],
        check=True,
        capture_output=True,
        text=True,
    )
    number = found.stdout.split()[-1]
    read = subprocess.run(
        [
            *(curl, "-sS", "--cacert", str(server.certificate)),
            *(f"imaps://localhost:{server.imaps}/Inbox;MAILINDEX={number}", "-u", f"{USER}:{PASSWORD}"),
        ],
        check=True,
        capture_output=True,
    )
    assert read.stdout.endswith(letter.read_bytes())
    assert b"Delivered-To: you@example.org\r\nReturn-Path: <me@example.org>\r\n" in read.stdout
    assert b"\r\nReceived: from " in read.stdout


def test_smtplib_and_imaplib_over_tls(server: Localserve) -> None:
    context = ssl.create_default_context(cafile=server.certificate)
    content = (
        b"From: mox@localhost\r\nTo: x@example.org\r\nSubject: by smtplib\r\n\r\n.dot\r\n..two\r\nend\r\n"
    )
    with smtplib.SMTP_SSL("localhost", server.submissions, context=context) as client:
        client.login(USER, PASSWORD)
        client.sendmail(USER, ["x@example.org", "z@example.org"], content)
    with smtplib.SMTP("localhost", server.submission) as client:
        client.starttls(context=context)
        client.login(USER, PASSWORD)
        client.sendmail(USER, ["y@example.org"], content.replace(b"smtplib", b"starttls"))
    server.wait_for("by smtplib")
    server.wait_for("by starttls")
    with imaplib.IMAP4_SSL("localhost", server.imaps, ssl_context=context) as reader:
        reader.login(USER, PASSWORD)
        reader.select("INBOX")
        deadline = time.monotonic() + 10
        while len(numbers := reader.search(None, "SUBJECT", '"by smtplib"')[1][0].split()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.05)
            reader.noop()
        status, data = reader.fetch(numbers[0].decode(), "(BODY.PEEK[TEXT] FLAGS)")
        assert status == "OK"
        assert isinstance(data[0], tuple)
        assert data[0][1] == b".dot\r\n..two\r\nend\r\n"


@pytest.mark.parametrize(
    ("recipient", "code"),
    [("a-temperror@x.example", 451), ("permerror@x.example", 550), ("any-523@x.example", 523)],
)
def test_special_recipients_fail_at_data(server: Localserve, recipient: str, code: int) -> None:
    with smtplib.SMTP("127.0.0.1", server.smtp) as client, pytest.raises(smtplib.SMTPDataError) as caught:
        client.sendmail("me@example.org", [recipient], b"Subject: x\r\n\r\nx\r\n")
    assert caught.value.smtp_code == code


def test_special_recipients_fail_early(server: Localserve) -> None:
    with smtplib.SMTP("127.0.0.1", server.smtp) as client:
        client.ehlo()
        assert client.mail("mailfrom-452@x.example")[0] == 452
        assert client.mail("me@x.example")[0] == 250
        assert client.rcpt("rcpttotemperror@x.example")[0] == 451
        assert client.rcpt("good@x.example")[0] == 250


def test_ctrl_c_stops_within_three_seconds(new_server: Callable[..., Localserve]) -> None:
    running = new_server().start()
    idle = running.imap_client()
    began = time.monotonic()
    assert running.stop() == 2
    assert time.monotonic() - began < 3
    idle.shutdown()


def test_busy_port_is_named(server: Localserve, tmp_path: Path) -> None:
    import sys  # noqa: PLC0415  only here

    argv = [sys.executable, "-m", "mox", "localserve", "--dir", str(tmp_path / "other")]
    done = subprocess.run(
        [*argv, "--port-offset", str(server.offset)], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 1
    assert f"port {server.smtp} on 127.0.0.1 is in use" in done.stderr
    assert "--port-offset" in done.stderr
    assert "Traceback" not in done.stderr


def test_log_shows_no_password(server: Localserve) -> None:
    with smtplib.SMTP("127.0.0.1", server.submission) as client:
        client.login(USER, PASSWORD)
    server.imap_client().logout()
    log = server.log.read_text()
    from base64 import b64encode  # noqa: PLC0415  only here

    errors = log.partition("Ctrl-C stops")[2]
    assert PASSWORD not in errors
    assert b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode() not in errors


def test_queue_recipients_fail_on_delivery_each_by_itself(server: Localserve) -> None:
    recipients = ["queue-550@x.example", "queue-temperror@x.example", "friend@x.example"]
    with smtplib.SMTP("localhost", server.submission) as client:
        client.login(USER, PASSWORD)
        client.sendmail(USER, recipients, f"From: {USER}\r\nSubject: queue rules\r\n\r\nx\r\n".encode())
    server.wait_for("queue rules")
    waiting: list[dict[str, object]] = []
    deadline = time.monotonic() + 10
    while not waiting or not waiting[0]["error"]:
        assert time.monotonic() < deadline
        listed = subprocess.run(server.mox("queue", "list", "--json"), capture_output=True, check=True)
        waiting = [entry for entry in json.loads(listed.stdout) if entry["subject"] == "queue rules"]
        time.sleep(0.1)
    assert [entry["recipient"] for entry in waiting] == ["queue-temperror@x.example"]
    server.wait_for("Mail delivery failed")
    reading = server.imap_client()
    reading.select("Inbox", readonly=True)
    _, [found] = reading.search(None, "SUBJECT", '"Mail delivery failed"')
    _, fetched = reading.fetch(found.decode(), "(BODY.PEEK[])")
    reading.logout()
    assert isinstance(fetched[0], tuple)
    report = email.message_from_bytes(fetched[0][1])
    assert report.get_content_type() == "multipart/report"
    status = report.as_string()
    assert "Final-Recipient: rfc822; queue-550@x.example" in status
    assert "Action: failed" in status
    assert "Diagnostic-Code: smtp; 550" in status
    # Of others, nothing is said; the header that is returned names none of them either.
    assert "queue-temperror" not in status


def test_submitted_mail_is_signed_with_the_key_of_its_domain(server: Localserve) -> None:
    with smtplib.SMTP("localhost", server.submission) as client:
        client.login(USER, PASSWORD)
        client.sendmail(USER, ["friend@x.example"], f"From: {USER}\r\nSubject: signed\r\n\r\nx\r\n".encode())
    server.wait_for("signed")
    reading = server.imap_client()
    reading.select("Inbox", readonly=True)
    _, [found] = reading.search(None, "SUBJECT", "signed")
    _, fetched = reading.fetch(found.decode(), "(BODY.PEEK[])")
    reading.logout()
    assert isinstance(fetched[0], tuple)
    octets = fetched[0][1]
    pem = (server.directory / "dkim.localserve.privatekey.pkcs8.pem").read_bytes()
    record = str(dkim.public_record(dkim.load_private_key(pem)))
    # Ours gives no credit to a domain without a dot; another implementation looks at the cryptography.
    assert dkimpy.verify(octets, dnsfunc=lambda _name, timeout=5: record.encode())
