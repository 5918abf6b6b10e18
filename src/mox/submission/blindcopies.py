"""Bcc leaves a message before anybody else sees it (RFC 5322 §3.6.3, RFC 6409 §8)."""

from collections.abc import Iterator

from mox.store import Content, Spool
from moxkit.message import header_fields

__all__ = ["copy_without_bcc"]

_PIECE_OCTETS = 256 << 10


async def copy_without_bcc(content: Content, header: bytes, spool: Spool) -> None:
    """Copy a message without its Bcc fields.

    Args:
        content: The message.
        header: Its header section, with the blank line.
        spool: Where the copy goes.

    Raises:
        OSError: There is no room for it.
    """
    spool.write(header_fields(header, ("Bcc",), negate=True))
    for piece in _from(content, len(header)):
        spool.write(piece)
        if spool.wants_flush:
            await spool.flush()


def _from(content: Content, start: int) -> Iterator[bytes]:
    if content.octets is not None:
        yield content.octets[start:]
        return
    with content.path.open("rb") as file:
        file.seek(start)
        while piece := file.read(_PIECE_OCTETS):
            yield piece
