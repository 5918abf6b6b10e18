"""Imports of an account: which there are, and giving one up."""

from dataclasses import dataclass, field
from datetime import datetime

from mox.http import Caller, Operation, Parameter, ProblemError, described
from mox.moving import Import
from mox.webaccount.parts import AccountParts

__all__ = ["Importing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportShown:
    """An import that runs, or ended not much more than a minute ago."""

    token: str = field(metadata=described("Who has it may follow its progress."))
    name: str = field(metadata=described("What was uploaded."))
    size: int = field(metadata=described("Of that, in octets."))
    began_at: datetime
    phase: str = field(metadata=described("reading, threading, filing, done or aborted."))
    messages: int


class Importing:
    """The operations."""

    def __init__(self, parts: AccountParts) -> None:
        self._imports = parts.imports

    def operations(self) -> list[Operation]:
        """Return all of them."""
        return [
            Operation(
                method="GET",
                path="imports",
                summary="List imports that run, or ended a moment ago.",
                call=self.list_imports,
            ),
            Operation(
                method="DELETE",
                path="imports/{token}",
                summary="Abort an import; nothing of it is kept.",
                call=self.abort_import,
                parameters=(Parameter(name="token", doc="Of the import."),),
            ),
        ]

    async def list_imports(self, caller: Caller) -> tuple[ImportShown, ...]:
        """Return what is known of the account's."""
        return tuple(map(_shown, self._imports.of_account(caller.account)))

    async def abort_import(self, caller: Caller, token: str) -> None:
        """Give one up."""
        found = next((each for each in self._imports.of_account(caller.account) if each.token == token), None)
        if found is None:
            raise ProblemError(404, "There is no such import any more.", code="no-such-import")
        if not found.cancel():
            raise ProblemError(409, "The import is finished already.", code="finished")


def _shown(found: Import) -> ImportShown:
    state = found.state
    return ImportShown(
        token=found.token,
        name=found.name,
        size=state.total_octets,
        began_at=found.began_at,
        phase=str(state.phase),
        messages=state.messages,
    )
