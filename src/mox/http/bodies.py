"""Bodies of requests, bounded in size and time."""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from mox.http.problems import ProblemError

__all__ = ["body_pieces", "read_body", "read_json"]

# For the next piece of a body; and for all of one that is small.
_PIECE_S, _JSON_S = 30, 60
_JSON_OCTETS = 64 * 1024


async def read_body(request: Request, limit: int) -> bytes:
    """Return a body of a bounded size.

    Raises:
        ProblemError: It is larger, or does not come.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for piece in body_pieces(request):
        body += piece
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


async def body_pieces(request: Request) -> AsyncIterator[bytes]:
    """Yield a body as it comes; whoever takes it bounds its size.

    Raises:
        ProblemError: It does not come, or not to its end.
    """
    pieces = request.stream()
    try:
        while True:
            async with asyncio.timeout(_PIECE_S):
                piece = await anext(pieces)
            yield piece
    except StopAsyncIteration:
        return
    except TimeoutError as error:
        raise ProblemError(408, "The request did not arrive in time.") from error
    except ClientDisconnect as error:
        raise ProblemError(400, "The request ended early.") from error


async def read_json(request: Request) -> object:
    """Return the value of a JSON body.

    Raises:
        ProblemError: It is not JSON, too large, or does not come.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    # Forms of other sites can send text and forms, never this, without asking first.
    if kind != "application/json":
        raise ProblemError(415, "The body must be application/json.")
    try:
        async with asyncio.timeout(_JSON_S):
            body = await read_body(request, _JSON_OCTETS)
        value: object = json.loads(body)
    except TimeoutError as error:
        raise ProblemError(408, "The request did not arrive in time.") from error
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, "The body is not JSON.", code="not-json") from error
    return value


def _too_large(limit: int) -> ProblemError:
    return ProblemError(413, f"The body is larger than {limit} octets.")
