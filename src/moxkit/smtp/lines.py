"""What was received and not yet taken: command lines of bounded length, or all of it for content."""

__all__ = ["InputBuffer", "LineTooLongError"]


class LineTooLongError(Exception):
    """A line is longer than allowed; whether its end came does not matter."""


class InputBuffer:
    """Octets in order; taking a line costs its length, whatever is behind it."""

    __slots__ = ("_at", "_octets", "_scanned")

    def __init__(self) -> None:
        self._octets = b""
        self._at = 0
        self._scanned = 0

    def add(self, octets: bytes) -> None:
        """Append octets."""
        if self._at == len(self._octets):
            self._octets, self._at, self._scanned = octets, 0, 0
        else:
            # Only an unfinished line is ever moved here, so hostile splitting costs at most its limit.
            self._octets = self._octets[self._at :] + octets
            self._scanned -= self._at
            self._at = 0

    def take_line(self, limit: int) -> bytes | None:
        r"""Return the next line without its CRLF; None if it is not there yet.

        A bare LF ends a command too: people type into such connections, and no octet of content is read this
        way (content ends by CRLF.CRLF alone, see `ContentReader`).

        Raises:
            LineTooLongError: It has more than `limit` octets, CRLF included.
        """
        end = self._octets.find(b"\n", self._scanned)
        if end < 0:
            self._scanned = len(self._octets)
            if len(self._octets) - self._at > limit:
                raise LineTooLongError
            return None
        start, self._at = self._at, end + 1
        self._scanned = self._at
        if self._at - start > limit:
            raise LineTooLongError
        return self._octets[start : end - 1 if end > start and self._octets[end - 1] == 13 else end]

    def take_all(self) -> bytes:
        """Return everything and forget it."""
        octets = self._octets[self._at :] if self._at else self._octets
        self._octets, self._at, self._scanned = b"", 0, 0
        return octets

    def take(self, size: int) -> bytes:
        """Return at most so many octets and forget them."""
        octets = self._octets[self._at : self._at + size]
        self._at += len(octets)
        self._scanned = self._at
        return octets

    def front(self, size: int) -> bytes:
        """Return the next octets without taking them."""
        return self._octets[self._at : self._at + size]

    @property
    def has_line(self) -> bool:
        """Whether a complete line is there."""
        return self._octets.find(b"\n", self._scanned) >= 0

    def __len__(self) -> int:
        return len(self._octets) - self._at
