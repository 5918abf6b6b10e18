"""REPLACE: an APPEND of one message that names another (RFC 8508)."""

import pytest

from moxkit.imap import (
    LAST,
    NEED_DATA,
    AppendBegin,
    AppendEnd,
    AppendMessage,
    BadCommand,
    ClientMachine,
    Limits,
    LiteralChunk,
    OutgoingMessage,
    Replaces,
    ServerMachine,
)


def machine() -> ServerMachine:
    server = ServerMachine(Limits())
    server.receive_data(b"n NOOP\r\n")
    server.next_event()
    return server


def heard(server: ServerMachine, octets: bytes) -> list[object]:
    server.receive_data(octets)
    events: list[object] = []
    while (event := server.next_event()) is not NEED_DATA:
        events.append(event)
        if isinstance(event, AppendMessage):
            server.accept_literal()
    return events


@pytest.mark.parametrize(
    ("command", "replaces", "name"),
    [
        (b"REPLACE 4", Replaces(4, uid=False), "REPLACE"),
        (b"replace *", Replaces(LAST, uid=False), "REPLACE"),
        (b"UID REPLACE 2000", Replaces(2000, uid=True), "UID REPLACE"),
    ],
)
def test_begins_like_append(command: bytes, replaces: Replaces, name: str) -> None:
    server = machine()
    events = heard(server, b"A003 " + command + b" Drafts (\\Seen \\Draft) {5}\r\n")
    begin = AppendBegin("A003", "Drafts", replaces)
    assert events == [begin, AppendMessage(("\\Seen", "\\Draft"), None, 5, sync=True)]
    assert begin.name == name
    assert heard(server, b"hello\r\n") == [LiteralChunk(b"hello", last=True), AppendEnd("A003")]


def test_append_keeps_its_name() -> None:
    assert AppendBegin("a", "x").name == "APPEND"


def test_mailbox_may_come_as_a_literal() -> None:
    events = heard(machine(), b"a UID REPLACE 1 {1+}\r\nx {5+}\r\nhello\r\n")
    assert events[0] == AppendBegin("a", "x", Replaces(1, uid=True))
    assert events[-1] == AppendEnd("a")


def test_takes_one_message_only() -> None:
    """RFC 8508 §4.7."""
    events = heard(machine(), b"a REPLACE 1 x {1+}\r\ny {1}\r\n")
    assert events[-1] == BadCommand("a", "REPLACE takes one message at position 0")
    # And APPEND behind it takes more again.
    server = machine()
    heard(server, b"a REPLACE 1 x {1+}\r\ny\r\n")
    assert heard(server, b"b APPEND x {1+}\r\ny {1+}\r\nz\r\n")[-1] == AppendEnd("b")


@pytest.mark.parametrize(
    "line",
    [
        b"a REPLACE",
        b"a REPLACE 0 x {1}",
        b"a REPLACE 1:2 x {1}",
        b"a REPLACE $ x {1}",
        b"a REPLACE x {1}",
        b"a REPLACE 1 x",
        b"a UID REPLACE 4294967296 x {1}",
    ],
)
def test_refuses(line: bytes) -> None:
    (event,) = heard(machine(), line + b"\r\n")
    assert isinstance(event, BadCommand)
    assert not event.fatal


@pytest.mark.parametrize("replaces", [Replaces(7, uid=True), Replaces(LAST, uid=False)])
def test_server_reads_what_the_client_writes(replaces: Replaces) -> None:
    client, server = ClientMachine(), machine()
    client.literal_plus = True
    client.replace(replaces, "Drafts", OutgoingMessage(b"hello", ("\\Draft",)))
    events = heard(server, client.data_to_send())
    assert events[0] == AppendBegin("a1", "Drafts", replaces)
    assert events[-2:] == [LiteralChunk(b"hello", last=True), AppendEnd("a1")]
