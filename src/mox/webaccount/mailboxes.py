"""The account's mailboxes, as far as they are chosen from: what is in them is not for these pages."""

from dataclasses import dataclass, field

from mox.http import Caller, Operation, described
from mox.store import list_mailboxes
from mox.webaccount.parts import AccountParts

__all__ = ["Mailboxes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxShown:
    """A mailbox."""

    name: str
    messages: int = field(metadata=described("That it has now."))


class Mailboxes:
    """The operation."""

    def __init__(self, parts: AccountParts) -> None:
        self._store = parts.store

    def operations(self) -> list[Operation]:
        """Return all of them."""
        return [
            Operation(
                method="GET",
                path="mailboxes",
                summary="List mailboxes, by name.",
                call=self.list_mailboxes,
            )
        ]

    async def list_mailboxes(self, caller: Caller) -> tuple[MailboxShown, ...]:
        """Return what can be exported."""
        found = list_mailboxes(self._store.account(caller.account).reader)
        return tuple(
            MailboxShown(name=each.name, messages=each.total)
            for each in sorted(found, key=lambda each: each.name)
        )
