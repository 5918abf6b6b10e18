"""Sockets: bound, accepted, wrapped in TLS where the port wants it, handed to a service as a `LineConn`.

Each connection is one owned task with a connection id; whatever happens in it stays in it.
"""

from mox.listen.limits import ConnectionLimits, Limiter, Window, networks_of
from mox.listen.listeners import BindError, Listeners, Port, Serve, bind
from mox.listen.pacing import Pace

__all__ = [
    "BindError",
    "ConnectionLimits",
    "Limiter",
    "Listeners",
    "Pace",
    "Port",
    "Serve",
    "Window",
    "bind",
    "networks_of",
]
