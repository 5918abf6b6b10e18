"""What the running server does for the command line."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from mox.control.server import CommandRefusedError
from mox.observe import LogLevels
from mox.runtime import Shutdown
from mox.store import Account, AccountUnknownError, ListedMessage, Store, list_messages, read_message

__all__ = ["Commands"]

_MOST_LISTED = 10_000


class Commands:
    """The commands; each takes and returns JSON values."""

    def __init__(
        self,
        *,
        store: Store,
        levels: LogLevels,
        shutdown: Shutdown,
    ) -> None:
        self._store = store
        self._levels = levels
        self._shutdown = shutdown

    def table(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[object]]]:
        """Return all commands by name."""
        return {
            "stop": self.stop,
            "loglevels": self.log_levels,
            "messagelist": self.message_list,
            "messageshow": self.message_show,
            "messagewait": self.message_wait,
        }

    async def stop(self, _arguments: dict[str, Any]) -> object:
        """End the server; the answer is the end of the connection."""
        self._shutdown.ask("stopped by command")
        return None

    async def log_levels(self, arguments: dict[str, Any]) -> object:
        """Set a level, if one is given; return all."""
        if (level := arguments.get("level")) is not None:
            try:
                self._levels.set(
                    str(level), *([str(arguments["package"])] if arguments.get("package") else [])
                )
            except ValueError as error:
                raise CommandRefusedError(str(error)) from error
        return self._levels.all()

    def _account(self, arguments: dict[str, Any]) -> Account:
        name = str(arguments["account"])
        try:
            return self._store.account(name)
        except AccountUnknownError as error:
            raise CommandRefusedError(f"no account {name!r}") from error

    async def message_list(self, arguments: dict[str, Any]) -> object:
        """Return messages that match, newest first."""
        limit = min(int(arguments.get("limit", 50)), _MOST_LISTED)
        found: list[dict[str, object]] = []
        for n, message in enumerate(list_messages(self._account(arguments).reader)):
            if len(found) == limit:
                break
            if _matches(message, arguments):
                found.append(_shown(message))
            if n % 200 == 199:
                await asyncio.sleep(0)  # Others want to be served, too.
        return found

    async def message_show(self, arguments: dict[str, Any]) -> object:
        """Return one message with its octets (as Latin-1 text, which keeps each)."""
        account = self._account(arguments)
        found = read_message(account, int(arguments["id"]))
        if found is None:
            raise CommandRefusedError(f"no message {arguments['id']} in account {account.name!r}")
        message, octets = found
        return _shown(message) | {"octets": octets.decode("latin-1")}

    async def message_wait(self, arguments: dict[str, Any]) -> object:
        """Return the newest message that matches; wait for it if there is none yet."""
        account = self._account(arguments)
        listener = account.switchboard.listen()
        try:
            async with asyncio.timeout(float(arguments.get("timeout", 30))):
                while True:
                    for message in list_messages(account.reader):
                        if _matches(message, arguments):
                            return _shown(message)
                    await listener.wait()
                    listener.take()
                    # All messages are looked at again, so nothing was missed.
                    listener.overflowed = False
        except TimeoutError:
            raise CommandRefusedError("no such message arrived in time") from None
        finally:
            account.switchboard.leave(listener)


def _matches(message: ListedMessage, arguments: dict[str, Any]) -> bool:
    return message.matches(
        to=arguments.get("to") or "",
        from_=arguments.get("from") or "",
        subject=arguments.get("subject") or "",
    )


def _shown(message: ListedMessage) -> dict[str, object]:
    shown = asdict(message)
    shown["from"] = shown.pop("from_")
    return shown
