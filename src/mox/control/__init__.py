"""The control socket: how the command line talks to the running server.

One JSON object a line each way: a request names a command and its arguments, the answer holds a result or an
error. A Unix socket in the data directory, protected by the directory's permissions; on Windows a loopback
port with a token in a file.

    result = request(data_dir, "loglevels", {})
"""

from mox.control.client import ControlError, request
from mox.control.commands import Commands
from mox.control.configcommands import ConfigCommands
from mox.control.identitycommands import IdentityCommands
from mox.control.junkcommands import JunkCommands
from mox.control.movingcommands import MovingCommands
from mox.control.queuecommands import QueueCommands
from mox.control.server import ControlServer
from mox.control.suppressioncommands import SuppressionCommands
from mox.control.whycommands import WhyCommands

__all__ = [
    "Commands",
    "ConfigCommands",
    "ControlError",
    "ControlServer",
    "IdentityCommands",
    "JunkCommands",
    "MovingCommands",
    "QueueCommands",
    "SuppressionCommands",
    "WhyCommands",
    "request",
]
