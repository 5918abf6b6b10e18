"""Gzip undone with a bound (RFC 1952): reports come as compressed attachments, and some are bombs."""

import zlib

__all__ = ["GunzipError", "gunzip"]

_CHUNK = 1 << 16
_MOST_MEMBERS = 1000


class GunzipError(ValueError):
    """The octets are no gzip, are cut off, or hold more than they may."""


def gunzip(octets: bytes, *, limit: int) -> bytes:
    """Decompress, all members of the file one after the other (RFC 1952 §2.2).

    Args:
        octets: The compressed file.
        limit: Most octets of the result; no more than these and a chunk are ever decompressed.

    Raises:
        GunzipError: It is no gzip, it ends early, or it holds more than `limit`.
    """
    view, at = memoryview(octets), 0
    out = bytearray()
    for _ in range(_MOST_MEMBERS):
        at = _inflate_member(view, at, out, limit)
        if not octets[at : at + _CHUNK].strip(b"\0"):  # the end, or padding
            return bytes(out)
    raise GunzipError("too many members")


def _inflate_member(view: memoryview, at: int, out: bytearray, limit: int) -> int:
    """Decompress the member that begins at ``at``; return where it ends."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)  # 16: with the header of gzip
    while True:
        chunk = view[at : at + _CHUNK]
        try:
            piece = inflater.decompress(chunk, _CHUNK)
        except zlib.error as error:
            raise GunzipError(f"bad gzip: {error}") from None
        out += piece
        if len(out) > limit:
            raise GunzipError("too large when decompressed")
        left = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
        at += len(chunk) - len(left)
        if inflater.eof:
            return at
        if at == len(view) and not piece:
            raise GunzipError("gzip ends early")
