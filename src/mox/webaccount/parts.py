"""What the account pages work with."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from mox.accounts import Accounts, Identities
from mox.config import AccountConfig, ConfigError, ConfigSource, DynamicConfig, Problem
from mox.filtering import Classifiers
from mox.http import ProblemError
from mox.moving import Imports
from mox.queue import Queue
from mox.runtime import Clock
from mox.store import Store

__all__ = ["AccountParts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountParts:
    """The rooms behind the pages."""

    identities: Identities
    accounts: Accounts
    source: ConfigSource
    store: Store
    queue: Queue
    imports: Imports
    classifiers: Classifiers
    clock: Clock
    version: str

    def settings(self, account: str) -> AccountConfig:
        """Return what the configuration says of an account now."""
        return self.source.current.accounts[account]

    def change(self, account: str, build: Callable[[AccountConfig], AccountConfig]) -> None:
        """Change the configuration of an account; blocking for a few milliseconds.

        Raises:
            ProblemError: The result would not be good; nothing was changed.
        """

        def rebuild(config: DynamicConfig) -> DynamicConfig:
            if account not in config.accounts:
                raise ProblemError(409, "The account is being changed. Try again.")
            return replace(config, accounts={**config.accounts, account: build(config.accounts[account])})

        try:
            self.source.change(rebuild)
        except ConfigError as error:
            # What is wrong elsewhere in the file is not this person's to know.
            own = [_sentence(each) for each in error.problems if each.path[:2] == ("Accounts", account)]
            if own:
                raise ProblemError(422, " ".join(own), code="wrong-value") from error
            raise ProblemError(
                503, "The server's configuration cannot be changed at the moment.", code="configuration"
            ) from error


def _sentence(problem: Problem) -> str:
    """Write a problem of the configuration for somebody who does not see the file."""
    path = problem.path
    subject = next(key for key in reversed(path) if isinstance(key, str))
    if "Rulesets" in path and isinstance(number := path[path.index("Rulesets") + 1], int):
        subject = f"Rule {number + 1}" if subject == "Rulesets" else f"Rule {number + 1}: {subject}"
    return f"{subject} {problem.text}."
