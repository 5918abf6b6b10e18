"""Every async test of this directory runs on asyncio and, where there is one, on uvloop."""

import asyncio
import sys
from collections.abc import Callable, Mapping

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def pytest_asyncio_loop_factories() -> Mapping[str, LoopFactory]:
    factories: dict[str, LoopFactory] = {"asyncio": asyncio.new_event_loop}
    if sys.platform != "win32":
        import uvloop  # noqa: PLC0415 - not to be had on Windows

        factories["uvloop"] = uvloop.new_event_loop
    return factories
