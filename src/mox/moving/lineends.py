"""Lines as mail has them, ending in CRLF; files on disk mostly have LF."""

from collections.abc import Iterable, Iterator

__all__ = ["to_crlf", "to_lf"]


def to_crlf(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the octets with a CR before each LF that has none; the last line is ended, too."""
    carried = b""
    last = b"\n"
    for piece in pieces:
        octets = carried + piece
        # The LF of this CR may be in the next piece.
        carried = b"\r" if octets.endswith(b"\r") else b""
        octets = octets[: len(octets) - len(carried)]
        if octets:
            last = octets[-1:]
            yield _fixed(octets)
    if carried:
        last = carried
        yield carried
    if last != b"\n":
        yield b"\r\n"


def _fixed(octets: bytes) -> bytes:
    if b"\r" in octets:
        octets = octets.replace(b"\r\n", b"\n")
    return octets.replace(b"\n", b"\r\n")


def to_lf(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the octets with LF in place of each CRLF."""
    carried = b""
    for piece in pieces:
        octets = carried + piece
        carried = b"\r" if octets.endswith(b"\r") else b""
        octets = octets[: len(octets) - len(carried)]
        if octets:
            yield octets.replace(b"\r\n", b"\n")
    if carried:
        yield carried
