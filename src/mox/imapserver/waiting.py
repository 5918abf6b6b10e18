"""Waiting for a client that is told the news meanwhile (RFC 2177, RFC 5465 §4)."""

import asyncio
from collections.abc import Awaitable, Callable

from mox.store import Listener

__all__ = ["read_while_telling"]


async def read_while_telling(
    read: Callable[[], Awaitable[bytes]], listener: Listener, tell: Callable[[], Awaitable[None]]
) -> bytes:
    """Return what the client sends; until then, call `tell` whenever the listener hears something.

    Args:
        read: Reads from the client.
        listener: What hears the account's changes; nobody else may wait for it.
        tell: Takes what the listener heard, tells it and sends it.
    """
    reading = asyncio.ensure_future(read())
    hearing = asyncio.ensure_future(listener.wait())
    try:
        while not reading.done():
            await asyncio.wait((reading, hearing), return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                await tell()
                hearing = asyncio.ensure_future(listener.wait())
        return reading.result()
    finally:
        for waiting in (reading, hearing):
            waiting.cancel()
