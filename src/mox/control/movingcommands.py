"""Imports for the command line: begun, asked about until they are over, given up.

An answer is one line, and an import is long: whoever began one asks again and again, and each answer waits
until there is something new. So a terminal that goes away changes nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from mox.control.server import CommandRefusedError
from mox.moving import (
    Import,
    ImportRequest,
    Imports,
    ImportState,
    ImportUnknownError,
    MovingError,
    SourceKind,
)
from mox.store import AccountUnknownError

__all__ = ["MovingCommands"]

_LONGEST_WAIT_S = 15.0


class MovingCommands:
    """The commands; each takes and returns JSON values."""

    def __init__(self, *, imports: Imports) -> None:
        self._imports = imports

    def table(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[object]]]:
        """Return all commands by name."""
        return {"importbegin": self.begin, "importnews": self.news, "importabort": self.abort}

    async def begin(self, arguments: dict[str, Any]) -> object:
        """Begin an import; return its token."""
        try:
            request = ImportRequest(
                account=str(arguments["account"]),
                source=Path(str(arguments["source"])),
                kind=SourceKind(arguments["kind"]),
                mailbox=str(arguments.get("mailbox", "")),
                skip_prefix=str(arguments.get("skip_prefix", "")),
                skip_present=bool(arguments.get("skip_present")),
            )
            return {"token": self._imports.begin(request).token}
        except AccountUnknownError as error:
            raise CommandRefusedError(f"no account {arguments['account']!r}") from error
        except MovingError as error:
            raise CommandRefusedError(str(error)) from error
        except OSError as error:
            text = f"the server cannot read {arguments['source']}: {error.strerror}"
            raise CommandRefusedError(text) from error

    async def news(self, arguments: dict[str, Any]) -> object:
        """Return the state once it is newer than `version`, with problems from `problems_from` on."""
        begun = self._find(arguments)
        version = int(arguments.get("version", -1))
        try:
            async with asyncio.timeout(_LONGEST_WAIT_S):
                state = await begun.wait(version)
        except TimeoutError:
            state = begun.state
        return _shown(state, int(arguments.get("problems_from", 0)))

    async def abort(self, arguments: dict[str, Any]) -> object:
        """Give an import up."""
        if not self._find(arguments).cancel():
            raise CommandRefusedError("import already finished")
        return None

    def _find(self, arguments: dict[str, Any]) -> Import:
        try:
            return self._imports.find(str(arguments.get("token", "")))
        except ImportUnknownError as error:
            raise CommandRefusedError(str(error)) from error


def _shown(state: ImportState, problems_from: int) -> dict[str, object]:
    return {
        "version": state.version,
        "phase": str(state.phase),
        "is_over": state.is_over,
        "messages": state.messages,
        "skipped": state.skipped,
        "counts": dict(state.counts) if state.is_over else {},
        "problems": state.problems[max(0, problems_from) :],
        "problems_left_out": state.problems_left_out,
        "read_octets": state.read_octets,
        "total_octets": state.total_octets,
        "reason": state.reason,
    }
