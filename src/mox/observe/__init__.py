"""What the server says of itself: concise logfmt lines, and levels that change at run time.

Rooms use the standard `logging` with data in `extra`; only the server's process installs the handler here.
"""

from mox.observe.levels import LogLevels
from mox.observe.logfmt import LogfmtFormatter, PlainFormatter, install

__all__ = ["LogLevels", "LogfmtFormatter", "PlainFormatter", "install"]
