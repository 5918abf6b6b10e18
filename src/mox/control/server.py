"""The server's side of the control socket."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from mox.control.endpoint import is_token, serve

__all__ = ["CommandRefusedError", "ControlServer"]

logger = logging.getLogger(__name__)

_LONGEST_LINE = 1 << 20

Command = Callable[[dict[str, Any]], Awaitable[object]]


class CommandRefusedError(Exception):
    """A command cannot be done; the text is for whoever asked."""


class ControlServer:
    """Listens, and runs commands by name."""

    def __init__(self, *, data_dir: Path, commands: Mapping[str, Command]) -> None:
        self._data_dir = data_dir
        self._commands = commands
        self._server: asyncio.Server | None = None
        self._token = ""
        self._handlers: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to listen; what an earlier server left behind is replaced."""
        self._server, self._token = await serve(self._data_dir, self._handle, limit=_LONGEST_LINE)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self._handlers.add(task)
            task.add_done_callback(self._handlers.discard)
        # Only `close` cancels it; asyncio would log a handler that ends so as an error.
        with contextlib.suppress(asyncio.CancelledError):
            await self._converse(reader, writer)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, ValueError):
                while line := await reader.readline():
                    answer = await self._answer(line)
                    writer.write(json.dumps(answer).encode() + b"\n")
                    await writer.drain()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, line: bytes) -> dict[str, object]:
        request = _parse(line)
        if request is None:
            return {"error": "malformed request"}
        name, arguments, token = request
        if not is_token(self._token, token):
            return {"error": "wrong token"}
        if (command := self._commands.get(name)) is None:
            return {"error": f"unknown command {name!r}"}
        try:
            return {"result": await command(arguments)}
        except CommandRefusedError as error:
            return {"error": str(error)}
        except Exception:
            logger.exception("control command crashed", extra={"command": name})
            return {"error": "internal error, see the server's log"}

    async def close(self) -> None:
        """Stop listening; end what is connected."""
        if self._server is not None:
            self._server.close()
        for task in self._handlers:
            task.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)


def _parse(line: bytes) -> tuple[str, dict[str, Any], str] | None:
    """Return command, arguments and token; None for what is no request."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(request, dict):
        return None
    name, arguments, token = (request.get(key) for key in ("command", "arguments", "token"))
    if not isinstance(name, str) or not isinstance(arguments, dict) or not isinstance(token, str | None):
        return None
    return name, arguments, token or ""
