"""Octets on the wire, in the log: three levels below DEBUG and one small class.

At `TRACE` the conversation is shown with credentials as ``***`` and message content as ``...``;
credentials appear only at `TRACEAUTH` and content only at `TRACEDATA`, the lowest level.
"""

import logging
from enum import IntEnum

__all__ = ["TRACE", "TRACEAUTH", "TRACEDATA", "Kind", "WireTrace"]

TRACE = 5
TRACEAUTH = 4
TRACEDATA = 3

logging.addLevelName(TRACE, "TRACE")
logging.addLevelName(TRACEAUTH, "TRACEAUTH")
logging.addLevelName(TRACEDATA, "TRACEDATA")


class Kind(IntEnum):
    """What a stretch of octets is; the value is the level at which it is really shown."""

    PLAIN = TRACE
    AUTH = TRACEAUTH
    DATA = TRACEDATA


_MASK = {Kind.AUTH: "***", Kind.DATA: "..."}


class WireTrace:
    """Logs what one connection receives and sends; costs one level check when switched off."""

    __slots__ = ("_logger",)

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def received(self, octets: bytes, kind: Kind = Kind.PLAIN) -> None:
        """Log octets that came from the peer."""
        if self._logger.isEnabledFor(TRACE):
            self._log("octets received", octets, kind)

    def sent(self, octets: bytes, kind: Kind = Kind.PLAIN) -> None:
        """Log octets that go to the peer."""
        if self._logger.isEnabledFor(TRACE):
            self._log("octets sent", octets, kind)

    def _log(self, phrase: str, octets: bytes, kind: Kind) -> None:
        if self._logger.isEnabledFor(kind):
            # The record carries the level of its secret, so a handler set to TRACE drops it.
            level, shown = int(kind), octets.decode("utf-8", "backslashreplace")
        else:
            level, shown = TRACE, _MASK[kind]
        self._logger.log(level, phrase, extra={"octets": shown, "size_octets": len(octets)})
