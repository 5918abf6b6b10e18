"""A connection on standard input and output, as with `openssl s_client`."""

import asyncio
import os
import stat
import sys
import threading

from moxkit.net import LineConn

__all__ = ["pipe", "wants_pipe"]

_READ_OCTETS = 65536
# After the end of the input, for what the server still says.
_LAST_WORDS_S = 10.0


def wants_pipe() -> bool:
    """Say whether somebody is there to talk: a terminal or a pipe, not a file and not nothing."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return sys.stdin.isatty() or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


async def pipe(conn: LineConn) -> None:
    """Pass the input on to a connection and what comes back to the output, until one of them ends.

    Raises:
        ConnectionError: The connection broke.
    """
    queue: asyncio.Queue[bytes] = asyncio.Queue(1)
    reading = threading.Thread(
        target=_read_input, args=(asyncio.get_running_loop(), queue), name="standard input", daemon=True
    )
    reading.start()
    conn.read_timeout = conn.write_timeout = None
    writing = asyncio.ensure_future(_write(conn, queue))
    try:
        while octets := await conn.read():
            sys.stdout.buffer.write(octets)
            sys.stdout.buffer.flush()
    except TimeoutError:
        # Nothing more was said after the end of the input.
        return
    finally:
        writing.cancel()
        conn.close()


async def _write(conn: LineConn, queue: asyncio.Queue[bytes]) -> None:
    while octets := await queue.get():
        conn.write(octets)
        await conn.drain()
    await asyncio.sleep(_LAST_WORDS_S)
    conn.abort()


def _read_input(loop: asyncio.AbstractEventLoop, queue: asyncio.Queue[bytes]) -> None:
    """Read in a thread of its own that nobody waits for: a terminal cannot be asked whether it has a line."""
    try:
        while True:
            octets = os.read(0, _READ_OCTETS)
            asyncio.run_coroutine_threadsafe(queue.put(octets), loop).result()
            if not octets:
                return
    except (RuntimeError, OSError, asyncio.CancelledError):
        # The loop is gone: the server ended it.
        return
