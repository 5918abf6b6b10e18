"""Where the control socket is: the one place that knows how platforms differ here."""

import asyncio
import hmac
import json
import os
import secrets
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from mox.runtime import remove_file, write_file_durably

__all__ = ["HAS_UNIX_SOCKETS", "connect", "is_token", "serve"]

HAS_UNIX_SOCKETS = sys.platform != "win32"
_SOCKET_NAME = "ctl"
_PLACE_NAME = "ctl.json"
# sun_path holds 108 octets on Linux, fewer elsewhere.
_LONGEST_PATH = 100

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _uses_unix_socket(data_dir: Path, *, wants_unix: bool) -> bool:
    return wants_unix and len(os.fsencode(data_dir / _SOCKET_NAME)) <= _LONGEST_PATH


async def serve(
    data_dir: Path, handler: Handler, *, limit: int, wants_unix: bool = HAS_UNIX_SOCKETS
) -> tuple[asyncio.Server, str]:
    """Listen; return the server, and the token clients must show (empty: none)."""
    if sys.platform != "win32" and _uses_unix_socket(data_dir, wants_unix=wants_unix):
        path = data_dir / _SOCKET_NAME
        remove_file(path)
        server = await asyncio.start_unix_server(handler, path, limit=limit)
        path.chmod(0o660)
        return server, ""
    server = await asyncio.start_server(handler, "127.0.0.1", 0, limit=limit)
    token = secrets.token_urlsafe(32)
    port = server.sockets[0].getsockname()[1]
    write_file_durably(data_dir / _PLACE_NAME, json.dumps({"port": port, "token": token}).encode(), 0o600)
    return server, token


def connect(data_dir: Path, *, wants_unix: bool = HAS_UNIX_SOCKETS) -> tuple[socket.socket, str]:
    """Connect, blocking; return the socket and the token to show.

    Raises:
        OSError: Nobody listens.
    """
    if sys.platform != "win32" and _uses_unix_socket(data_dir, wants_unix=wants_unix):
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.connect(os.fspath(data_dir / _SOCKET_NAME))
        except OSError:
            connected.close()
            raise
        return connected, ""
    place = json.loads((data_dir / _PLACE_NAME).read_bytes())
    return socket.create_connection(("127.0.0.1", place["port"]), 10), place["token"]


def is_token(expected: str, given: str) -> bool:
    """Compare tokens in constant time."""
    # JSON may hold lone surrogates.
    return hmac.compare_digest(expected.encode(), given.encode(errors="replace"))
