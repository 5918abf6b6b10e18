"""What the running server does for the command line about addresses that nothing is sent to."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from mox.control.server import CommandRefusedError
from mox.queue import Suppressed, Suppressions
from moxkit.smtp import CommandError, parse_path

__all__ = ["SuppressionCommands"]


class SuppressionCommands:
    """The commands; each takes and returns JSON values."""

    def __init__(self, *, suppressions: Suppressions, exists: Callable[[str], bool]) -> None:
        """Remember whom to ask.

        Args:
            suppressions: The lists.
            exists: Whether there is an account of a name.
        """
        self._suppressions = suppressions
        self._exists = exists

    def table(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[object]]]:
        """Return all commands by name."""
        return {
            "queuesuppresslist": self.list_,
            "queuesuppressadd": self.add,
            "queuesuppressremove": self.remove,
            "queuesuppresslookup": self.lookup,
        }

    async def list_(self, arguments: dict[str, Any]) -> object:
        """Return the list of an account, or all."""
        return [_shown(each) for each in self._suppressions.list_(str(arguments.get("account", "")))]

    async def add(self, arguments: dict[str, Any]) -> object:
        """Send nothing more to an address."""
        account, address = self._account(arguments), _address(arguments)
        await self._suppressions.add(account, address, str(arguments.get("reason") or "added by a person"))
        return self._find(account, address)

    async def remove(self, arguments: dict[str, Any]) -> object:
        """Send to an address again."""
        account, address = self._account(arguments), _address(arguments)
        if not await self._suppressions.remove(account, address):
            raise CommandRefusedError(f"{address} is not on the list of account {account}")
        return {}

    async def lookup(self, arguments: dict[str, Any]) -> object:
        """Return why nothing is sent to an address, for an account or for each that has it."""
        account, address = str(arguments.get("account", "")), _address(arguments)
        accounts = [account] if account else {each.account: None for each in self._suppressions.list_()}
        return [found for name in accounts if (found := self._find(name, address)) is not None]

    def _find(self, account: str, address: str) -> object:
        found = self._suppressions.find(account, address)
        return None if found is None else _shown(found)

    def _account(self, arguments: dict[str, Any]) -> str:
        account = str(arguments.get("account", ""))
        if not self._exists(account):
            raise CommandRefusedError(f"there is no account {account!r}")
        return account


def _address(arguments: dict[str, Any]) -> str:
    address = str(arguments.get("address", ""))
    try:
        return str(parse_path(address))
    except CommandError as error:
        raise CommandRefusedError(f"{address!r} is not an address: {error.text}") from error


def _shown(found: Suppressed) -> dict[str, object]:
    return dataclasses.asdict(found) | {"added_at": found.added_at.isoformat()}
