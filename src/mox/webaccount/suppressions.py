"""Addresses that nothing is sent to any more."""

from dataclasses import dataclass, field
from datetime import datetime

from mox.http import Caller, Operation, Parameter, ProblemError, described
from mox.queue import Suppressed
from mox.webaccount.parts import AccountParts
from moxkit.smtp import CommandError, parse_path

__all__ = ["SuppressionList"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address on the list."""

    address: str = field(metadata=described("As it was written when it came onto the list."))
    base_address: str = field(metadata=described("What is compared: without subaddress, dots and case."))
    is_manual: bool = field(metadata=described("A person added it."))
    reason: str
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSuppression:
    """An address for the list."""

    address: str = field(metadata=described("Of anybody, anywhere.", max_length=500, min_length=1))
    reason: str = field(default="", metadata=described("For you.", max_length=500))


class SuppressionList:
    """The operations."""

    def __init__(self, parts: AccountParts) -> None:
        self._list = parts.queue.suppressions

    def operations(self) -> list[Operation]:
        """Return all of them."""
        return [
            Operation(
                method="GET",
                path="suppressions",
                summary="List addresses that nothing is sent to.",
                call=self.list_suppressions,
            ),
            Operation(
                method="POST",
                path="suppressions",
                summary="Send nothing more to an address.",
                call=self.add_suppression,
            ),
            Operation(
                method="DELETE",
                path="suppressions/{address:path}",
                summary="Send to an address again.",
                call=self.remove_suppression,
                parameters=(Parameter(name="address", doc="Any form of it."),),
            ),
        ]

    async def list_suppressions(self, caller: Caller) -> tuple[Suppression, ...]:
        """Return the list."""
        return tuple(map(_shown, self._list.list_(caller.account)))

    async def add_suppression(self, caller: Caller, body: NewSuppression) -> Suppression:
        """Add an address."""
        address = _checked(body.address.strip())
        if self._list.find(caller.account, address) is not None:
            raise ProblemError(409, "The address is on the list already.", code="known", field="address")
        await self._list.add(caller.account, address, body.reason.strip() or "added by you")
        found = self._list.find(caller.account, address)
        if found is None:
            raise ProblemError(409, "The address was removed at once.", code="removed")
        return _shown(found)

    async def remove_suppression(self, caller: Caller, address: str) -> None:
        """Remove an address."""
        if not await self._list.remove(caller.account, address):
            raise ProblemError(404, "The address is not on the list.", code="no-such-address")


def _checked(address: str) -> str:
    try:
        return str(parse_path(address))
    except CommandError as error:
        raise ProblemError(
            422, f"That is not an address: {error.text}.", code="wrong-value", field="address"
        ) from error


def _shown(found: Suppressed) -> Suppression:
    return Suppression(
        address=found.address,
        base_address=found.base_address,
        is_manual=found.is_manual,
        reason=found.reason,
        added_at=found.added_at,
    )
