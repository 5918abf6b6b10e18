"""Canonical bodies: examples of the RFC, and the fast way against the RFC's words for all kinds of chunks."""

import hashlib
import mmap
import re
import tempfile
import time

import pytest
from hypothesis import given, strategies as st

from moxkit.dkim import BodyHash, Canonicalization, hash_body

SIMPLE, RELAXED = Canonicalization.SIMPLE, Canonicalization.RELAXED
EXAMPLES = [
    # RFC 6376 §3.4.5.
    (b" C \r\nD \t E\r\n\r\n\r\n", b" C \r\nD \t E\r\n", b" C\r\nD E\r\n"),
    # §3.4.3 and §3.4.4: what nothing becomes, and lines that are not ended.
    (b"", b"\r\n", b""),
    (b"\r\n", b"\r\n", b""),
    (b"\r\n\r\n", b"\r\n", b""),
    (b" \t\r\n\r\n", b" \t\r\n", b""),
    (b"x", b"x\r\n", b"x\r\n"),
    (b"x \t", b"x \t\r\n", b"x\r\n"),
    (b"\r\n\r\nx\r\n", b"\r\n\r\nx\r\n", b"\r\n\r\nx\r\n"),
    (b" ", b" \r\n", b""),
    # Bare CR and LF are octets like others.
    (b"x\n", b"x\n\r\n", b"x\n\r\n"),
    (b"x\r", b"x\r\r\n", b"x\r\r\n"),
    (b"x \n\r\n", b"x \n\r\n", b"x \n\r\n"),
]


def sha256(octets: bytes) -> bytes:
    return hashlib.sha256(octets).digest()


def canonical(body: bytes, canonicalization: Canonicalization) -> bytes:
    """RFC 6376 §3.4.3 and §3.4.4, slowly."""
    lines = body.split(b"\r\n")
    if canonicalization is RELAXED:
        lines = [re.sub(rb"[ \t]+", b" ", line).removesuffix(b" ") for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return b"" if canonicalization is RELAXED else b"\r\n"
    return b"\r\n".join(lines) + b"\r\n"


@pytest.mark.parametrize(("body", "simple", "relaxed"), EXAMPLES)
def test_examples(body: bytes, simple: bytes, relaxed: bytes) -> None:
    for canonicalization, expected in ((SIMPLE, simple), (RELAXED, relaxed)):
        assert canonical(body, canonicalization) == expected
        found = hash_body(b"header" + body, 6, canonicalization)[None]
        assert found == BodyHash(sha256(expected), len(expected), len(expected))


BODIES = st.lists(
    st.sampled_from([b"\r\n", b" ", b"\t", b"\r", b"\n", b"x", b"word", b"\r\n\r\n", b"     ", b"a b"]),
    max_size=60,
).map(b"".join)


@given(BODIES, st.sampled_from(Canonicalization), st.integers(2, 9), st.sets(st.integers(0, 100), max_size=4))
def test_is_the_same_in_chunks_of_any_size(
    body: bytes, canonicalization: Canonicalization, size: int, lengths: set[int]
) -> None:
    expected = canonical(body, canonicalization)
    found = hash_body(memoryview(body), 0, canonicalization, [None, *lengths], chunk_octets=size)
    assert found[None] == BodyHash(sha256(expected), len(expected), len(expected))
    for length in lengths:
        prefix = expected[:length]
        assert found[length] == BodyHash(sha256(prefix), len(prefix), len(expected))


@pytest.mark.parametrize("canonicalization", Canonicalization)
def test_mapped_file_can_be_closed_afterwards(canonicalization: Canonicalization) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"A: b\r\n\r\n" + b"two  words \r\n" * 50_000 + b"\r\n" * 50_000)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            found = hash_body(mapped, 8, canonicalization)[None]
            expected = canonical(mapped[8:], canonicalization)
    assert found.digest == sha256(expected)


HOSTILE = [
    b" " * (1 << 20),
    b"\t \r" * (1 << 18),
    b"\r\n" * (1 << 19),
    b" \r\n" * (1 << 18),
    b"x" + b" \r\n" * (1 << 18),
    b"\r\n\r" * (1 << 18),
    b"\n\r" * (1 << 19),
    b"\n" * (1 << 20),
    (b"\r\n" * 100 + b"\r") * 5000,
    b"x  " * (1 << 18),
    b"x \t" * (1 << 18),
]


@pytest.mark.parametrize("canonicalization", Canonicalization)
@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_megabyte_takes_a_moment(body: bytes, canonicalization: Canonicalization) -> None:
    began = time.process_time()
    found = hash_body(body, 0, canonicalization)[None]
    assert time.process_time() - began < 2
    assert found.digest == sha256(canonical(body, canonicalization))
