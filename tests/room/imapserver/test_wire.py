"""The octets of a connection: large answers are compressed in turns with other sessions."""

import asyncio

from mox.imapserver.wire import Wire
from moxkit.imap import Inflate
from moxkit.testing import FakeClock


class Taking:
    """A connection that takes everything."""

    def __init__(self) -> None:
        self.written = b""

    def write(self, octets: bytes) -> None:
        self.written += octets

    async def drain(self) -> None:
        pass


async def test_others_have_their_turn_while_much_is_compressed() -> None:
    conn = Taking()
    wire = Wire(conn, FakeClock())  # type: ignore[arg-type]  # all that is asked of a connection here
    await wire.compress()
    octets = bytes(range(256)) * 4096
    turns = 0
    writing = asyncio.ensure_future(wire.write(octets))
    while not writing.done():
        turns += 1
        await asyncio.sleep(0)
    # 1 MiB, of which 64 KiB are compressed in one turn.
    assert turns >= 16
    inflate = Inflate()
    inflate.receive_data(conn.written)
    got = b""
    while piece := inflate.next_piece():
        got += piece
    assert got == octets


async def test_short_answers_go_out_at_once_and_flushed() -> None:
    conn = Taking()
    wire = Wire(conn, FakeClock())  # type: ignore[arg-type]  # as above
    await wire.compress()
    inflate = Inflate()
    for line in (b"* OK one\r\n", b"* OK two\r\n"):
        conn.written = b""
        await wire.write(line)
        inflate.receive_data(conn.written)
        assert inflate.next_piece() == line
