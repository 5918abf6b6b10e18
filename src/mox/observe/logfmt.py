"""Log lines: `l=info m="message delivered" pkg=mox.delivery account=mox uid=7 cid=5f3`.

No time stamps: whoever collects standard error (systemd, a container) adds them.
"""

import base64
import logging
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TextIO

from mox.runtime import connection_id

__all__ = ["LogfmtFormatter", "PlainFormatter", "install"]

_NEEDS_QUOTES = re.compile(r"[^!#-<>-\[\]-~]")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LEVELS = {"WARNING": "warn", "CRITICAL": "fatal"}
# A value longer than this is cut: a log is for people.
_LONGEST = 2000


def _quoted(text: str) -> str:
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "…"
    if text and _NEEDS_QUOTES.search(text) is None:
        return text
    return _always_quoted(text)


def _always_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').encode("unicode_escape").decode()
    # unicode_escape doubled what was escaped before.
    return '"' + escaped.replace("\\\\", "\\") + '"'


def _value(name: str, value: Any) -> str:
    if name == "cid" and isinstance(value, int):
        return f"{value:x}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return _quoted("[" + ",".join(map(str, value)) + "]")
    return _quoted(str(value))


def _extras(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    for name, value in vars(record).items():
        if name not in _STANDARD and value is not None:
            yield name, value
    if not hasattr(record, "cid") and (cid := connection_id.get()) is not None:
        yield "cid", cid


class LogfmtFormatter(logging.Formatter):
    """The server's lines; a traceback follows its line, as it is."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        level = _LEVELS.get(record.levelname, record.levelname.lower())
        parts = [f"l={level}", f"m={_always_quoted(record.getMessage())}"]
        if record.exc_info and record.exc_info[1] is not None:
            parts.append(f"err={_quoted(repr(record.exc_info[1]))}")
        parts.append(f"pkg={record.name}")
        parts += [f"{name}={_value(name, value)}" for name, value in _extras(record)]
        line = " ".join(parts)
        if record.exc_info and record.levelno >= logging.ERROR:
            line += "\n" + self.formatException(record.exc_info)
        return line


class PlainFormatter(logging.Formatter):
    """The command line's: `warning: message; key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        line = f"{record.levelname.lower()}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            line += f": {record.exc_info[1]}"
        return "; ".join((line, *(f"{name}={_value(name, value)}" for name, value in _extras(record))))


def install(formatter: logging.Formatter, stream: TextIO = sys.stderr) -> None:
    """Make the root logger write to a stream, and to nothing else."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logging.getLogger().handlers[:] = [handler]
