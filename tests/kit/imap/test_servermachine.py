"""The server machine: what a client may send, in which pieces, and how much of it."""

from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from moxkit.imap import (
    NEED_DATA,
    AppendBegin,
    AppendEnd,
    AppendMessage,
    BadCommand,
    Capability,
    ContinuationLine,
    Event,
    Idle,
    IdleDone,
    Limits,
    LiteralChunk,
    Login,
    Noop,
    ServerMachine,
    Tagged,
)


def events_of(machine: ServerMachine, octets: bytes) -> list[Event]:
    machine.receive_data(octets)
    return drain(machine)


def drain(machine: ServerMachine) -> list[Event]:
    events: list[Event] = []
    while (event := machine.next_event()) is not NEED_DATA:
        events.append(event)
        match event:
            case AppendMessage():
                machine.accept_literal()
            case Tagged(_, Idle()):
                machine.expect_done()
            case _:
                pass
    return events


def machine_in_use(limits: Limits | None = None) -> ServerMachine:
    """A machine past its first command, whose syntax errors are not fatal any more."""
    machine = ServerMachine(limits or Limits())
    assert events_of(machine, b"a0 NOOP\r\n") == [Tagged("a0", Noop())]
    return machine


def test_parses_pipelined_commands_in_order() -> None:
    machine = ServerMachine()
    assert events_of(machine, b"a1 CAPABILITY\r\na2 noop\r\na3 NO") == [
        Tagged("a1", Capability()),
        Tagged("a2", Noop()),
    ]
    assert machine.unread == b"a3 NO"
    assert events_of(machine, b"OP\r\n") == [Tagged("a3", Noop())]
    assert machine.unread == b""


def test_asks_for_a_synchronizing_literal_and_not_for_another() -> None:
    """RFC 9051 §4.3, RFC 7888 §3."""
    machine = ServerMachine()
    assert events_of(machine, b"a1 LOGIN {4}\r\n") == []
    assert machine.data_to_send().startswith(b"+ ")
    assert events_of(machine, b"user {4+}\r\npass\r\n") == [Tagged("a1", Login("user", "pass"))]
    assert machine.data_to_send() == b""


def test_password_is_not_in_repr() -> None:
    machine = ServerMachine()
    [event] = events_of(machine, b"a1 LOGIN user sesame\r\n")
    assert "sesame" not in repr(event)


def test_first_command_that_is_not_imap_is_fatal() -> None:
    machine = ServerMachine()
    [bad] = events_of(machine, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert isinstance(bad, BadCommand)
    assert bad.fatal
    assert bad.encode().startswith(b"* BYE ")
    assert events_of(machine, b"a1 NOOP\r\n") == []


@pytest.mark.parametrize(
    ("line", "tag"),
    [
        (b"a1 BOGUS\r\n", "a1"),
        (b"a1 NOOP x\r\n", "a1"),
        (b"a1 UID NOOP\r\n", "a1"),
        (b"a1\r\n", None),
        (b"\r\n", None),
        (b"+ NOOP\r\n", None),
        (b" NOOP\r\n", None),
        (b"a1 LOGIN x\r\n", "a1"),
        (b"a1 LOGIN x \xff\r\n", "a1"),
        (b'a1 LOGIN x "\xff"\r\n', "a1"),
        (b'a1 LOGIN x "y\\z"\r\n', "a1"),
        (b"a1 LOGIN x y\x00\r\n", "a1"),
        (b"a1 BOGUS {5}\r\n", "a1"),
        (b"a1 APPEND x\r\n", "a1"),
        (b"a1 APPEND x (\\Nope) {3}\r\n", "a1"),
        (b'a1 APPEND x "31-Feb-2020 00:00:00 +0000" {3}\r\n', "a1"),
        (b"a1 APPEND x UTF8 ({3}\r\n", "a1"),
        (b"a1 APPEND x {99999999999999999999}\r\n", "a1"),
    ],
)
def test_bad_line_is_refused_and_the_connection_lives(line: bytes, tag: str | None) -> None:
    machine = machine_in_use()
    [bad] = events_of(machine, line)
    assert isinstance(bad, BadCommand)
    assert (bad.tag, bad.fatal) == (tag, False)
    assert bad.encode().startswith(b"a1 BAD " if tag else b"* BAD ")
    assert machine.data_to_send() == b""
    assert events_of(machine, b"a2 NOOP\r\n") == [Tagged("a2", Noop())]


def test_bad_line_before_a_nonsynchronizing_literal_is_fatal() -> None:
    """Its octets are on the way and would be read as commands."""
    machine = machine_in_use()
    [bad] = events_of(machine, b"a1 BOGUS {9+}\r\na2 LOGOUT\r\n")
    assert isinstance(bad, BadCommand)
    assert bad.fatal
    assert bad.encode() == b"* BYE unknown command at position 8\r\na1 BAD unknown command at position 8\r\n"


def test_line_too_long_is_fatal_before_its_end_comes() -> None:
    machine = machine_in_use()
    [bad] = events_of(machine, b"a1 NOOP" + b"x" * 16 * 1024)
    assert isinstance(bad, BadCommand)
    assert bad.fatal


def test_lines_of_one_command_are_bounded_together() -> None:
    machine = machine_in_use(Limits(command_octets=200, line_octets=100))
    piece = b'a1 SEARCH OR TEXT "' + b"x" * 60 + b'" TEXT {0+}\r\n'
    found = events_of(machine, piece + (b" OR TEXT " + b"x" * 60 + b" TEXT {0+}\r\n") * 10)
    assert [event.fatal for event in found if isinstance(event, BadCommand)] == [True]


@pytest.mark.parametrize(
    "octets",
    [b"a1 LOGIN {101}\r\n", b"a1 LOGIN {100+}\r\n" + b"x" * 100 + b" {51}\r\n"],
)
def test_too_large_synchronizing_literal_is_refused_unread(octets: bytes) -> None:
    machine = machine_in_use(Limits(literal_octets=100, literals_octets=150))
    [bad] = events_of(machine, octets)
    assert bad == BadCommand("a1", "literal too large", "TOOBIG")
    assert machine.data_to_send() == b""
    assert events_of(machine, b"a2 NOOP\r\n") == [Tagged("a2", Noop())]


def test_too_large_nonsynchronizing_literal_is_fatal() -> None:
    machine = machine_in_use(Limits(literal_octets=100))
    [bad] = events_of(machine, b"a1 LOGIN {101+}\r\nxxx")
    assert isinstance(bad, BadCommand)
    assert bad.encode() == b"* BYE [ALERT] literal too large\r\n"
    assert machine.unread == b""


def test_number_of_literals_is_bounded() -> None:
    machine = machine_in_use(Limits(literals=10))
    octets = b"a1 UID FETCH 1 BODY[HEADER.FIELDS ({1+}\r\nx" + b" {1+}\r\nx" * 10
    assert [type(event) for event in events_of(machine, octets)] == [BadCommand]


def test_strangers_get_small_literals_only() -> None:
    machine = ServerMachine()
    assert events_of(machine, b"a1 LOGIN {5000}\r\n") == [BadCommand("a1", "literal too large", "TOOBIG")]


def test_append_comes_in_pieces() -> None:
    machine = machine_in_use()
    date = datetime(2022, 7, 11, 10, tzinfo=timezone(timedelta(hours=2)))
    octets = b'a1 APPEND "In Box" (\\seen $junk) "11-Jul-2022 10:00:00 +0200" {6}\r\n'
    assert events_of(machine, octets) == [
        AppendBegin("a1", "In Box"),
        AppendMessage(("\\Seen", "$Junk"), date, 6, sync=True),
    ]
    assert machine.data_to_send().startswith(b"+ ")
    assert events_of(machine, b"abc") == [LiteralChunk(b"abc")]
    assert events_of(machine, b"def\r\na2 NOOP\r\n") == [
        LiteralChunk(b"def", last=True),
        AppendEnd("a1"),
        Tagged("a2", Noop()),
    ]


def test_append_of_several_messages() -> None:
    """RFC 3502 §6.3.11; the second with literal8 in UTF8 (RFC 6855 §4)."""
    machine = machine_in_use()
    octets = b"a1 APPEND {3+}\r\nfoo {1+}\r\nx (\\Draft) UTF8 (~{2+}\r\nyz) {0+}\r\n\r\n"
    assert events_of(machine, octets) == [
        AppendBegin("a1", "foo"),
        AppendMessage((), None, 1, sync=False),
        LiteralChunk(b"x", last=True),
        AppendMessage(("\\Draft",), None, 2, sync=False, binary=True, utf8=True),
        LiteralChunk(b"yz", last=True),
        AppendMessage((), None, 0, sync=False),
        LiteralChunk(b"", last=True),
        AppendEnd("a1"),
    ]


def test_append_ends_with_bad_when_its_tail_is_wrong() -> None:
    machine = machine_in_use()
    found = events_of(machine, b"a1 APPEND x {1+}\r\nxtrailing\r\na2 NOOP\r\n")
    assert isinstance(found[-2], BadCommand)
    assert (found[-2].tag, found[-2].fatal) == ("a1", False)
    assert found[-1] == Tagged("a2", Noop())


def test_undecided_message_is_an_error_of_the_caller() -> None:
    machine = machine_in_use()
    machine.receive_data(b"a1 APPEND x {1+}\r\nx\r\n")
    assert isinstance(machine.next_event(), AppendBegin)
    assert isinstance(machine.next_event(), AppendMessage)
    with pytest.raises(RuntimeError):
        machine.next_event()


def announce(machine: ServerMachine, octets: bytes) -> None:
    machine.receive_data(octets)
    assert isinstance(machine.next_event(), AppendBegin)
    assert isinstance(machine.next_event(), AppendMessage)


def test_refused_synchronizing_message_is_not_asked_for() -> None:
    machine = machine_in_use()
    announce(machine, b"a1 APPEND x {1000000000}\r\n")
    machine.refuse_literal("no room", "OVERQUOTA")
    assert machine.data_to_send() == b"a1 NO [OVERQUOTA] no room\r\n"
    assert events_of(machine, b"a2 NOOP\r\n") == [Tagged("a2", Noop())]


def test_refused_nonsynchronizing_message_is_dropped() -> None:
    machine = machine_in_use()
    announce(machine, b"a1 APPEND x {13+}\r\na2 LOGOUT\r\n")
    machine.refuse_literal("no such mailbox", "TRYCREATE")
    assert machine.data_to_send() == b"a1 NO [TRYCREATE] no such mailbox\r\n"
    assert events_of(machine, b"x {2+}\r\nyy\r\na3 NOOP\r\n") == [Tagged("a3", Noop())]


def test_refused_nonsynchronizing_message_too_large_to_drop_is_fatal() -> None:
    machine = machine_in_use()
    announce(machine, b"a1 APPEND x {1000001+}\r\n")
    machine.refuse_literal("no room", "OVERQUOTA")
    [bad] = drain(machine)
    assert isinstance(bad, BadCommand)
    assert (bad.code, bad.fatal) == ("ALERT", True)


def test_continuation_line_is_handed_out_raw() -> None:
    machine = ServerMachine()
    machine.expect_continuation(b"Y2hhbGxlbmdl")
    assert machine.data_to_send() == b"+ Y2hhbGxlbmdl\r\n"
    assert events_of(machine, b"*\r\na2 NOOP\r\n") == [ContinuationLine(b"*"), Tagged("a2", Noop())]
    assert "secret" not in repr(ContinuationLine(b"secret"))


def test_idle_ends_with_done_only() -> None:
    """RFC 2177 §3."""
    machine = machine_in_use()
    assert events_of(machine, b"a1 IDLE\r\ndone\r\n") == [Tagged("a1", Idle()), IdleDone()]
    [_, bad] = events_of(machine, b"a2 IDLE\r\na3 NOOP\r\n")
    assert isinstance(bad, BadCommand)
    assert bad.fatal


def test_octets_behind_starttls_stay_unread_until_taken() -> None:
    """RFC 9051 §6.2.1: they are not commands."""
    machine = ServerMachine()
    machine.receive_data(b"a1 STARTTLS\r\na2 LOGIN x y\r\n")
    machine.next_event()
    assert machine.unread == b"a2 LOGIN x y\r\n"
    assert machine.take_unread() == b"a2 LOGIN x y\r\n"
    assert machine.next_event() is NEED_DATA


def test_send_keeps_the_order_of_output() -> None:
    machine = ServerMachine()
    machine.send(b"* OK hello\r\n")
    machine.expect_continuation()
    assert machine.data_to_send() == b"* OK hello\r\n+ \r\n"
    assert machine.data_to_send() == b""


CONVERSATION = (
    b"a1 LOGIN {4+}\r\nuser {4}\r\npass\r\n"
    b'a2 LIST (SUBSCRIBED) "" ("*" a%) RETURN (STATUS (MESSAGES))\r\n'
    b"a3 UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (To {4+}\r\nFrom)]<0.5>)\r\n"
    b"bogus\r\n"
    b"a4 APPEND {3+}\r\nfoo (\\Seen) {10}\r\n0123\r\n6789 {2+}\r\nab\r\n"
    b"a5 IDLE\r\nDONE\r\na6 SEARCH OR TEXT {2+}\r\n\r\n 1:3\r\n"
)


def joined(events: list[Event]) -> list[Event]:
    """Events with the chunks of one message put together."""
    result: list[Event] = []
    for event in events:
        last = result[-1] if result else None
        if isinstance(event, LiteralChunk) and isinstance(last, LiteralChunk) and not last.last:
            result[-1] = LiteralChunk(last.octets + event.octets, event.last)
        else:
            result.append(event)
    return result


@given(st.lists(st.integers(0, len(CONVERSATION))))
def test_any_split_gives_the_same_events(cuts: list[int]) -> None:
    whole = ServerMachine(Limits())
    expected, sent = joined(events_of(whole, CONVERSATION)), whole.data_to_send()
    machine, found = ServerMachine(Limits()), []
    edges = [0, *sorted(cuts), len(CONVERSATION)]
    for start, stop in pairwise(edges):
        found += events_of(machine, CONVERSATION[start:stop])
    assert joined(found) == expected
    assert machine.data_to_send() == sent
    assert len(expected) == 13


def test_octet_by_octet_gives_the_same_events() -> None:
    machine, found = ServerMachine(Limits()), []
    for octet in CONVERSATION:
        found += events_of(machine, bytes([octet]))
    assert joined(found) == joined(events_of(ServerMachine(Limits()), CONVERSATION))


WORDS = st.sampled_from(
    [
        *(b"a1 ", b"UID ", b"FETCH ", b"SEARCH ", b"APPEND x ", b"LIST ", b"(", b")", b'"', b"{3}\r\n"),
        *(b"{2+}\r\n", b"\r\n", b" ", b"NOT ", b"1:*", b"BODY[", b"]", b"\\Seen", b"\x00", b"\xff"),
        *(b"~{1}\r\n", b"IDLE\r\n"),
    ]
)


@given(st.lists(st.one_of(WORDS, st.binary(max_size=5))).map(b"".join))
def test_noise_gives_events_or_bad_commands_only(noise: bytes) -> None:
    drain_machine = machine_in_use()
    for event in events_of(drain_machine, noise + b"\r\n"):
        assert isinstance(event, Event)


def test_many_commands_in_one_buffer_cost_the_same_each() -> None:
    """20,000 commands: copying the buffer for each of them would be 5 GB."""
    machine = machine_in_use()
    machine.receive_data(b"a1 UID FETCH 1 FLAGS\r\n" * 20_000)
    assert sum(1 for _ in drain(machine)) == 20_000
