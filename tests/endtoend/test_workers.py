"""Two workers behind the same ports: what one does the other tells, and whichever is killed, mail is safe."""

import contextlib
import imaplib
import os
import signal
import smtplib
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from endtoend.localserve import PASSWORD, USER
from endtoend.workerpair import FIRST, SECOND, Pair

pytestmark = [
    pytest.mark.endtoend,
    pytest.mark.skipif(sys.platform == "win32", reason="there one process serves"),
]


def told(client: imaplib.IMAP4) -> bytes:
    """Return what a client is told by NOOP."""
    client.untagged_responses.clear()
    client.noop()
    return repr(client.untagged_responses).encode()


def test_what_one_did_the_other_tells_at_once(pair: Pair) -> None:
    readers = [pair.reader(number) for number in (FIRST, SECOND)]
    for reader in readers:
        reader.select("INBOX")
    for number in (FIRST, SECOND):
        one, other = readers[number], readers[1 - number]
        for round_ in range(1, 21):
            content = f"Subject: {number} {round_}\r\n\r\nhello\r\n".encode()
            assert one.append("INBOX", "", "", content)[0] == "OK"
            exists = number * 20 + round_
            # There is no pause between the one's answer and the other's question.
            assert f"'EXISTS': [b'{exists}']".encode() in told(other)
            one.noop()
            assert one.store(str(exists), "+FLAGS", f"(\\Flagged k{round_})")[0] == "OK"
            assert f"k{round_}".encode() in told(other)
    readers[FIRST].store("1:40", "+FLAGS", "\\Deleted")
    readers[FIRST].expunge()
    assert b"EXPUNGE" in told(readers[SECOND])
    assert readers[SECOND].select("INBOX")[1] == [b"0"]


def test_who_waits_hears_what_the_other_took(pair: Pair) -> None:
    waiting = pair.reader(FIRST)
    waiting.select("INBOX")
    waiting.send(b"x IDLE\r\n")
    assert waiting.readline().startswith(b"+")
    with pair.only(SECOND):
        pair.deliver(b"Subject: hello\r\n\r\nhello\r\n")
    began = time.monotonic()
    assert waiting.readline() == b"* 1 EXISTS\r\n"
    assert time.monotonic() - began < 1


def test_what_one_queued_goes_out_by_the_other(pair: Pair) -> None:
    with pair.only(SECOND):
        client = smtplib.SMTP("127.0.0.1", pair.submission, timeout=20)
        client.login(USER, PASSWORD)
    client.sendmail(USER, ["you@example.org"], b"From: <mox@localhost>\r\nSubject: out\r\n\r\nhello\r\n")
    client.quit()
    pair.wait_for("out")


def test_settings_and_numbers_are_of_both(pair: Pair) -> None:
    subprocess.run(
        pair.mox("config", "account", "add", "pat", "pat@localhost"),
        capture_output=True,
        text=True,
        check=True,
    )
    subprocess.run(
        pair.mox("setaccountpassword", "pat"),
        input=f"{PASSWORD}\n",
        text=True,
        check=True,
        capture_output=True,
    )
    for number in (FIRST, SECOND):
        pair.reader(number, "pat@localhost").logout()
        with pair.only(number):
            pair.deliver(b"Subject: hello\r\n\r\nhello\r\n", to="pat@localhost")
    end = time.monotonic() + 20
    while 'mox_smtpserver_connection_total{kind="deliver"} 2.0' not in (shown := numbers(pair)):
        assert time.monotonic() < end, shown
        time.sleep(0.2)
    subprocess.run(pair.mox("loglevels", "error"), check=True, capture_output=True)
    # It is told, not asked: it may be a moment behind.
    time.sleep(0.3)
    before = len(pair.log.read_bytes())
    for number in (FIRST, SECOND):
        pair.reader(number).logout()
    assert b"l=debug" not in pair.log.read_bytes()[before:]


def numbers(pair: Pair) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{81 + pair.offset}/metrics", timeout=20) as response:
        return str(response.read().decode())


@pytest.mark.parametrize("number", [FIRST, SECOND])
def test_when_one_is_killed_the_other_goes_on_and_it_is_replaced(pair: Pair, number: int) -> None:
    staying = pair.reader(1 - number)
    staying.select("INBOX")
    killed = pair.workers[number]
    os.kill(killed, signal.SIGKILL)
    assert staying.append("INBOX", "", "", b"Subject: meanwhile\r\n\r\nhello\r\n")[0] == "OK"
    pair.wait_for_workers(killed)
    with pair.only(number):
        pair.deliver(b"Subject: again\r\n\r\nhello\r\n")
    pair.wait_for("again")
    assert b"'EXISTS': [b'2']" in told(staying)
    assert pair.stop() == signal.SIGINT


def test_what_was_acknowledged_is_there_once_whoever_is_killed(pair: Pair) -> None:
    accepted: set[str] = set()
    senders = [threading.Thread(target=send_all, args=(pair, place, accepted)) for place in range(6)]
    for sender in senders:
        sender.start()
    for round_ in range(4):
        time.sleep(0.7)
        with contextlib.suppress(IndexError, ProcessLookupError):
            os.kill(pair.workers[round_ % 2], signal.SIGKILL)
        time.sleep(2.5)
    for sender in senders:
        sender.join(60)
    assert len(accepted) > 100
    with imaplib.IMAP4("127.0.0.1", pair.imap, timeout=20) as client:
        client.login(USER, PASSWORD)
        client.select("INBOX", readonly=True)
        data = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
    found = [item[1].decode().split()[1] for item in data if isinstance(item, tuple)]
    assert not accepted - set(found)
    # Where the answer was lost nobody knows; what was answered is there once.
    assert [subject for subject in accepted if found.count(subject) != 1] == []
    assert pair.stop() == signal.SIGINT
    verified = subprocess.run(
        pair.mox("verifydata", str(pair.directory)), capture_output=True, text=True, check=False
    )
    # What was being filed when one was killed leaves files behind, and nothing else.
    problems = [line for line in verified.stderr.splitlines() if not line.endswith("belongs to no message")]
    assert problems == []


def send_all(pair: Pair, place: int, accepted: set[str]) -> None:
    """Deliver one message after the other for a while, over new connections when one breaks."""
    number, end = 0, time.monotonic() + 13
    while time.monotonic() < end:
        with (
            contextlib.suppress(OSError, smtplib.SMTPException),
            smtplib.SMTP("127.0.0.1", pair.smtp, timeout=5) as client,
        ):
            while time.monotonic() < end:
                number += 1
                subject = f"{place}-{number}"
                content = f"Subject: {subject}\r\n\r\nhello\r\n"
                client.sendmail("me@example.org", ["you@example.org"], content)
                accepted.add(subject)
