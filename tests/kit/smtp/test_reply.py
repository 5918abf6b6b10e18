"""Replies: wrapping, controls, reading back."""

from hypothesis import given, strategies as st

from moxkit.smtp import ClientMachine, Reply, ReplySyntaxError


def test_each_line_carries_code_and_enhanced_code() -> None:
    assert bytes(Reply(550, "5.1.1", "one\ntwo")) == b"550-5.1.1 one\r\n550 5.1.1 two\r\n"
    assert bytes(Reply(354, "", "go")) == b"354 go\r\n"


@given(st.text(max_size=2000))
def test_lines_are_short_and_read_back(text: str) -> None:
    octets = bytes(Reply(451, "4.3.0", text))
    assert all(len(line) <= 510 for line in octets.split(b"\r\n"))
    machine = ClientMachine()
    machine.receive_data(octets)
    reply = machine.next_reply()
    assert reply is not None
    assert (reply.code, reply.enhanced, machine.unread) == (451, "4.3.0", b"")


@given(st.lists(st.binary(max_size=30), max_size=20))
def test_noise_gives_replies_or_the_declared_error(pieces: list[bytes]) -> None:
    machine = ClientMachine()
    try:
        for piece in pieces:
            machine.receive_data(piece)
            while machine.next_reply() is not None:
                pass
    except ReplySyntaxError:
        pass
