"""A message as DKIM sees it: raw fields and a body, and the hashes of both.

Lines end with CRLF and nothing else. A bare LF or CR is an octet like any other, so a header without CRLF is
one single field: whoever accepts mail must refuse such lines, or change them, before (RFC 6376 §5.3).
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from moxkit.dkim.bodyhash import BodyHash, Source, hash_body
from moxkit.dkim.canonical import Canonicalization, canonical_field, without_signature
from moxkit.dkim.limits import DEFAULT_LIMITS, Limits

__all__ = ["Content", "ContentTooLargeError", "Field"]

# Most headers fit; the rest is read when it turns out to be longer.
_WINDOW = 1 << 14
# A line that does not begin with white space begins a field (RFC 5322 §2.2.3).
_NEXT_FIELD = re.compile(rb"\r\n(?![ \t])")


class ContentTooLargeError(Exception):
    """The header of a message exceeds the limits."""


@dataclass(frozen=True, slots=True)
class Field:
    """One header field.

    Attributes:
        name: In lower case, without white space.
        octets: The whole field as it is, with its final CRLF.
        number: Its place in the header, from 0; -1 if it is not in there.
    """

    name: str
    octets: bytes
    number: int = -1

    @property
    def value(self) -> bytes:
        """What follows the colon, still folded, with the final CRLF."""
        return self.octets.partition(b":")[2]


class Content:
    """A message with its header split into fields; the source must not change as long as it is used."""

    __slots__ = ("_by_name", "_fields", "_prefix", "_relaxed", "_source", "body_start")

    def __init__(self, source: Source, limits: Limits = DEFAULT_LIMITS, *, prefix: bytes = b"") -> None:
        """Split the header.

        Args:
            source: The message.
            limits: For its header.
            prefix: Fields before it, with CRLF, that belong to it.

        Raises:
            ContentTooLargeError: It is longer than the limits allow, or has more fields.
        """
        self._source, self._prefix = source, prefix
        header, self.body_start = _take_header(source, limits.max_header_octets)
        if prefix:
            header = (prefix + header).removesuffix(b"\r\n")
        pieces = _NEXT_FIELD.split(header, limits.max_fields) if header else []
        if len(pieces) > limits.max_fields:
            raise ContentTooLargeError(f"more than {limits.max_fields} header fields")
        self._fields: list[Field] = []
        self._by_name: dict[str, list[Field]] = {}
        self._relaxed: dict[int, bytes] = {}
        for number, piece in enumerate(pieces):
            name, colon, _ = piece.partition(b":")
            if colon:
                text = name.rstrip(b" \t").lower().decode("latin-1")
                field = Field(text, piece + b"\r\n", number)
                self._fields.append(field)
                self._by_name.setdefault(text, []).append(field)

    def fields(self, name: str) -> Sequence[Field]:
        """Return the fields with a name, given in lower case, from top to bottom."""
        return self._by_name.get(name, ())

    def hash_header(
        self, names: Sequence[str], canonicalization: Canonicalization, signature_field: Field
    ) -> bytes:
        """Return the SHA-256 digest of signed fields and of the signature field itself (RFC 6376 §3.7).

        Repeated names take fields from the bottom up; names without field count for nothing (§5.4.2).

        Args:
            names: The ``h=`` of the signature.
            canonicalization: Of the header.
            signature_field: The one that is checked or made; of itself it is never one of the signed fields.
        """
        pieces, left, cached = [], dict[str, int](), self._relaxed
        is_simple = canonicalization is Canonicalization.SIMPLE
        for name in names:
            if (same := self._by_name.get(name)) is None:
                continue
            at = left.get(name, len(same)) - 1
            if at >= 0 and same[at].number == signature_field.number:
                at -= 1
            left[name] = max(at, 0)
            if at < 0:
                continue
            field = same[at]
            if is_simple:
                pieces.append(field.octets)
                continue
            if field.number not in cached:
                cached[field.number] = canonical_field(field.octets, canonicalization)
            pieces.append(cached[field.number])
        own = canonical_field(without_signature(signature_field.octets), canonicalization)
        pieces.append(own.removesuffix(b"\r\n"))
        return hashlib.sha256(b"".join(pieces)).digest()

    def hash_body(
        self, canonicalization: Canonicalization, lengths: Collection[int | None]
    ) -> dict[int | None, BodyHash]:
        """Return the hash of the canonical body for each length (``l=``, None for all)."""
        return hash_body(self._source, self.body_start, canonicalization, lengths)

    @property
    def body_octets(self) -> int:
        """Length of the body as it is."""
        return len(self._source) - self.body_start

    def has_bare_line_end(self) -> bool:
        """Return whether the header has a CR or LF that is not part of CRLF."""
        header = self._prefix + bytes(self._source[: self.body_start])
        pairs = header.count(b"\r\n")
        return header.count(b"\r") != pairs or header.count(b"\n") != pairs


def _take_header(source: Source, limit: int) -> tuple[bytes, int]:
    """Return the header without the CRLF of its last field, and where the body begins."""
    size = len(source)
    for window in (_WINDOW, limit + 4):
        octets = bytes(source[:window])
        if octets[:2] == b"\r\n":
            return b"", 2
        end = octets.find(b"\r\n\r\n")
        if 0 <= end <= limit:
            return octets[:end], end + 4
        if window >= size and size <= limit:
            # A message without blank line is all header.
            return octets.removesuffix(b"\r\n"), size
    raise ContentTooLargeError(f"header longer than {limit} octets")
