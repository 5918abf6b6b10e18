"""What the server says of itself: concise logfmt lines, levels that change at run time, numbers.

Rooms use the standard `logging` with data in `extra`; only the server's process installs the handler here.
`Metrics` is made by the composition root, and handed to who counts; it opens no port.
"""

from mox.observe.levels import LogLevels
from mox.observe.logfmt import LogfmtFormatter, PlainFormatter, install
from mox.observe.metrics import AcmeMetrics, HttpMetrics, LogMetrics, Metrics, SmtpMetrics
from mox.observe.together import TOGETHER, place_together

__all__ = [
    "TOGETHER",
    "AcmeMetrics",
    "HttpMetrics",
    "LogLevels",
    "LogMetrics",
    "LogfmtFormatter",
    "Metrics",
    "PlainFormatter",
    "SmtpMetrics",
    "install",
    "place_together",
]
