"""Staging in a process of its own, so that the server's loop and its one lock are left alone.

The job is the first line of its standard input; what it tells are the lines of its standard output. It ends
when its standard input does: so it outlives neither cancelling nor the death of the server.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable

from mox.moving.job import Failed, Job, Told, decode_job, decode_told, encode_told
from mox.moving.stagingrun import stage
from mox.runtime import be_child, python_argv

__all__ = ["Stager", "be_apart", "stage_apart", "stage_in_thread"]

# Runs a job and tells what it hears on the loop; cancelling it ends the work before it returns.
Stager = Callable[[Job, Callable[[Told], None]], Awaitable[None]]

_NICENESS = 5
_LONGEST_LINE = 16 << 20
_MOST_TROUBLE = 4000


async def stage_apart(job: Job, tell: Callable[[Told], None]) -> None:
    """Run a job in a process."""
    process = await asyncio.create_subprocess_exec(
        *python_argv("mox.moving"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
    )
    assert process.stdin is not None  # noqa: S101  it was asked for, likewise the others
    assert process.stdout is not None  # noqa: S101
    assert process.stderr is not None  # noqa: S101
    trouble = asyncio.ensure_future(_last_words(process.stderr))
    try:
        process.stdin.write(job.encode())
        while line := await process.stdout.readline():
            tell(decode_told(line))
        if await process.wait() != 0:
            words = (await trouble).strip().rpartition("\n")[2]
            tell(Failed(f"reading the archive failed: {words or f'exit status {process.returncode}'}"))
    finally:
        process.stdin.close()
        # It stops between two messages; nothing may be removed under its hands.
        await asyncio.shield(process.wait())
        trouble.cancel()


async def _last_words(stream: asyncio.StreamReader) -> str:
    words = b""
    while piece := await stream.read(1 << 16):
        words = (words + piece)[-_MOST_TROUBLE:]
    return words.decode("utf-8", "replace")


async def stage_in_thread(job: Job, tell: Callable[[Told], None]) -> None:
    """Run a job in a thread of this process: for tests, and where there is no server to disturb."""
    loop = asyncio.get_running_loop()
    cancelled = threading.Event()

    def tell_loop(told: Told) -> None:
        loop.call_soon_threadsafe(tell, told)

    running = asyncio.ensure_future(asyncio.to_thread(stage, job, tell_loop, cancelled.is_set))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        cancelled.set()
        await running
        raise


def be_apart() -> None:
    """Be the process."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 1 << 16)
        if not piece:
            return
        line += piece
    cancelled = be_child(_NICENESS)

    def tell(told: Told) -> None:
        sys.stdout.buffer.write(encode_told(told))
        sys.stdout.buffer.flush()

    try:
        stage(decode_job(line), tell, cancelled.is_set)
    except BrokenPipeError:
        # The server is gone.
        os._exit(0)
