"""COMPRESS=DEFLATE: any flush can be read, any split gives the same, bombs come in bounded pieces."""

import time
import zlib
from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from moxkit.imap import Deflate, ImapSyntaxError, Inflate


def inflated(inflate: Inflate, octets: bytes) -> bytes:
    inflate.receive_data(octets)
    pieces = []
    while piece := inflate.next_piece():
        pieces.append(piece)
    return b"".join(pieces)


@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(1, 50))
def test_what_is_compressed_can_be_read_at_once_in_any_split(said: list[bytes], step: int) -> None:
    deflate, inflate = Deflate(), Inflate(piece_octets=7)
    for octets in said:
        sent = deflate.compress(octets)
        got = b"".join(inflated(inflate, sent[at : at + step]) for at in range(0, len(sent), step))
        assert got == octets
    assert inflated(inflate, deflate.finish(b"the end")) == b"the end"
    assert inflate.is_ended
    assert inflate.rest == b""


@pytest.mark.parametrize("flush", [zlib.Z_PARTIAL_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH])
@pytest.mark.parametrize("bits", [-9, -15])
def test_every_kind_of_flush_and_window_is_read(flush: int, bits: int) -> None:
    stream = zlib.compressobj(6, zlib.DEFLATED, bits)
    inflate = Inflate()
    for line in (b"a1 NOOP\r\n", b"a2 NOOP\r\n", b""):
        assert inflated(inflate, stream.compress(line) + stream.flush(flush)) == line


def test_octets_behind_the_end_are_kept_as_they_are() -> None:
    inflate = Inflate()
    assert inflated(inflate, Deflate().finish(b"a1 UNAUTHENTICATE\r\n") + b"a2 NOOP\r\n") == (
        b"a1 UNAUTHENTICATE\r\n"
    )
    assert inflate.is_ended
    assert inflate.rest == b"a2 NOOP\r\n"
    assert inflate.next_piece() == b""


def test_bomb_comes_in_bounded_pieces() -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    octets = bomb.compress(b"x" * (200 << 20)) + bomb.flush(zlib.Z_SYNC_FLUSH)
    assert len(octets) < 300_000
    inflate, began, total = Inflate(), time.process_time(), 0
    inflate.receive_data(octets)
    while piece := inflate.next_piece():
        assert len(piece) <= 64 << 10
        total += len(piece)
    assert total == 200 << 20
    assert time.process_time() - began < 5


@given(st.binary(max_size=200))
def test_noise_gives_octets_or_the_declared_error(noise: bytes) -> None:
    with suppress(ImapSyntaxError):
        inflated(Inflate(), noise)


def test_broken_data_is_refused() -> None:
    with pytest.raises(ImapSyntaxError, match="broken"):
        inflated(Inflate(), b"a1 NOOP\r\n")
