"""The composition root: the only place that knows all packages and names concrete classes.

`build` makes a server from a configuration; `create_localserve` writes the files of a developer's server.
"""

from mox.app.build import build
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
    "Server",
    "banner",
    "build",
    "create_localserve",
    "default_directory",
    "run_localserve",
]
