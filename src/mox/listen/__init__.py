"""Sockets: bound, accepted, wrapped in TLS where the port wants it, handed to a service as a `LineConn`.

Each connection is one owned task with a connection id; whatever happens in it stays in it.
"""

from mox.listen.limits import ConnectionLimits, FailedSignIns, Limiter, Window
from mox.listen.listeners import BindError, Listeners, Port

__all__ = [
    "BindError",
    "ConnectionLimits",
    "FailedSignIns",
    "Limiter",
    "Listeners",
    "Port",
    "Window",
]
