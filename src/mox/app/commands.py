"""What the running server does for the command line: all families of commands in one table."""

from collections.abc import Awaitable, Callable
from typing import Any

from mox.accounts import Identities
from mox.app.junktraining import JunkTraining
from mox.config import ConfigSource
from mox.control import (
    Commands,
    ConfigCommands,
    IdentityCommands,
    JunkCommands,
    MovingCommands,
    QueueCommands,
    SuppressionCommands,
    WhyCommands,
)
from mox.filtering import Classifiers
from mox.moving import Imports
from mox.observe import LogLevels
from mox.queue import EntryFilter, Queue
from mox.runtime import Clock, Shutdown
from mox.store import Store

__all__ = ["make_commands"]


def make_commands(
    *,
    source: ConfigSource,
    clock: Clock,
    levels: LogLevels,
    shutdown: Shutdown,
    store: Store,
    identities: Identities,
    queue: Queue,
    classifiers: Classifiers,
    training: JunkTraining,
    imports: Imports,
) -> dict[str, Callable[[dict[str, Any]], Awaitable[object]]]:
    """Return all commands by name."""

    def has_filter(name: str) -> bool | None:
        account = source.current.accounts.get(name)
        return None if account is None else account.junk_filter is not None

    async def forget_queued(name: str) -> int:
        dropped = await queue.steering.drop(EntryFilter(account=name))
        await queue.suppressions.remove_account(name)
        return dropped.changed

    return (
        Commands(store=store, levels=levels, shutdown=shutdown).table()
        | IdentityCommands(identities=identities, source=source).table()
        | ConfigCommands(
            source=source, identities=identities, store=store, clock=clock, forget_queued=forget_queued
        ).table()
        | WhyCommands(store=store).table()
        | MovingCommands(imports=imports).table()
        | JunkCommands(
            classifiers=classifiers,
            has_filter=has_filter,
            account_names=lambda: source.current.accounts,
            call_trainer=training.call,
        ).table()
        | SuppressionCommands(
            suppressions=queue.suppressions, exists=lambda name: name in source.current.accounts
        ).table()
        | QueueCommands(queue=queue, clock=clock, transports=source.current.static.transports).table()
    )
