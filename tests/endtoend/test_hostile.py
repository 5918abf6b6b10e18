"""Clients that mean harm, and clients that just go away: refused or endured; the next one is served."""

import imaplib
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from endtoend.localserve import PASSWORD, USER, Localserve
from endtoend.workers import children_of, only

pytestmark = pytest.mark.endtoend

LOGIN = f"a LOGIN {USER} {PASSWORD}\r\n".encode()
MEGABYTE = 1 << 20
ENVELOPE = b"MAIL FROM:<me@example.org>\r\nRCPT TO:<you@example.org>\r\nDATA\r\n"


def connect(port: int) -> socket.socket:
    connected = socket.create_connection(("127.0.0.1", port), 20)
    assert connected.recv(1000)
    return connected


def say(port: int, octets: bytes) -> bytes:
    """Send octets after the greeting, end the sending side, and return all that comes back."""
    with connect(port) as connected:
        try:
            connected.sendall(octets)
            connected.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        return rest_of(connected)


def rest_of(connected: socket.socket) -> bytes:
    pieces = []
    try:
        while piece := connected.recv(MEGABYTE):
            pieces.append(piece)
    except ConnectionError:
        # Cut off while octets of ours were still unread.
        pass
    return b"".join(pieces)


def read_until(connected: socket.socket, end: bytes) -> bytes:
    octets = b""
    while end not in octets:
        piece = connected.recv(65536)
        assert piece, f"connection ended before {end!r}: {octets[-200:]!r}"
        octets += piece
    return octets


def codes(replies: bytes) -> list[int]:
    """Return the code of each SMTP reply."""
    return [int(code) for code in re.findall(rb"^(\d{3}) ", replies, re.MULTILINE)]


def private_octets(server: Localserve) -> int:
    """Return the memory of all processes that is not a mapped file."""
    assert server.process is not None
    octets = 0
    for process in (server.process.pid, *children_of(server.process.pid)):
        status = Path(f"/proc/{process}/status").read_text()
        found = re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)
        assert found is not None
        octets += int(found[1]) * 1024
    return octets


@contextmanager
def grows_at_most(server: Localserve, octets: int) -> Iterator[None]:
    """Watch the server's memory; needs /proc."""
    if sys.platform != "linux":
        yield
        return
    before = private_octets(server)
    yield
    grown = private_octets(server) - before
    assert grown <= octets, f"grew by {grown / MEGABYTE:.1f} MB"


@pytest.fixture(autouse=True)
def next_client_is_served(server: Localserve) -> Iterator[None]:
    warm(server)
    yield
    serves(server)
    assert server.process is not None
    assert server.process.poll() is None
    assert b"Traceback" not in server.log.read_bytes()
    end = time.monotonic() + 5
    while left_behind(server) and time.monotonic() < end:
        time.sleep(0.01)
    assert left_behind(server) == [], "temporary files were left"


def warm(server: Localserve) -> None:
    """Have each process answer: what is loaded at first use is not growth."""
    assert server.process is not None
    workers = children_of(server.process.pid) or [server.process.pid]
    for worker in workers:
        with only(worker, workers):
            serves(server)


def left_behind(server: Localserve) -> list[str]:
    # Several workers count together in there.
    return [path.name for path in (server.directory / "tmp").glob("*") if path.name[:8] != "metrics-"]


def serves(server: Localserve) -> None:
    began = time.monotonic()
    with closing(connect(server.smtp)) as sender:
        sender.sendall(b"EHLO x\r\n")
        read_until(sender, b"250 ")
    reader = server.imap_client()
    assert reader.select("Inbox")[0] == "OK"
    reader.logout()
    assert time.monotonic() - began < 5


def append(reader: imaplib.IMAP4, mailbox: str, content: bytes) -> None:
    assert reader.append(mailbox, "", "", content)[0] == "OK"


def test_imap_line_without_end_is_refused(server: Localserve) -> None:
    with grows_at_most(server, 5 * MEGABYTE):
        answer = say(server.imap, b"a " + b"x" * (20 * MEGABYTE))
        assert not answer or answer.startswith(b"* BYE")
        answer = say(server.imap, LOGIN + b"b SEARCH SUBJECT " + b"x" * (20 * MEGABYTE))
        assert b"a OK" in answer or not answer
        assert b"b OK" not in answer


def test_smtp_line_without_end_is_refused(server: Localserve) -> None:
    with grows_at_most(server, 5 * MEGABYTE):
        assert 250 not in codes(say(server.smtp, b"EHLO " + b"x" * (20 * MEGABYTE)))


def test_literals_of_strangers_are_small(server: Localserve) -> None:
    with grows_at_most(server, 5 * MEGABYTE):
        answer = say(server.imap, b"a LOGIN {4294967295}\r\nb NOOP\r\n")
        assert re.fullmatch(rb"a BAD \[TOOBIG\] [^\r]+\r\nb OK [^\r]+\r\n", answer)
        answer = say(server.imap, b"a LOGIN {4294967295+}\r\n" + b"x" * MEGABYTE)
        assert not answer or answer.startswith(b"* BYE ")


def test_message_literal_of_gigabytes_is_refused_before_it_is_sent(server: Localserve) -> None:
    answer = say(server.imap, LOGIN + b"b APPEND Inbox {4294967295}\r\nc NOOP\r\n")
    assert b"\r\nb NO [TOOBIG] " in answer
    assert b"\r\nc OK " in answer


def test_plaintext_behind_starttls_is_not_executed(server: Localserve) -> None:
    assert b"b OK" not in say(server.imap, b"a STARTTLS\r\nb NOOP\r\n")
    answer = say(server.smtp, b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<evil@example.org>\r\nQUIT\r\n")
    assert codes(answer)[:1] == [250]
    assert 221 not in codes(answer)
    assert codes(answer).count(250) == 1


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r", b"\r\n\0.\r\n"]
)
def test_only_the_true_end_of_data_ends_it(server: Localserve, end: bytes) -> None:
    smuggled = (
        b"MAIL FROM:<evil@example.org>\r\nRCPT TO:<you@example.org>\r\nDATA\r\nSubject: smuggled\r\n\r\n"
    )
    content = b"Subject: carrier\r\n\r\nx" + end + smuggled + b"\r\n.\r\n"
    answer = codes(say(server.smtp, b"EHLO x\r\n" + ENVELOPE + content + b"QUIT\r\n"))
    # One reply for the whole: taken as it is, or refused; then QUIT, or the end.
    assert answer[:4] == [250, 250, 250, 354]
    assert len(answer) == 6, answer
    assert answer[4] == 250 or answer[4] >= 500
    assert answer[5] == 221


def test_nuls_and_bare_line_ends_in_commands_are_no_commands(server: Localserve) -> None:
    answer = say(server.smtp, b"EHLO x\r\nMAIL FROM:<a\0@example.org>\r\nRSET\rQUIT\r\nNOOP\r\n")
    replies = codes(answer)
    assert replies[0] == 250
    assert replies[1] >= 500
    assert 221 not in replies
    answer = say(server.imap, LOGIN + b'b SELECT "In\0box"\r\nc NOOP\rd NOOP\r\ne NOOP\r\n')
    assert b"\r\nb BAD " in answer
    assert b"\r\nc BAD " in answer
    assert b"\nd OK" not in answer
    assert b"\r\ne OK " in answer


def nested(depth: int) -> bytes:
    return b"Subject: nested\r\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth)
    )


def wide(parts: int) -> bytes:
    return (
        b"Subject: wide\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\n\r\nx\r\n" * parts
        + b"--b--\r\n"
    )


@pytest.mark.parametrize("content", [nested(10_000), wide(100_000)], ids=["nested", "wide"])
def test_parts_without_end_cost_little(server: Localserve, content: bytes) -> None:
    with grows_at_most(server, 60 * MEGABYTE):
        began = time.monotonic()
        server.deliver(content)
        reader = server.imap_client()
        append(reader, "Trash", content)
        reader.select("Trash")
        number = str(int((reader.search(None, "ALL")[1][0] or b"").split()[-1]))
        for item in ("BODYSTRUCTURE", "ENVELOPE", "BODY.PEEK[1.1.1]", "PREVIEW", "BODY.PEEK[HEADER]"):
            assert reader.fetch(number, f"({item})")[0] == "OK"
        assert reader.search(None, "BODY", '"nothing like it"')[0] == "OK"
        reader.logout()
        assert time.monotonic() - began < 10


def test_clients_that_say_nothing_hinder_nobody(server: Localserve) -> None:
    ports = (server.imap, server.smtp, server.submission)
    silent = [socket.create_connection(("127.0.0.1", port), 5) for port in ports for _ in range(8)]
    # Not even a TLS hello.
    silent += [
        socket.create_connection(("127.0.0.1", port), 5) for port in (server.imaps, server.submissions)
    ]
    serves(server)
    for each in silent:
        each.close()


def test_client_that_never_reads_costs_little_memory(server: Localserve) -> None:
    reader = server.imap_client()
    reader.create("big")
    append(reader, "big", b"Subject: big\r\n\r\n" + b"x" * 78 * 400_000)
    reader.create("many")
    append(reader, "many", b"Subject: many\r\n\r\n" + b"x" * (3 * MEGABYTE))
    reader.select("many")
    for _ in range(5):
        assert reader.copy("1:*", "many")[0] == "OK"
        reader.noop()
    reader.unselect()
    deaf = []
    with grows_at_most(server, 25 * MEGABYTE):
        for mailbox in (b"big", b"many"):
            client = connect(server.imap)
            client.sendall(LOGIN + b"b SELECT " + mailbox + b"\r\nc FETCH 1:* BODY.PEEK[]\r\n")
            read_until(client, b" FETCH (BODY[] ")
            deaf.append(client)
        # A little later the server has given what it ever gives to somebody who does not read.
        serves(server)
        serves(server)
    for client in deaf:
        client.close()
    assert reader.delete("many")[0] == "OK"
    assert reader.delete("big")[0] == "OK"
    reader.logout()


def test_disconnect_in_the_middle_of_append_files_nothing(server: Localserve) -> None:
    reader = server.imap_client()
    before = reader.status("Drafts", "(MESSAGES UIDNEXT)")
    for sent in (0, 10, 300_000):
        with connect(server.imap) as client:
            client.sendall(LOGIN + b"b APPEND Drafts {1000000+}\r\n" + b"x" * sent)
            read_until(client, b"a OK")
    with connect(server.imap) as client:
        # All octets of the message, not the end of the command.
        client.sendall(LOGIN + b"b APPEND Drafts {10+}\r\n" + b"x" * 10)
        read_until(client, b"a OK")
    assert reader.status("Drafts", "(MESSAGES UIDNEXT)") == before
    reader.logout()


def test_disconnect_in_the_middle_of_data_delivers_nothing(server: Localserve) -> None:
    for content in (b"", b"Subject: torn\r\n\r\n", b"Subject: torn\r\n\r\nx\r\n."):
        with connect(server.smtp) as client:
            client.sendall(b"EHLO x\r\n" + ENVELOPE)
            read_until(client, b"354 ")
            client.sendall(content)
    reader = server.imap_client()
    reader.select("Inbox")
    assert reader.search(None, "SUBJECT", "torn")[1] == [b""]
    reader.logout()


def test_disconnect_in_the_middle_of_fetch_hinders_nobody(server: Localserve) -> None:
    reader = server.imap_client()
    reader.create("torn")
    append(reader, "torn", b"Subject: torn\r\n\r\n" + b"x" * (8 * MEGABYTE))
    for _ in range(5):
        with connect(server.imap) as client:
            client.sendall(LOGIN + b"b SELECT torn\r\nc FETCH 1 BODY[]\r\n")
            read_until(client, b" FETCH (BODY[] ")
    reader.delete("torn")
    reader.logout()
