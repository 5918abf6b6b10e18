"""Gzip with a bound: round trip, several members, bombs, and what is no gzip."""

import gzip
from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given, strategies as st

from moxkit.message import GunzipError, gunzip


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_members_are_joined(pieces: list[bytes]) -> None:
    """RFC 1952 §2.2: a file is one or more members."""
    assert gunzip(b"".join(map(gzip.compress, pieces)), limit=2000) == b"".join(pieces)


def test_large_content_and_padding() -> None:
    content = bytes(range(256)) * 5000
    assert gunzip(gzip.compress(content) + bytes(1000), limit=len(content)) == content


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"", "early"),
        (b"no gzip", "bad gzip"),
        (gzip.compress(b"content")[:-3], "early"),
        (gzip.compress(b"content")[:-8] + bytes(8), "bad gzip"),
        (gzip.compress(b"content") + b"rest", "bad gzip"),
        (gzip.compress(b"") * 1001, "too many members"),
        (gzip.compress(bytes(10_001)), "too large"),
    ],
)
def test_refuses(octets: bytes, problem: str) -> None:
    with pytest.raises(GunzipError, match=problem):
        gunzip(octets, limit=10_000)


def test_a_bomb_is_not_inflated() -> None:
    bomb = gzip.compress(gzip.compress(bytes(200 << 20), 9), 9)
    began = process_time()
    inner = gunzip(bomb, limit=1 << 20)
    with pytest.raises(GunzipError):
        gunzip(inner, limit=1 << 20)
    assert process_time() - began < 1


@given(st.binary(max_size=100))
def test_noise_gives_octets_or_the_error(noise: bytes) -> None:
    with suppress(GunzipError):
        gunzip(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + noise, limit=1000)
