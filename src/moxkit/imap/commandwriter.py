"""Gathering a command for the wire: octets, and between them literals, which go when they may."""

from dataclasses import dataclass, field

from moxkit.imap.encode import encode_astring, encode_mailbox, encode_nstring, encode_string

__all__ = ["CommandWriter", "Literal", "Pieces"]


@dataclass(frozen=True, slots=True)
class Literal:
    """Octets to send as a literal.

    Attributes:
        octets: The content.
        binary: Whether to announce it as literal8.
    """

    octets: bytes = field(repr=False)
    binary: bool = False


Pieces = list[bytes | Literal]


class CommandWriter:
    """Gathers pieces; arguments bring their space."""

    __slots__ = ("_octets", "_pieces", "_utf8")

    def __init__(self, *, utf8: bool) -> None:
        self._utf8 = utf8
        self._octets: list[bytes] = []
        self._pieces: Pieces = []

    def pieces(self) -> Pieces:
        """Return what was gathered."""
        return [*self._pieces, b"".join(self._octets)]

    def raw(self, octets: bytes) -> None:
        """Add octets as they are."""
        self._octets.append(octets)

    def argument(self, octets: bytes) -> None:
        """Add a space and octets that hold no literal."""
        self._octets += (b" ", octets)

    def encoded(self, octets: bytes) -> None:
        """Add an encoded string; one that came out as a literal becomes a `Literal`."""
        # Neither an atom nor a quoted string begins like an announcement.
        announcement, line_end, content = octets.partition(b"\r\n")
        if not line_end or not announcement.startswith((b"{", b"~{")):
            self._octets.append(octets)
            return
        self.literal(Literal(content, binary=announcement.startswith(b"~")))

    def literal(self, literal: Literal) -> None:
        """Add a literal."""
        self._pieces += (b"".join(self._octets), literal)
        self._octets = []

    def string(self, text: str) -> None:
        """Add text that must be a string, not an atom."""
        self.encoded(encode_string(text.encode(), utf8=self._utf8))

    def astring(self, text: str) -> None:
        """Add text."""
        self.encoded(encode_astring(text, utf8=self._utf8))

    def nstring(self, octets: bytes | None) -> None:
        """Add a string of any octets, or NIL."""
        self.encoded(encode_nstring(octets, utf8=self._utf8))

    def mailbox(self, name: str) -> None:
        """Add a mailbox name."""
        self.encoded(encode_mailbox(name, utf8=self._utf8))
