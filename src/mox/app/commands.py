"""What the running server does for the command line: all families of commands in one table."""

from collections.abc import Awaitable, Callable
from typing import Any

from mox.app.junktraining import JunkTraining
from mox.app.parts import Parts
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
from mox.moving import Imports
from mox.queue import EntryFilter
from mox.runtime import Shutdown

__all__ = ["make_commands"]


def make_commands(
    parts: Parts, *, shutdown: Shutdown, training: JunkTraining, imports: Imports
) -> dict[str, Callable[[dict[str, Any]], Awaitable[object]]]:
    """Return all commands by name."""
    ground, store, identities, queue = parts.ground, parts.store, parts.identities, parts.queue
    source, clock = ground.source, ground.clock

    def has_filter(name: str) -> bool | None:
        account = source.current.accounts.get(name)
        return None if account is None else account.junk_filter is not None

    async def forget_queued(name: str) -> int:
        dropped = await queue.steering.drop(EntryFilter(account=name))
        await queue.suppressions.remove_account(name)
        return dropped.changed

    return (
        Commands(store=store, levels=ground.levels, shutdown=shutdown).table()
        | IdentityCommands(identities=identities, source=source).table()
        | ConfigCommands(
            source=source, identities=identities, store=store, clock=clock, forget_queued=forget_queued
        ).table()
        | WhyCommands(store=store).table()
        | MovingCommands(imports=imports).table()
        | JunkCommands(
            classifiers=parts.receiving.classifiers,
            has_filter=has_filter,
            account_names=lambda: source.current.accounts,
            call_trainer=training.call,
        ).table()
        | SuppressionCommands(suppressions=queue.suppressions, exists=ground.has_account).table()
        | QueueCommands(queue=queue, clock=clock, transports=ground.static.transports).table()
    )
