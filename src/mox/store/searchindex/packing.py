"""Texts as the index keeps them: header, a mark, body; compressed, behind a checksum. Pure."""

import zlib

from mox.store.searchindex.texts import SearchText

__all__ = ["DamagedTextError", "PackedText", "pack_text"]

# Between header and body; no text holds it.
_MARK = b"\0"
# Small texts gain little from better levels; unpacking costs the same at all of them.
_LEVEL = 1
# Raw: the checksum before it covers what is stored, and is looked at before anything is unpacked.
_RAW = -15
_CHECKSUM = 4
# Words that are in most messages occur early in them; the rest need not be unpacked then.
_FIRST_OCTETS = 2048


class DamagedTextError(Exception):
    """A packed text is not what was stored."""


def pack_text(text: SearchText) -> bytes:
    """Pack a text for the database."""
    packing = zlib.compressobj(_LEVEL, wbits=_RAW)
    packed = packing.compress(text.header.encode() + _MARK + text.body.encode()) + packing.flush()
    return zlib.crc32(packed).to_bytes(_CHECKSUM, "big") + packed


class PackedText:
    """A message's text out of the index, unpacked as far as it is needed."""

    __slots__ = ("_body", "_octets", "_unpacking")

    def __init__(self, stored: bytes) -> None:
        """Begin to unpack.

        Raises:
            DamagedTextError: It is damaged.
        """
        packed = memoryview(stored)[_CHECKSUM:]
        if not packed or zlib.crc32(packed) != int.from_bytes(stored[:_CHECKSUM], "big"):
            raise DamagedTextError
        unpacking = zlib.decompressobj(_RAW)
        self._octets = unpacking.decompress(packed, _FIRST_OCTETS)
        self._unpacking = unpacking if unpacking.unconsumed_tail or not unpacking.eof else None
        self._body = self._octets.find(_MARK) + 1

    def has(self, text: bytes, *, in_body: bool) -> bool:
        """Say whether a folded text occurs: in UTF-8, where no character is part of another."""
        if self._find(text, in_body=in_body):
            return True
        if self._unpacking is None:
            return False
        self._octets += self._unpacking.decompress(self._unpacking.unconsumed_tail) + self._unpacking.flush()
        self._unpacking = None
        self._body = self._octets.find(_MARK) + 1
        return self._find(text, in_body=in_body)

    def _find(self, text: bytes, *, in_body: bool) -> bool:
        if in_body:
            # Without a mark the body is not unpacked yet.
            return self._body > 0 and self._octets.find(text, self._body) >= 0
        return text in self._octets
