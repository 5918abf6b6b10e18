"""Copies of messages that leave out some of their octets; files themselves never change."""

from collections.abc import Iterator, Sequence

from mox.store.spool import Content, Spool

__all__ = ["copy_without"]

_PIECE_OCTETS = 256 << 10


async def copy_without(content: Content, spans: Sequence[tuple[int, int]], spool: Spool) -> None:
    """Copy a message without some spans of octets.

    Args:
        content: The message.
        spans: Where each begins, and where it ends; in order, none into the next.
        spool: Where the copy goes.

    Raises:
        OSError: The message cannot be read, or there is no room for the copy.
    """
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), content.size]
    for piece in _pieces(content, zip(ends, starts, strict=True)):
        spool.write(piece)
        if spool.wants_flush:
            await spool.flush()


def _pieces(content: Content, kept: Iterator[tuple[int, int]]) -> Iterator[bytes]:
    if content.octets is not None:
        yield from (content.octets[start:end] for start, end in kept)
        return
    with content.path.open("rb") as file:
        for start, end in kept:
            file.seek(start)
            left = end - start
            while left and (piece := file.read(min(left, _PIECE_OCTETS))):
                left -= len(piece)
                yield piece
