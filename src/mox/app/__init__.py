"""The composition root: the only place that knows all packages and names concrete classes.

`build` makes a server on a `Ground`: configuration, data, clock. `create_localserve` writes the files of a
developer's server.
What stands here is loaded when it is asked for: the parent that root runs needs little of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mox.app.building import build
    from mox.app.ground import Ground
    from mox.app.localserve import (
        ACCOUNT,
        ADDRESS,
        ADMIN_PASSWORD,
        PASSWORD,
        banner,
        create_localserve,
        default_directory,
    )
    from mox.app.run import run_localserve
    from mox.app.server import Server

__all__ = [
    "ACCOUNT",
    "ADDRESS",
    "ADMIN_PASSWORD",
    "PASSWORD",
    "Ground",
    "Server",
    "banner",
    "build",
    "create_localserve",
    "default_directory",
    "run_localserve",
]

_FILES = {"Server": "server", "Ground": "ground", "build": "building", "run_localserve": "run"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"mox.app.{_FILES.get(name, 'localserve')}"), name)
