"""What the processes of a server tell each other, besides what rooms tell by themselves."""

import json

from mox.app.parts import Parts

__all__ = ["exchange_notices"]


def exchange_notices(parts: Parts) -> None:
    """Have notices of other processes heard, and those sent that nothing else sends."""
    ground = parts.ground
    notices, source, levels = ground.notices, ground.source, ground.levels
    notices.on("account", parts.store.heard)
    notices.on("config", lambda _: source.look_soon())
    source.on_change = lambda: notices.tell("config")
    if not ground.worker.is_first:
        notices.on("level", lambda text: levels.set(*json.loads(text)))
        return

    def tell_level(level: str, package: str) -> None:
        notices.tell("level", json.dumps([level, package]))

    def tell_levels(_: str) -> None:
        for package, level in levels.all().items():
            tell_level(level, package)

    notices.on("queue", lambda _: parts.queue.wake())
    # One that came later knows only what is configured.
    notices.on("started", tell_levels)
    levels.listen(tell_level)
