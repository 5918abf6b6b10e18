"""A mailbox of 100,000 messages: what a person waits for, and what is done to many messages at once."""

import re
import time

from bench.imap import Client, timed
from bench.mail import message
from bench.server import LocalServer, Report

MESSAGES = 100_000
_SCREEN = 50


def measure_mailbox(server: LocalServer, report: Report, scale: float) -> None:
    """Load it, open it, look at its newest messages, change many."""
    total = max(2_000, round(MESSAGES * scale))
    client = Client(server.imap)
    for at in range(0, total, 200):
        batch = [message(number, 2000 + number % 7 * 1500) for number in range(at, at + 200)]
        client(b"APPEND INBOX " + b" ".join(b"{%d+}\r\n%b" % (len(each), each) for each in batch))
    report("mailbox_login_select", timed(lambda: Client(server.imap)(b"SELECT INBOX"))[0] * 1000, "ms")
    report("mailbox_first_screen", timed(lambda: _first_screen(server, total))[0] * 1000, "ms")
    client(b"SELECT INBOX")
    many, some = min(10_000, total), min(1_000, total)
    for name, command, answers in (
        ("store_10000", b"STORE 1:%d +FLAGS (\\Flagged)" % many, many),
        ("store_10000_silent", b"STORE 1:%d -FLAGS.SILENT (\\Flagged)" % many, 0),
        ("copy_1000", b"COPY 1:%d Archive" % some, 0),
        ("move_1000", b"MOVE %d:%d Archive" % (some + 1, 2 * some), some),
    ):
        _once(client, report, name, command, answers)
    client(b"STORE 1:%d +FLAGS.SILENT (\\Deleted)" % some)
    _once(client, report, "expunge_1000", b"EXPUNGE", some)


def _once(client: Client, report: Report, name: str, command: bytes, answers: int) -> None:
    began = time.perf_counter()
    answer = client(command)
    took = time.perf_counter() - began
    found = len(re.findall(rb"^\* \d+ (?:FETCH|EXPUNGE)", answer, re.MULTILINE))
    if found != answers:
        raise RuntimeError(f"{name}: {found} answers instead of {answers}")
    report(f"mailbox_{name}", took * 1000, "ms")


def _first_screen(server: LocalServer, total: int) -> bytes:
    """Do what a mail program does when it is opened: sign in, select, ask for the newest messages."""
    client = Client(server.imap)
    client(b"SELECT INBOX")
    items = b"(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE PREVIEW)"
    answer = client(b"FETCH %d:%d %b" % (total - _SCREEN + 1, total, items))
    if answer.count(b" FETCH (") != _SCREEN:
        raise RuntimeError(f"{answer.count(b' FETCH (')} answers for the first screen")
    return answer
