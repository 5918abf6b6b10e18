"""Content-Transfer-Encoding undone piece by piece (RFC 2045 §6), for bodies of any size.

Broken encodings are read as far as they make sense; only an encoding nobody knows is an error.
"""

import binascii
import re
from collections.abc import Iterator

from moxkit.message.octets import Source, take
from moxkit.message.part import Part

__all__ = ["UnknownTransferEncodingError", "decoded", "is_known_transfer_encoding"]

_CHUNK = 1 << 16
_IDENTITY = frozenset({"7bit", "8bit", "binary"})
_KNOWN = _IDENTITY | {"base64", "quoted-printable"}
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_ALPHABET = bytes(set(range(256)) - set(_ALPHABET))
# White space before a line end was added in transit (RFC 2045 §6.7 rule 3). The look-behind keeps a long run
# of it from being tried at each of its octets.
_TRAILING_SPACE = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n|\Z)")
_LONGEST_QP_TAIL = 1 << 12  # octets held back to see a whole line; RFC 2045 §6.7 allows 76


class UnknownTransferEncodingError(Exception):
    """The part has a Content-Transfer-Encoding that is not known (IMAP's UNKNOWN-CTE, RFC 3516 §4.3).

    Attributes:
        cte: What the part says.
    """

    def __init__(self, cte: str) -> None:
        super().__init__(f"unknown content transfer encoding {cte!r}")
        self.cte = cte


def is_known_transfer_encoding(part: Part) -> bool:
    """Whether the body of ``part`` can be decoded; composite parts are never encoded (RFC 2045 §6.4)."""
    return part.is_multipart or part.cte in _KNOWN


def decoded(part: Part, source: Source) -> Iterator[bytes]:
    """Yield the body of ``part`` without its transfer encoding, in pieces of at most 64 KiB.

    Raises:
        UnknownTransferEncodingError: At once, before the first piece.
    """
    if not is_known_transfer_encoding(part):
        raise UnknownTransferEncodingError(part.cte)
    chunks = _chunks(part, source)
    if part.is_multipart or part.cte in _IDENTITY:
        return chunks
    return _base64(chunks) if part.cte == "base64" else _quoted_printable(chunks)


def _chunks(part: Part, source: Source) -> Iterator[bytes]:
    for at in range(part.body_start, part.body_end, _CHUNK):
        yield take(source, at, min(at + _CHUNK, part.body_end))


def _base64(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        octets = rest + chunk.translate(None, _NOT_ALPHABET)
        # Padding ends the data (RFC 2045 §6.8); what follows is a footer of a list or a virus scanner.
        octets, padding, _ = octets.partition(b"=")
        whole = len(octets) & ~3
        if whole:
            yield binascii.a2b_base64(octets[:whole])
        rest = octets[whole:]
        if padding:
            break
    if len(rest) > 1:  # a lone character carries no whole octet
        yield binascii.a2b_base64(rest + b"=" * (4 - len(rest)))


def _quoted_printable(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        octets = rest + chunk
        end = octets.rfind(b"\n") + 1
        if end == 0:
            # No line end in sight: go on, but never cut an escape, which is at most "=XX".
            if len(octets) < _LONGEST_QP_TAIL:
                rest = octets
                continue
            cut = octets.rfind(b"=", len(octets) - 2)
            end = len(octets) if cut < 0 else cut
        yield _plain(octets[:end])
        rest = octets[end:]
    if rest:
        yield _plain(rest)


def _plain(octets: bytes) -> bytes:
    return binascii.a2b_qp(_TRAILING_SPACE.sub(b"", octets))
