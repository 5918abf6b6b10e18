"""Content in any pieces arrives as it was, with dots doubled at line starts (RFC 5321 §4.5.2)."""

import asyncio
import re
from collections.abc import AsyncIterator
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from kit.smtpclient.scripted import ScriptedServer
from moxkit.smtp import MailFrom, parse_path

LINES = st.lists(st.sampled_from([b"", b".", b"..", b"x", b".x", b"x.", b"\r", b"a\rb", b".\r"]), max_size=8)


@settings(max_examples=40, deadline=None)
@given(lines=LINES, cuts=st.lists(st.integers(0, 40), max_size=6), streams=st.booleans())
def test_any_split_sends_the_same_lines(lines: list[bytes], cuts: list[int], streams: bool) -> None:
    content = b"".join(line + b"\r\n" for line in lines)
    edges = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    pieces = [content[start:end] for start, end in pairwise(edges)]
    assert asyncio.run(received(pieces, streams=streams)) == re.sub(rb"(?m)^\.", b"..", content)


async def received(pieces: list[bytes], *, streams: bool) -> bytes:
    """Deliver; return the octets between DATA and the final dot."""

    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    ok = ("\r\n", "250 ok\n")
    # The script answers in advance and reads on to QUIT: so a dot too early does not end the test too early.
    server = ScriptedServer()
    client = await server.client(ok, ok, ok, ("DATA\r\n", "354 go\n250 taken\n"), ("QUIT\r\n", "221 bye\n"))
    content = stream() if streams else pieces
    [reply] = await client.deliver(MailFrom(None), [parse_path("bob@mox.example")], content)
    assert reply.text == "taken"
    await server.close()
    octets = server.heard[-1].removesuffix(b"QUIT\r\n")
    assert octets.endswith(b".\r\n")
    assert octets == b".\r\n" or octets.endswith(b"\r\n.\r\n")
    return octets.removesuffix(b".\r\n")
