"""COMPRESS=DEFLATE on the server (RFC 4978): every way to end, to idle and to misuse it."""

import asyncio
import re
import zlib

import pytest

from moxkit.imap import (
    BodySection,
    Deflate,
    ExistsData,
    Inflate,
    OutgoingMessage,
    Section,
    Select,
    Status,
    StatusItem,
)
from moxkit.imapclient import ImapClient, ImapError
from moxkit.net import ImplicitTLS, client_context
from room.imapserver.serving import PASSWORD, USER, Client, ImapHouse

_FLUSHED = b"\x00\x00\xff\xff"


class Compressed:
    """A client's octets behind compression."""

    def __init__(self, client: Client, *, flush: int = zlib.Z_SYNC_FLUSH) -> None:
        self.client = client
        self._stream = zlib.compressobj(6, zlib.DEFLATED, -15)
        self._flush = flush
        self._inflate = Inflate()
        self._text = b""

    def packed(self, octets: bytes, flush: int | None = None) -> bytes:
        return self._stream.compress(octets) + self._stream.flush(self._flush if flush is None else flush)

    async def say(self, octets: bytes) -> None:
        await self.client.write(self.packed(octets))

    async def read_until(self, end: bytes) -> bytes:
        while end not in self._text:
            if piece := self._inflate.next_piece():
                self._text += piece
                continue
            octets = await asyncio.wait_for(self.client.reader.read(65536), 10)
            assert octets, self._text
            self._inflate.receive_data(octets)
        before, _, after = self._text.partition(end)
        self._text = after
        return before + end

    @property
    def is_ended(self) -> bool:
        return self._inflate.is_ended

    @property
    def rest(self) -> bytes:
        return self._inflate.rest


async def compressed(house: ImapHouse, *, flush: int = zlib.Z_SYNC_FLUSH) -> Compressed:
    client = await house.signed_in()
    assert (await client.ask("COMPRESS deflate"))[-1].startswith("OK")
    return Compressed(client, flush=flush)


@pytest.mark.parametrize("flush", [zlib.Z_PARTIAL_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH])
async def test_every_flush_is_answered(house: ImapHouse, flush: int) -> None:
    await house.fill(["plain"])
    wire = await compressed(house, flush=flush)
    await wire.say(b"a SELECT Inbox\r\n")
    assert b"* 1 EXISTS\r\n" in await wire.read_until(b"a OK ")
    await wire.say(b"b FETCH 1 BODY[]\r\n")
    assert b"this is a letter" in await wire.read_until(b"b OK ")
    await wire.say(b"c APPEND Inbox {5}\r\n")
    await wire.read_until(b"+ go on\r\n")
    await wire.say(b"hello\r\n")
    await wire.read_until(b"c OK ")


async def test_octet_by_octet(house: ImapHouse) -> None:
    wire = await compressed(house)
    for octet in wire.packed(b"a NOOP\r\nb STATUS Inbox (MESSAGES)\r\n"):
        await wire.client.write(bytes([octet]))
    assert b"(MESSAGES 0)" in await wire.read_until(b"b OK ")


async def test_refusals(house: ImapHouse) -> None:
    client = await house.connect()
    assert b"COMPRESS=" not in await client.read_line()
    assert (await client.ask("COMPRESS DEFLATE"))[-1].startswith("NO ")
    await client.login()
    assert " COMPRESS=DEFLATE" in (await client.ask("CAPABILITY"))[0]
    assert (await client.ask("COMPRESS LZMA"))[-1].startswith("BAD ")
    assert (await client.ask("COMPRESS"))[-1].startswith("BAD ")
    # RFC 4978 §3: the client must wait for the answer; what came with the command was not compressed.
    await client.write(b"a COMPRESS DEFLATE\r\nb NOOP\r\n")
    assert (await client.read_line()).startswith(b"a BAD ")
    assert (await client.read_line()).startswith(b"b OK ")
    assert (await client.ask("COMPRESS DEFLATE"))[-1].startswith("OK ")
    wire = Compressed(client)
    await wire.say(b"c COMPRESS DEFLATE\r\n")
    assert b"c NO [COMPRESSIONACTIVE] " in await wire.read_until(b"\r\n")


async def test_logout_ends_the_stream(house: ImapHouse) -> None:
    wire = await compressed(house)
    await wire.client.write(wire.packed(b"a LOGOUT\r\n", zlib.Z_FINISH))
    await wire.read_until(b"a OK bye\r\n")
    wire._inflate.receive_data(await wire.client.reader.read())
    assert wire._inflate.next_piece() == b""
    assert wire.is_ended


async def test_client_that_ends_its_stream_is_gone(house: ImapHouse) -> None:
    wire = await compressed(house)
    await wire.client.write(wire.packed(b"a NOOP\r\n", zlib.Z_FINISH) + b"b NOOP\r\n")
    await wire.read_until(b"a OK ")
    rest = await asyncio.wait_for(wire.client.reader.read(), 10)
    assert b"b OK" not in rest


@pytest.mark.parametrize("ends", [zlib.Z_FINISH, zlib.Z_SYNC_FLUSH], ids=["ended", "flushed"])
@pytest.mark.parametrize("at_once", [True, False])
async def test_unauthenticate_ends_compression(house: ImapHouse, ends: int, at_once: bool) -> None:
    wire = await compressed(house)
    login = f"b LOGIN {USER} {PASSWORD}\r\n".encode()
    ending = wire.packed(b"a UNAUTHENTICATE\r\n", ends)
    if at_once and ends == zlib.Z_FINISH:
        await wire.client.write(ending + login)
    else:
        await wire.client.write(ending)
    await wire.read_until(b"a OK nobody is signed in\r\n")
    if not (at_once and ends == zlib.Z_FINISH):
        await wire.client.write(login)
    while not wire.is_ended:
        wire._inflate.receive_data(await asyncio.wait_for(wire.client.reader.read(65536), 10))
        assert wire._inflate.next_piece() == b""
    plain = wire.rest
    while b"\n" not in plain:
        plain += await asyncio.wait_for(wire.client.reader.read(65536), 10)
    assert plain.startswith(b"b OK [CAPABILITY ")
    assert (await wire.client.ask("COMPRESS DEFLATE"))[-1].startswith("OK ")


async def test_last_block_that_comes_late_is_no_command(house: ImapHouse) -> None:
    wire = await compressed(house)
    await wire.client.write(wire.packed(b"a UNAUTHENTICATE\r\n"))
    await wire.read_until(b"a OK nobody is signed in\r\n")
    await wire.client.write(wire.packed(b"", zlib.Z_FINISH))
    await wire.client.write(b"b NOOP\r\n")
    octets = b""
    while b"b OK " not in octets:
        octets += await asyncio.wait_for(wire.client.reader.read(65536), 10)


async def test_broken_data_ends_the_connection_alone(house: ImapHouse) -> None:
    wire = await compressed(house)
    await wire.client.write(b"a NOOP\r\n")
    assert await asyncio.wait_for(wire.client.reader.read(), 10) == b""
    await house.signed_in()


async def test_bomb_is_a_line_too_long(house: ImapHouse) -> None:
    wire = await compressed(house)
    await wire.client.write(wire.packed(b"a NOOP " + b"x" * (50 << 20)))
    assert b"line too long" in await wire.read_until(b"\r\n")


async def test_idle_tells_at_once(house: ImapHouse) -> None:
    wire = await compressed(house)
    await wire.say(b"a SELECT Inbox\r\n")
    await wire.read_until(b"a OK ")
    await wire.say(b"b IDLE\r\n")
    await wire.read_until(b"+ ")
    await house.fill(["plain"])
    await wire.read_until(b"* 1 EXISTS\r\n")
    await wire.say(b"DONE\r\n")
    await wire.read_until(b"b OK ")


@pytest.mark.parametrize("is_imaps", [False, True])
async def test_own_client_compresses(house: ImapHouse, is_imaps: bool) -> None:
    house.is_imaps = is_imaps
    tls = ImplicitTLS(client_context(), "mx.example") if is_imaps else None
    await house.listen()
    client = await ImapClient.connect("127.0.0.1", house.port, tls=tls)
    await client.login(USER, PASSWORD)
    await client.compress()
    content = b"Subject: x\r\n\r\n" + b"what repeats itself can be told shortly\r\n" * 50_000
    await client.append("Inbox", OutgoingMessage(content[:900_000]))
    await client.run(Select("Inbox"))
    [message] = await client.fetch("1", BodySection(Section(), peek=True))
    assert message.contents[0].octets == content[:900_000]
    async with client.idle() as news:
        await house.fill(["plain"])
        assert await asyncio.wait_for(anext(news), 10) == ExistsData(2)
    with pytest.raises(ImapError, match="COMPRESSIONACTIVE"):
        await client.compress()
    await client.unauthenticate()
    assert not client.is_authenticated
    assert "COMPRESS=DEFLATE" not in client.capabilities
    await client.login(USER, PASSWORD)
    await client.compress()
    await client.run(Status("Inbox", (StatusItem.MESSAGES,)))
    await client.logout()


def test_server_and_client_hold_little_for_a_quiet_connection() -> None:
    # zlib documents (1 << (bits + 2)) + (1 << (level + 9)) octets: 32 KiB here, 256 KiB by default.
    defaults, ours = zlib.compressobj(5, zlib.DEFLATED, -15), Deflate()
    line = b"* 1 FETCH (UID 1 FLAGS (\\Seen))\r\n"
    text = b"".join(re.sub(rb"1", b"%d" % n, line) for n in range(1, 2000))
    size = len(defaults.compress(text) + defaults.flush())
    assert len(ours.compress(text)) < size * 1.1


async def test_long_answers_come_in_pieces_that_any_client_can_take(house: ImapHouse) -> None:
    """imaplib2 waits for ever when more than 32 KiB come out of what it reads at once."""
    await house.fill(["plain"])
    house.doublings = 11
    await house.set_up()
    client = await house.selected()
    assert (await client.ask("COMPRESS DEFLATE"))[-1].startswith("OK ")
    wire = Compressed(client)
    await wire.say(b"f FETCH 1:* (FLAGS INTERNALDATE UID)\r\n")
    watching, packed, text = zlib.decompressobj(-15), b"", b""
    while b"f OK" not in text:
        octets = await asyncio.wait_for(client.reader.read(65536), 10)
        packed += octets
        text = (text + watching.decompress(octets))[-1000:]
    # Each flush ends with these octets (RFC 1951 §3.2.4): what came since the last one can be read at once.
    inflate = zlib.decompressobj(-15)
    sizes = [len(inflate.decompress(piece + _FLUSHED)) for piece in packed.split(_FLUSHED)[:-1]]
    assert sum(sizes) > 100_000
    assert max(sizes) <= 16 << 10
