"""APPEND of messages put together (RFC 4469): events in any split, refusals, what a client writes."""

from datetime import UTC, datetime

import pytest

from moxkit.imap import (
    NEED_DATA,
    AppendBegin,
    AppendEnd,
    AppendMessage,
    BadCommand,
    CatenateBegin,
    CatenatedMessage,
    CatenateEnd,
    CatenateText,
    CatenateUrl,
    ClientMachine,
    Limits,
    LiteralChunk,
    Noop,
    OutgoingMessage,
    ServerMachine,
    Tagged,
)


def events(octets: bytes, step: int, *, refuse: str | None = None) -> tuple[list[object], bytes]:
    """Read octets in pieces; accept what is announced (or refuse it), and join the chunks of each literal."""
    machine = ServerMachine(Limits())
    machine.receive_data(b"a0 NOOP\r\n")
    assert machine.next_event() == Tagged("a0", Noop())
    found: list[object] = []
    for start in range(0, len(octets), step):
        machine.receive_data(octets[start : start + step])
        while (event := machine.next_event()) is not NEED_DATA:
            if isinstance(event, LiteralChunk) and found and isinstance(found[-1], bytes):
                found[-1] += event.octets
                continue
            found.append(event.octets if isinstance(event, LiteralChunk) else event)
            if isinstance(event, AppendMessage | CatenateText):
                if refuse is None:
                    machine.accept_literal()
                else:
                    machine.refuse_literal(refuse)
    return found, machine.data_to_send()


# RFC 4469 §5 and its example: a text, a part of another message, a text that goes at once, two URLs.
EXAMPLE = (
    b'A003 APPEND Drafts (\\Seen) CATENATE (URL "/Drafts;UIDVALIDITY=385759045/;UID=20/;SECTION=HEADER"'
    b" TEXT {4}\r\none\n URL /a/;UID=1 TEXT {3+}\r\ntwo URL {12}\r\n/b%20/;UID=2 URL {3+}\r\n/c/)\r\n"
)
READ = [
    AppendBegin("A003", "Drafts"),
    CatenateBegin(("\\Seen",), None),
    CatenateUrl("/Drafts;UIDVALIDITY=385759045/;UID=20/;SECTION=HEADER"),
    CatenateText(4, sync=True),
    b"one\n",
    CatenateUrl("/a/;UID=1"),
    CatenateText(3, sync=False),
    b"two",
    CatenateUrl("/b%20/;UID=2"),
    CatenateUrl("/c/"),
    CatenateEnd(),
    AppendEnd("A003"),
]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_events_are_the_same_in_any_split(step: int) -> None:
    found, said = events(EXAMPLE, step)
    assert found == READ
    assert said == b"+ go on\r\n" * 2


@pytest.mark.parametrize("step", [1, 1000])
def test_several_messages_of_both_kinds(step: int) -> None:
    octets = (
        b'a1 APPEND x CATENATE (URL /a/;UID=1) "01-Jan-2030 00:00:00 +0000" {2+}\r\nhi'
        b" (\\Seen) CATENATE (UTF8 (~{1+}\r\n\0) URL /b/;UID=1 TEXT {1+}\r\nx)\r\na2 NOOP\r\n"
    )
    found, _ = events(octets, step)
    date = datetime(2030, 1, 1, tzinfo=UTC)
    assert found == [
        AppendBegin("a1", "x"),
        CatenateBegin((), None),
        CatenateUrl("/a/;UID=1"),
        CatenateEnd(),
        AppendMessage((), date, 2, sync=False),
        b"hi",
        CatenateBegin(("\\Seen",), None),
        CatenateText(1, sync=False),
        b"\0",
        CatenateUrl("/b/;UID=1"),
        CatenateText(1, sync=False),
        b"x",
        CatenateEnd(),
        AppendEnd("a1"),
        Tagged("a2", Noop()),
    ]


def test_two_spaces_between_messages_are_one() -> None:
    found, _ = events(b"a1 APPEND x {1+}\r\na  {1+}\r\nb\r\n", 1000)
    assert [event for event in found if isinstance(event, bytes)] == [b"a", b"b"]
    assert found[-1] == AppendEnd("a1")
    assert isinstance(events(b"a1 APPEND x {1+}\r\na   {1+}\r\nb\r\n", 1000)[0][-1], BadCommand)


@pytest.mark.parametrize(
    "octets",
    [
        b"a1 APPEND x CATENATE ()\r\n",
        b"a1 APPEND x CATENATE (URL)\r\n",
        b"a1 APPEND x CATENATE (URL /a/;UID=1\r\n",
        b"a1 APPEND x CATENATE (URL /a/;UID=1)x\r\n",
        b"a1 APPEND x CATENATE (TEXT abc)\r\n",
        b"a1 APPEND x CATENATE (UTF8 ({3}\r\n",
        b"a1 APPEND x CATENATE (BLOB {3}\r\n",
        b"a1 APPEND x CATENATE URL /a/;UID=1\r\n",
        b"a1 APPEND x CATENATE (URL {5000}\r\n",
        b"a1 APPEND x CATENATE (TEXT {99999999999999999999}\r\n",
        b"a1 APPEND x CATENATE (TEXT {1+}\r\nxURL /a/;UID=1)\r\n",
        b"a1 APPEND x CATENATE (UTF8 (~{1+}\r\nx URL /a/;UID=1)\r\n",
    ],
)
def test_what_is_malformed_is_refused_and_the_connection_lives(octets: bytes) -> None:
    found, _ = events(octets + b"a2 NOOP\r\n", 1000)
    [bad] = [event for event in found if isinstance(event, BadCommand)]
    assert bad.tag == "a1"
    assert not bad.fatal
    assert found[-1] == Tagged("a2", Noop())


@pytest.mark.parametrize("octets", [b"(URL {5000+}\r\n", b"(BLOB {3+}\r\n", b"(TEXT {1+}\r\nx TEXT{3+}\r\n"])
def test_what_cannot_be_skipped_ends_the_connection(octets: bytes) -> None:
    found, _ = events(b"a1 APPEND x CATENATE " + octets, 1000)
    assert isinstance(found[-1], BadCommand)
    assert found[-1].fatal


def test_refused_text_is_dropped_with_all_that_follows() -> None:
    octets = b"a1 APPEND x CATENATE (TEXT {3+}\r\nabc URL /a/;UID=1 TEXT {4+}\r\ndefg)\r\na2 NOOP\r\n"
    found, said = events(octets, 5, refuse="no")
    assert found[2:] == [CatenateText(3, sync=False), Tagged("a2", Noop())]
    assert said == b"a1 NO no\r\n"
    sync = b"a1 APPEND x CATENATE (URL /a/;UID=1 TEXT {3}\r\na2 NOOP\r\n"
    assert events(sync, 1000, refuse="no")[0][-1] == Tagged("a2", Noop())


def test_server_reads_what_client_writes() -> None:
    client = ClientMachine()
    client.literal_plus = True
    parts = (b"Subject: x\r\n\r\n", "/Drafts/;UID=20/;SECTION=1", b"\0", "/a b/;UID=1")
    client.append("Größe", [CatenatedMessage(parts, ("\\Seen",)), OutgoingMessage(b"plain")])
    found, _ = events(client.data_to_send(), 1000)
    assert found == [
        AppendBegin("a1", "Größe"),
        CatenateBegin(("\\Seen",), None),
        CatenateText(14, sync=False),
        parts[0],
        CatenateUrl("/Drafts/;UID=20/;SECTION=1"),
        CatenateText(1, sync=False),
        b"\0",
        CatenateUrl("/a b/;UID=1"),
        CatenateEnd(),
        AppendMessage((), None, 5, sync=False),
        b"plain",
        AppendEnd("a1"),
    ]


def test_many_parts_cost_no_more_than_their_octets() -> None:
    octets = b"a1 APPEND x CATENATE (" + b" ".join([b"URL {3+}\r\n/a/"] * 20_000) + b")\r\n"
    found, _ = events(octets, 65536)
    assert len(found) == 20_000 + 4
