"""What the running server does for the command line about what accounts learned of junk."""

import dataclasses
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from mox.control.server import CommandRefusedError
from mox.filtering import Classifiers

__all__ = ["JunkCommands"]


class JunkCommands:
    """The commands; each takes and returns JSON values."""

    def __init__(
        self,
        *,
        classifiers: Classifiers,
        has_filter: Callable[[str], bool | None],
        account_names: Callable[[], Iterable[str]],
        call_trainer: Callable[[str], None],
    ) -> None:
        """Remember whom to ask.

        Args:
            classifiers: Of all accounts.
            has_filter: Whether an account judges mail by its words; None: there is none of that name.
            account_names: Of all accounts.
            call_trainer: Has an account learn soon.
        """
        self._classifiers = classifiers
        self._has_filter = has_filter
        self._account_names = account_names
        self._call_trainer = call_trainer

    def table(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[object]]]:
        """Return all commands by name."""
        return {"retrain": self.retrain, "retrainprogress": self.progress}

    async def retrain(self, arguments: dict[str, Any]) -> object:
        """Have an account, or all, learn anew from the mail; return their names at once."""
        name = str(arguments.get("account") or "")
        names = [name] if name else [each for each in self._account_names() if self._has_filter(each)]
        for each in names:
            self._check(each)
            await self._classifiers.of(each).learn_anew()
            self._call_trainer(each)
        return names

    async def progress(self, arguments: dict[str, Any]) -> object:
        """Return how far an account's learning is."""
        name = str(arguments["account"])
        self._check(name)
        classifier = self._classifiers.of(name)
        progress = await classifier.progress()
        if progress is None:
            raise CommandRefusedError(f"what account {name!r} learned cannot be read; see the server's log")
        return dataclasses.asdict(progress) | {"is_done": not classifier.is_learning_anew}

    def _check(self, name: str) -> None:
        has_filter = self._has_filter(name)
        if has_filter is None:
            raise CommandRefusedError(f"no account {name!r}")
        if not has_filter:
            raise CommandRefusedError(f"account {name!r} has no JunkFilter in the configuration")
