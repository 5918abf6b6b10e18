r"""Golden transcripts: conversations of clients with a server as text, run against anything that talks.

    # RFC 9051 §6.3.2: a header that says what is shown
    S: * OK *
    C: a1 SELECT Inbox
    S: * OK [UIDVALIDITY {uidvalidity}] *
    S: a1 OK *
    --- second client
    C2: a1 APPEND Inbox {5+}
    C2<: hello\r\n
    S2: a1 OK [APPENDUID {uidvalidity} *
    S: [closed]

``C:`` is a line of the client, ``C<:`` octets without a line end (with ``\r``, ``\n``, ``\\`` and ``\xHH``);
a number makes it another client, which connects when it is first named. ``S:`` is one line of the
server: ``*`` stands for anything, except in front, where ``* `` is IMAP's own; ``{name}`` keeps what
stands there, and later stands for it. ``[closed]`` says that the server closes the connection.
``T: 10`` lets ten seconds pass.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

__all__ = [
    "Expect",
    "Say",
    "Transcript",
    "TranscriptConnection",
    "TranscriptError",
    "Wait",
    "parse_transcript",
    "run_transcript",
]

_STEP = re.compile(r"(?P<side>[CS])(?P<client>[0-9]*)(?P<bare><?):(?: (?P<text>.*))?")
_WAIT = re.compile(r"T: (?P<seconds>[0-9]+)")
_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([rn\\]))")
_ESCAPED = {"r": b"\r", "n": b"\n", "\\": b"\\"}
_PATTERN_TOKEN = re.compile(r"\*|\{[a-z][a-z0-9_]*\}")
_CLOSED = "[closed]"


class TranscriptConnection(Protocol):
    """One client's connection."""

    async def write(self, octets: bytes, /) -> object:
        """Send octets to the server."""

    async def read_line(self) -> bytes:
        """Return the next line, with or without its line end; no octets at all when the server closed."""


class TranscriptError(AssertionError):
    """A transcript that cannot be read, or a server that said something else."""


@dataclass(frozen=True, slots=True)
class Say:
    """What a client sends; names in the text are not filled in yet."""

    client: int
    text: str
    bare: bool
    line: int


@dataclass(frozen=True, slots=True)
class Expect:
    """What a client must see."""

    client: int
    pattern: str
    line: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Time that passes before what follows."""

    seconds: int
    line: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation.

    Attributes:
        header: The comment lines in front, without ``#``.
        steps: In order.
    """

    header: tuple[str, ...]
    steps: tuple[Say | Expect | Wait, ...]


def parse_transcript(text: str) -> Transcript:
    """Read a transcript.

    Raises:
        TranscriptError: A line is neither step, comment nor ``---``, or uses a name that was not kept before.
    """
    header: list[str] = []
    steps: list[Say | Expect | Wait] = []
    known: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("---"):
            continue
        if line.startswith("#"):
            if not steps:
                header.append(line.removeprefix("#").strip())
            continue
        if (waits := _WAIT.fullmatch(line)) is not None:
            steps.append(Wait(int(waits["seconds"]), number))
            continue
        found = _STEP.fullmatch(line)
        if found is None or (found["bare"] and found["side"] == "S"):
            raise TranscriptError(f"line {number}: not a step: {line!r}")
        client, content = int(found["client"] or 1), found["text"] or ""
        names = set(_NAME.findall(content))
        if found["side"] == "S":
            known |= names
            steps.append(Expect(client, content, number))
        elif names <= known:
            steps.append(Say(client, content, bool(found["bare"]), number))
        else:
            raise TranscriptError(f"line {number}: nothing was kept as {sorted(names - known)}")
    return Transcript(tuple(header), tuple(steps))


async def _no_time(seconds: float) -> None:
    raise TranscriptError(f"nobody can let {seconds} seconds pass here")


async def run_transcript(
    transcript: Transcript,
    connect: Callable[[], Awaitable[TranscriptConnection]],
    split: int | None = None,
    *,
    advance: Callable[[float], Awaitable[object]] = _no_time,
) -> None:
    """Play the clients and compare what the server says.

    Args:
        transcript: The conversation.
        connect: Gives a new connection, once per client.
        split: Octets per write; `None` writes lines that follow one another at once, as pipelining does.
        advance: Lets seconds pass, such as `FakeClock.advance`.

    Raises:
        TranscriptError: The server said something else, or closed.
    """
    connections: dict[int, TranscriptConnection] = {}
    kept: dict[str, str] = {}
    for (client, kind), group in groupby(transcript.steps, _client_and_kind):
        if kind is Wait:
            for step in group:
                await advance(step.seconds if isinstance(step, Wait) else 0)
            continue
        if client not in connections:
            connections[client] = await connect()
        connection = connections[client]
        if kind is Say:
            octets = b"".join(_octets(step, kept) for step in group if isinstance(step, Say))
            size = split or max(1, len(octets))
            for start in range(0, len(octets), size):
                await connection.write(octets[start : start + size])
            continue
        for step in group:
            if isinstance(step, Expect):
                _compare(step, await connection.read_line(), kept)


def _client_and_kind(step: Say | Expect | Wait) -> tuple[int, type]:
    return 0 if isinstance(step, Wait) else step.client, type(step)


def _octets(step: Say, kept: dict[str, str]) -> bytes:
    text = _NAME.sub(lambda found: kept[found[1]], step.text)
    if not step.bare:
        return text.encode() + b"\r\n"
    pieces: list[bytes] = []
    position = 0
    for found in _ESCAPE.finditer(text):
        pieces.append(text[position : found.start()].encode())
        pieces.append(bytes([int(found[1], 16)]) if found[1] else _ESCAPED[found[2]])
        position = found.end()
    return b"".join([*pieces, text[position:].encode()])


def _compare(step: Expect, octets: bytes, kept: dict[str, str]) -> None:
    line = octets.removesuffix(b"\n").removesuffix(b"\r").decode(errors="surrogateescape")
    if step.pattern == _CLOSED:
        if octets:
            raise TranscriptError(f"line {step.line}: expected the connection to be closed, got {line!r}")
        return
    found = _compile(step.pattern, kept).fullmatch(line) if octets else None
    if found is None:
        got = repr(line) if octets else "the end of the connection"
        raise TranscriptError(f"line {step.line}: expected {step.pattern!r} with {kept!r}, got {got}")
    kept.update(found.groupdict())


def _compile(pattern: str, kept: dict[str, str]) -> re.Pattern[str]:
    """Return the line pattern as a regex, with names that were kept filled in."""
    # ``* `` in front is an untagged response of IMAP and nothing else.
    pieces = [re.escape("* ")] if pattern.startswith("* ") else []
    position = 2 if pieces else 0
    new: set[str] = set()
    for token in _PATTERN_TOKEN.finditer(pattern, position):
        pieces.append(re.escape(pattern[position : token.start()]))
        position = token.end()
        name = token[0].strip("{}")
        if token[0] == "*":
            pieces.append(".*")
        elif name in kept:
            pieces.append(re.escape(kept[name]))
        elif name in new:
            pieces.append(f"(?P={name})")
        else:
            new.add(name)
            pieces.append(f"(?P<{name}>.+?)")
    pieces.append(re.escape(pattern[position:]))
    return re.compile("".join(pieces), re.DOTALL)
