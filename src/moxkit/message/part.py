"""The part tree: where each header and body lies in the source, and what its Content fields say.

Values are frozen and hold no octets of the body; whoever kept the source can cut out any part.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from moxkit.message.parameters import decode_parameters, parse_parameters
from moxkit.message.unfolding import display_text, unfold

__all__ = ["DEFAULT_CONTENT", "Content", "Disposition", "Limits", "Part"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one message may cost; beyond it the parser stops descending and notes a problem.

    Attributes:
        parts: Number of parts in the whole tree.
        depth: Nesting of multiparts and embedded messages; at most 200, which recursion survives.
        header_octets: Octets of one header that are searched for Content fields.
        false_delimiters: Lines that begin like a boundary but are none.
        scan_factor: Octets searched in total, as a multiple of the size of the source. Every level of
            nesting searches its own content again, so this bounds depth times size.
    """

    parts: int = 10_000
    depth: int = 100
    header_octets: int = 256 * 1024
    false_delimiters: int = 100_000
    scan_factor: int = 24

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= 200:
            raise ValueError("depth must be 1 to 200")


@dataclass(frozen=True, slots=True)
class Disposition:
    """Content-Disposition (RFC 2183): lower-case kind and its parameters as written."""

    kind: str
    raw_params: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def params(self) -> dict[str, str]:
        """Parameters by lower-case name, decoded (RFC 2231)."""
        return decode_parameters(self.raw_params)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The Content fields of one header (RFC 2045 §3); octets are as received, `None` means absent.

    Attributes:
        type: Media type, lower-case ASCII.
        subtype: Media subtype, lower-case ASCII.
        raw_params: Parameters of Content-Type: names as written, values without their quotes.
        cte: Content-Transfer-Encoding in lower case; "7bit" when absent (RFC 2045 §6.1).
        id: Content-ID, unfolded.
        description: Content-Description, unfolded.
        raw_disposition: Content-Disposition, still folded.
        raw_language: Content-Language, still folded.
        location: Content-Location, unfolded and without inner spaces (RFC 2557 §4.4).
        md5: Content-MD5, unfolded.
    """

    type: str = "text"
    subtype: str = "plain"
    raw_params: tuple[tuple[bytes, bytes], ...] = ()
    cte: str = "7bit"
    id: bytes | None = None
    description: bytes | None = None
    raw_disposition: bytes | None = None
    raw_language: bytes | None = None
    location: bytes | None = None
    md5: bytes | None = None


DEFAULT_CONTENT = Content()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One entity: a message or a part of one; offsets count from the start of the source.

    Attributes:
        header_start: First octet of the header.
        header_end: First octet after the blank line, which is where the body starts.
        body_end: First octet after the body; the line end before a boundary belongs to the boundary.
        content: What the header says about the body.
        lines: Lines of the body, counted for text and embedded messages only, else 0.
        parts: Parts of a multipart.
        message: The message inside a message/rfc822 or message/global part.
        problems: What is malformed in this entity itself, in short fixed phrases. Never a refusal.
    """

    header_start: int
    header_end: int
    body_end: int
    content: Content = DEFAULT_CONTENT
    lines: int = 0
    parts: tuple["Part", ...] = ()
    message: "Part | None" = None
    problems: tuple[str, ...] = field(default=())

    @property
    def body_start(self) -> int:
        """First octet of the body."""
        return self.header_end

    @property
    def size_octets(self) -> int:
        """Size of the body in its transfer encoding."""
        return self.body_end - self.header_end

    @property
    def type(self) -> str:
        """Media type, lower-case."""
        return self.content.type

    @property
    def subtype(self) -> str:
        """Media subtype, lower-case."""
        return self.content.subtype

    @property
    def cte(self) -> str:
        """Content-Transfer-Encoding, lower-case."""
        return self.content.cte

    @property
    def is_multipart(self) -> bool:
        """Whether the body is a sequence of parts, found or not."""
        return self.content.type == "multipart"

    @property
    def is_message(self) -> bool:
        """Whether the body is declared to be a message (RFC 2046 §5.2.1, RFC 6532 §3.7)."""
        return self.content.type == "message" and self.content.subtype in {"rfc822", "global"}

    @property
    def params(self) -> dict[str, str]:
        """Content-Type parameters by lower-case name, decoded (RFC 2231)."""
        return decode_parameters(self.content.raw_params)

    @property
    def content_id(self) -> str | None:
        """Content-ID as written, with its angle brackets."""
        return display_text(self.content.id)

    @property
    def description(self) -> str | None:
        """Content-Description, decoded for display."""
        return display_text(self.content.description)

    @property
    def location(self) -> str | None:
        """Content-Location."""
        return display_text(self.content.location)

    @property
    def md5(self) -> str | None:
        """Content-MD5 as written."""
        return display_text(self.content.md5)

    @property
    def disposition(self) -> Disposition | None:
        """Content-Disposition; an unreadable kind counts as "attachment" (RFC 2183 §2.8)."""
        raw = self.content.raw_disposition
        if raw is None:
            return None
        kind, _, rest = raw.partition(b";")
        text = unfold(kind).strip().lower()
        readable = bool(text) and text.isascii() and text.isalnum()
        return Disposition(text.decode() if readable else "attachment", parse_parameters(b";" + rest))

    @property
    def languages(self) -> tuple[str, ...]:
        """Tags of Content-Language (RFC 3282 §2)."""
        raw = self.content.raw_language
        if raw is None:
            return ()
        tags = (tag.strip() for tag in unfold(raw).decode("utf-8", "replace").split(",", 100)[:100])
        return tuple(tag for tag in tags if tag)

    @property
    def filename(self) -> str | None:
        """Name the sender gave: the disposition's filename, else the type's name."""
        disposition = self.disposition
        name = disposition.params.get("filename") if disposition else None
        return name or self.params.get("name") or None

    def walk(self) -> Iterator["Part"]:
        """Yield this part and everything below it, in the order of the source."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            if part.message is not None:
                waiting.append(part.message)
            waiting.extend(reversed(part.parts))
