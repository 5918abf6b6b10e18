"""Octets that came and were not used yet: lines and counted pieces, never copied twice."""

__all__ = ["ReceiveBuffer"]


class ReceiveBuffer:
    """A buffer read from the front.

    Taken octets are skipped by an offset and dropped at the next `add`, and a line end is searched only
    in what is new: any split of the input costs the same.
    """

    __slots__ = ("_buffer", "_offset", "_scanned")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0
        self._scanned = 0

    def __len__(self) -> int:
        """Return the number of octets not taken yet."""
        return len(self._buffer) - self._offset

    def add(self, octets: bytes) -> None:
        """Append octets that came."""
        if self._offset:
            # Removing from the front of a bytearray moves a pointer, not the rest.
            del self._buffer[: self._offset]
            self._scanned -= self._offset
            self._offset = 0
        self._buffer += octets

    def peek(self) -> bytes:
        """Return all octets not taken yet."""
        return bytes(self._buffer[self._offset :])

    def clear(self) -> None:
        """Forget everything."""
        self._buffer.clear()
        self._offset = self._scanned = 0

    def take(self, limit: int) -> bytes:
        """Take up to `limit` octets, as many as are there."""
        stop = min(self._offset + limit, len(self._buffer))
        with memoryview(self._buffer) as view:
            octets = bytes(view[self._offset : stop])
        self._offset = stop
        self._scanned = max(self._scanned, stop)
        return octets

    def skip(self, limit: int) -> int:
        """Drop up to `limit` octets; return how many were there to drop."""
        count = min(limit, len(self))
        self._offset += count
        self._scanned = max(self._scanned, self._offset)
        return count

    def take_line(self, limit: int) -> bytes | None:
        """Take a line and return it without its line end, `None` if it is not complete.

        A bare LF ends a line too: nothing in IMAP has another meaning for it, and people use telnet.

        Raises:
            OverflowError: It is longer than `limit` octets.
        """
        end = self._buffer.find(b"\n", self._scanned)
        if end < 0:
            self._scanned = len(self._buffer)
            if len(self) > limit + 1:
                raise OverflowError
            return None
        line = self.take(end - self._offset)
        self._offset = self._scanned = end + 1
        if line.endswith(b"\r"):
            line = line[:-1]
        if len(line) > limit:
            raise OverflowError
        return line
