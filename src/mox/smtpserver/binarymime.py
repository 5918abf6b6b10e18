"""BODY=BINARYMIME: a submission as it is kept and sent on, in lines (RFC 3030 §3)."""

import asyncio
import mmap
from collections.abc import Iterator
from contextlib import contextmanager

from mox.smtpserver.ports import Spools
from mox.store import Content, Spool
from moxkit.message import Source, parse, without_binary

__all__ = ["in_lines"]


async def in_lines(spool: Spool, spools: Spools) -> Spool:
    """Return another spool with the message, its binary parts encoded.

    Raises:
        moxkit.message.UnconvertibleError: It cannot be had in lines.
        OSError: The disk fails us.
    """
    content, encoded = await asyncio.to_thread(spool.finish), spools.new()
    try:
        with _source(content) as source:
            # Looking through it takes its time; the pieces themselves are small.
            pieces = await asyncio.to_thread(lambda: without_binary(parse(source), source))
            for piece in pieces:
                encoded.write(piece)
                if encoded.wants_flush:
                    await encoded.flush()
    except BaseException:
        encoded.discard()
        raise
    return encoded


@contextmanager
def _source(content: Content) -> Iterator[Source]:
    if content.octets is not None:
        yield content.octets
        return
    with content.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield mapped
