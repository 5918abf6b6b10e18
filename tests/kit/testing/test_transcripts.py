"""The transcript runner, against a scripted server."""

import pytest

from moxkit.testing.transcripts import TranscriptError, parse_transcript, run_transcript


class Scripted:
    """A server that answers each line it gets by a table, and closes after QUIT."""

    def __init__(self, answers: dict[bytes, bytes], greeting: bytes = b"* OK hello\r\n") -> None:
        self.answers = answers
        self.writes: list[bytes] = []
        self._received = b""
        self._out = greeting

    async def write(self, octets: bytes) -> None:
        self.writes.append(octets)
        self._received += octets
        while b"\r\n" in self._received:
            line, _, self._received = self._received.partition(b"\r\n")
            self._out += self.answers.get(line, b"? " + line + b"\r\n")

    async def read_line(self) -> bytes:
        line, end, self._out = self._out.partition(b"\n")
        return line + end


ANSWERS = {
    b"a1 GO": b"* OK [UIDVALIDITY 77] fine\r\na1 OK \\* done\r\n",
    b"a2 77": b"a2 OK 77 77\r\n",
    b"QUIT": b"",
}

CONVERSATION = r"""# RFC 9051 §6: an example
#   of two clients

S: * OK *
C: a1 GO
S: * OK [UIDVALIDITY {uidvalidity}] *
S: a1 OK \* done
--- second client
S2: * OK hello
C2: a2 {uidvalidity}
S2: a2 OK {uidvalidity} {uidvalidity}
C2<: \x51UIT\r\n
S2: [closed]
C: {5}
S: ? {5}
"""


def test_header_is_kept() -> None:
    assert parse_transcript(CONVERSATION).header == ("RFC 9051 §6: an example", "of two clients")


@pytest.mark.parametrize("split", [None, 1, 3])
async def test_runs_two_clients_in_any_split(split: int | None) -> None:
    servers: list[Scripted] = []

    async def connect() -> Scripted:
        servers.append(Scripted(ANSWERS))
        return servers[-1]

    await run_transcript(parse_transcript(CONVERSATION), connect, split)
    assert [b"".join(server.writes) for server in servers] == [b"a1 GO\r\n{5}\r\n", b"a2 77\r\nQUIT\r\n"]
    assert all(len(octets) <= (split or 99) for server in servers for octets in server.writes)


async def test_lines_that_follow_one_another_are_written_at_once() -> None:
    server = Scripted({}, b"")

    async def connect() -> Scripted:
        return server

    await run_transcript(parse_transcript("C: one\nC: two\nS: ? one\nS: ? two"), connect)
    assert server.writes == [b"one\r\ntwo\r\n"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("S: * NO *", "line 1: expected '\\* NO \\*' with {}, got '\\* OK hello'"),
        ("S: * OK hell", "got '\\* OK hello'"),
        ("S: * O* hello {x}", "got '\\* OK hello'"),
        ("S: [closed]", "to be closed, got"),
        ("S: * OK *\nS: more", "line 2: .* got the end of the connection"),
        ("S: * {a} {b}\nC: {b} {a}\nS: ? {a} {b}", "line 3: .* got '\\? hello OK'"),
    ],
)
async def test_says_where_the_server_differs(text: str, problem: str) -> None:
    async def connect() -> Scripted:
        return Scripted({})

    with pytest.raises(TranscriptError, match=problem):
        await run_transcript(parse_transcript(text), connect)


@pytest.mark.parametrize("text", ["hello", "S<: x", "C: {unknown}", "C:x"])
def test_refuses_what_is_no_transcript(text: str) -> None:
    with pytest.raises(TranscriptError, match="line 1"):
        parse_transcript(text)


async def test_time_passes_where_the_transcript_says() -> None:
    said: list[object] = []

    async def connect() -> Scripted:
        return Scripted({})

    async def advance(seconds: float) -> None:
        said.append(seconds)

    await run_transcript(parse_transcript("S: *\nT: 10\nT: 5\nC: x\nS: ? x"), connect, advance=advance)
    assert said == [10, 5]
    with pytest.raises(TranscriptError, match="nobody can let 10 seconds pass"):
        await run_transcript(parse_transcript("T: 10"), connect)
