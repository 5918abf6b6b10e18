"""COMPRESS=DEFLATE without I/O: octets as they are said, octets as they are sent (RFC 4978, RFC 1951).

What comes out of `Inflate` is handed over in pieces of a bounded size: a small input that stands for
gigabytes costs no more memory than a long one that stands for itself.
"""

import zlib

from moxkit.imap.errors import ImapSyntaxError

__all__ = ["Deflate", "Inflate"]

_PIECE_OCTETS = 64 << 10
# A window of 4 KiB finds what repeats in IMAP. zlib takes 16 KiB for it, and 16 KiB for its tables; at its
# defaults a connection that says nothing would hold 256 KiB.
_WINDOW_BITS = 12
_MEMORY_LEVEL = 5
_LEVEL = 5


class Deflate:
    """The sending side: what was compressed can be read by the other side at once."""

    __slots__ = ("_stream",)

    def __init__(
        self, *, level: int = _LEVEL, window_bits: int = _WINDOW_BITS, memory_level: int = _MEMORY_LEVEL
    ) -> None:
        """Begin a raw stream, without zlib's header (RFC 4978 §4).

        Args:
            level: Of effort, 0 to 9.
            window_bits: How far back repetition is found: 9 to 15, the logarithm of octets.
            memory_level: Of zlib's tables, 1 to 9; ``2 ** (memory_level + 9)`` octets.
        """
        self._stream = zlib.compressobj(level, zlib.DEFLATED, -window_bits, memory_level)

    def compress(self, octets: bytes) -> bytes:
        """Compress octets, flushed so that nothing of them waits for more."""
        return self._stream.compress(octets) + self._stream.flush(zlib.Z_SYNC_FLUSH)

    def finish(self, octets: bytes = b"") -> bytes:
        """Compress the last octets and end the stream; nothing can follow."""
        return self._stream.compress(octets) + self._stream.flush(zlib.Z_FINISH)


class Inflate:
    """The receiving side; any flush of zlib's ends what can be read, a partial one too.

    Attributes:
        is_ended: The other side ended its stream; what follows is `rest`.
    """

    __slots__ = ("_pending", "_piece_octets", "_stream")

    def __init__(self, *, piece_octets: int = _PIECE_OCTETS) -> None:
        """Begin; `piece_octets` is the most that `next_piece` returns."""
        # The largest window: the sender chooses, and zlib takes no more than it turns out to need.
        self._stream = zlib.decompressobj(-15)
        self._piece_octets = piece_octets
        self._pending = b""

    @property
    def is_ended(self) -> bool:
        """Whether the stream came to its end."""
        return self._stream.eof

    @property
    def rest(self) -> bytes:
        """Octets behind the end of the stream, not compressed."""
        return self._stream.unused_data

    def receive_data(self, octets: bytes) -> None:
        """Take octets that came; call `next_piece` until it has no more."""
        self._pending += octets

    def next_piece(self) -> bytes:
        """Return the next octets, up to the size of a piece; none if more has to come first.

        Raises:
            ImapSyntaxError: This is no deflated data.
        """
        if self._stream.eof:
            return b""
        pending, self._pending = self._pending, b""
        try:
            # Asked even with no input: what filled the last piece may have left more inside zlib.
            piece = self._stream.decompress(pending, self._piece_octets)
        except zlib.error:
            raise ImapSyntaxError("compressed data is broken") from None
        self._pending = self._stream.unconsumed_tail
        return piece
