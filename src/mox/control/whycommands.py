"""What the running server tells the command line about its decisions: why mail was taken, or was not."""

import dataclasses
import re
from collections.abc import Awaitable, Callable
from typing import Any

from mox.control.server import CommandRefusedError
from mox.store import (
    Account,
    AccountUnknownError,
    Refusal,
    Store,
    decisions_of,
    find_refusal,
    list_refusals,
)

__all__ = ["WhyCommands"]

_USUALLY_LISTED, _MOST_LISTED = 50, 1_000
# A message's number, or a refusal's behind an r.
_ID = re.compile(r"(r?)([0-9]{1,18})")


class WhyCommands:
    """The commands; each takes and returns JSON values."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def table(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[object]]]:
        """Return all commands by name."""
        return {"messagewhy": self.why, "messagerefused": self.refused}

    async def why(self, arguments: dict[str, Any]) -> object:
        """Return the decision about a message, or about a refused one."""
        account, id_ = self._account(arguments), str(arguments.get("id", ""))
        found = _ID.fullmatch(id_)
        if found is None:
            raise CommandRefusedError(f"{id_!r} is not a number, nor one behind an r")
        if found[1]:
            refusal = find_refusal(account.reader, int(found[2]))
            if refusal is None:
                raise CommandRefusedError(f"account {account.name} has no refusal {id_}")
            return _shown(refusal)
        decisions = decisions_of(account.reader, int(found[2]))
        if decisions is None:
            raise CommandRefusedError(f"account {account.name} has no message {id_}")
        return {"id": id_, **dataclasses.asdict(decisions)}

    async def refused(self, arguments: dict[str, Any]) -> object:
        """Return the latest refusals, newest first."""
        limit = min(_MOST_LISTED, max(1, int(arguments.get("limit") or _USUALLY_LISTED)))
        return [_shown(each) for each in list_refusals(self._account(arguments).reader, limit)]

    def _account(self, arguments: dict[str, Any]) -> Account:
        name = str(arguments.get("account", ""))
        try:
            return self._store.account(name)
        except AccountUnknownError as error:
            raise CommandRefusedError(f"there is no account {name!r}") from error


def _shown(refusal: Refusal) -> dict[str, object]:
    shown = dataclasses.asdict(refusal.what)
    shown["steps"] = shown.pop("decisions")
    return {"id": f"r{refusal.id}", "received_at": int(refusal.refused_at.timestamp()), **shown}
