"""Hashing canonical bodies (RFC 6376 §3.4.3, §3.4.4, §3.7) in one pass and in little memory.

The empty lines at the end are found from the end, so that nothing has to be held back: of a simple body the
octets are then hashed where they are, of a relaxed one in chunks.
"""

import hashlib
import mmap
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from moxkit.dkim.canonical import Canonicalization

__all__ = ["BodyHash", "Source", "hash_body"]

Source: TypeAlias = bytes | mmap.mmap | memoryview

_SPACES = re.compile(rb"  +")
# Empty lines at the end, read backwards; relaxed ones have white space, and so may the last line.
_END_SIMPLE = re.compile(rb"(?:\n\r)*+")
_END_RELAXED = re.compile(rb"[ \t]*+(?:\n\r[ \t]*+)*+")


@dataclass(frozen=True, slots=True)
class BodyHash:
    """Digest of a canonical body or of its beginning.

    Attributes:
        digest: SHA-256.
        hashed_octets: How much of it went into the digest; less than was asked for if there is no more.
        body_octets: How long the canonical body is.
    """

    digest: bytes
    hashed_octets: int
    body_octets: int


class _Sink:
    """Feeds the hash, and notes the digest at each length that is asked for."""

    def __init__(self, lengths: Collection[int]) -> None:
        self._hash = hashlib.sha256()
        self._wanted = sorted(set(lengths), reverse=True)
        self.octets = 0
        self.digests: dict[int, bytes] = {}

    def update(self, data: bytes | memoryview) -> None:
        end = self.octets + len(data)
        if self._wanted and self._wanted[-1] <= end:
            with memoryview(data) as view:
                at = 0
                while self._wanted and self._wanted[-1] <= end:
                    length = self._wanted.pop()
                    stop = length - self.octets
                    self._hash.update(view[at:stop])
                    self.digests[length] = self._hash.digest()
                    at = stop
                self._hash.update(view[at:])
        else:
            self._hash.update(data)
        self.octets = end

    def digest(self) -> bytes:
        return self._hash.digest()


def hash_body(
    source: Source,
    start: int,
    canonicalization: Canonicalization,
    lengths: Collection[int | None] = (None,),
    *,
    chunk_octets: int = 1 << 18,
) -> dict[int | None, BodyHash]:
    """Hash the body that begins at `start`, once for any number of lengths (the ``l=`` of signatures).

    Args:
        source: The message.
        start: Where its body begins.
        canonicalization: Of the body.
        lengths: How many octets of the canonical body to hash; None is all.
        chunk_octets: How much is copied at a time.

    Returns:
        The hash for each length.
    """
    sink = _Sink([length for length in lengths if length is not None])
    with memoryview(source) as view:
        if canonicalization is Canonicalization.SIMPLE:
            end = _find_end(view, start, _END_SIMPLE, b"\r\n", chunk_octets)
            with view[start:end] as body:
                sink.update(body)
            # Also an empty body is one empty line (§3.4.3).
            sink.update(b"\r\n")
        else:
            end = _find_end(view, start, _END_RELAXED, b" \t\r\n", chunk_octets)
            for chunk in _relaxed(view, start, end, chunk_octets):
                sink.update(chunk)
            # Unlike there, nothing stays nothing (§3.4.4).
            if end > start:
                sink.update(b"\r\n")
    whole = sink.digest()
    return {
        length: BodyHash(
            digest=whole if length is None else sink.digests.get(length, whole),
            hashed_octets=sink.octets if length is None else min(length, sink.octets),
            body_octets=sink.octets,
        )
        for length in lengths
    }


def _find_end(view: memoryview, start: int, empty: re.Pattern[bytes], octets: bytes, longest: int) -> int:
    """Return where the last line that is not empty ends, without its CRLF."""
    end, window = view.nbytes, min(longest, 256)
    while end > start:
        chunk = bytes(view[max(start, end - window) : end])
        tail = chunk[len(chunk.rstrip(octets)) :]
        found = empty.match(tail[::-1])
        taken = found.end() if found is not None else 0
        end -= taken
        # A CRLF may be cut by the window: only what stops well inside of it is the end.
        if taken < len(chunk) - 1 or not taken:
            break
        window = longest
    return end


def _relaxed(view: memoryview, start: int, end: int, size: int) -> Iterator[bytes]:
    """Give the canonical octets of lines; the last one is not empty and has no CRLF here."""
    held = b""
    for at in range(start, end, size):
        chunk = held + view[at : min(at + size, end)]
        held = b""
        if at + size < end:
            # White space and CR at the end say what they are only with what follows.
            body = chunk.removesuffix(b"\r")
            kept = body.rstrip(b" \t")
            held = (b" " if len(kept) < len(body) else b"") + chunk[len(body) :]
            chunk = kept
        yield _reduce(chunk)


def _reduce(chunk: bytes) -> bytes:
    # Each step is one pass at the speed of memory; a pattern for all would stop at every space of a text.
    if b"\t" in chunk:
        chunk = chunk.replace(b"\t", b" ")
    if b" " not in chunk:
        # Base64, as most long bodies are.
        return chunk
    if b"  " in chunk:
        chunk = _SPACES.sub(b" ", chunk)
    return chunk.replace(b" \r\n", b"\r\n")
