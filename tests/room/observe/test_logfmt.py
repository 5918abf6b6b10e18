"""Log lines: one line each, whatever is in them."""

import io
import logging
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from mox.observe import LogfmtFormatter, LogLevels, PlainFormatter, install
from mox.runtime import connection_id


def line(message: str = "message delivered", level: int = logging.INFO, **extra: object) -> str:
    record = logging.LogRecord("mox.delivery", level, "file.py", 1, message, None, None)
    vars(record).update(extra)
    return LogfmtFormatter().format(record)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("mox", "mox"),
        (7, "7"),
        (True, "true"),
        ("", '""'),
        ("a b", '"a b"'),
        ('say "x"', r'"say \"x\""'),
        ("back\\slash", r'"back\\slash"'),
        ("a=b", '"a=b"'),
        ("line\r\nl=error", r'"line\r\nl=error"'),
        ("é\x00\u2028", r'"\xe9\x00\u2028"'),
        ("\udcff", r'"\udcff"'),
        (b"\xff\x00", "_wA"),
        (datetime(2030, 1, 1, tzinfo=UTC), "2030-01-01T00:00:00+00:00"),
        (("a", 1), "[a,1]"),
        ([], "[]"),
    ],
)
def test_values_are_quoted_where_they_must(value: object, written: str) -> None:
    assert line(x=value) == f'l=info m="message delivered" pkg=mox.delivery x={written}'


def test_nothing_is_said_of_what_is_not_there() -> None:
    assert line(x=None) == 'l=info m="message delivered" pkg=mox.delivery'


def test_the_connection_id_is_written_in_hexadecimal() -> None:
    assert line(cid=0x5F3).endswith(" cid=5f3")
    token = connection_id.set(255)
    try:
        assert line().endswith(" cid=ff")
        assert line(cid=1).endswith(" cid=1")
    finally:
        connection_id.reset(token)


def test_levels_have_their_names_of_the_configuration() -> None:
    assert [line(level=n).split()[0] for n in (10, 20, 30, 40, 50)] == [
        "l=debug",
        "l=info",
        "l=warn",
        "l=error",
        "l=fatal",
    ]


@given(st.text(), st.text(max_size=50))
def test_a_record_is_one_line_in_ascii(value: str, message: str) -> None:
    written = line(message.replace("%", "%%"), x=value)
    assert written.isascii()
    assert written.isprintable()


def test_long_values_are_cut() -> None:
    assert len(line(x="y" * 10_000)) < 2100


def test_a_crash_brings_its_traceback() -> None:
    try:
        raise LookupError("a b")
    except LookupError:
        for level, lines in ((logging.ERROR, 5), (logging.INFO, 1)):
            record = logging.LogRecord("mox", level, "f", 1, "it crashed", None, sys.exc_info())
            written = LogfmtFormatter().format(record)
            assert written.splitlines()[0].startswith(f'l={record.levelname.lower()} m="it crashed" err=')
            assert len(written.splitlines()) == lines
            assert ("Traceback" in written) is (lines > 1)


def test_the_command_line_gets_plain_words() -> None:
    record = logging.LogRecord("mox", logging.WARNING, "f", 1, "file is old", None, None)
    vars(record)["path"] = "x y"
    assert PlainFormatter().format(record) == 'warning: file is old; path="x y"'


def test_levels_change_while_running() -> None:
    root, package = logging.getLogger(), logging.getLogger("mox.observetest")
    before, handlers = root.level, root.handlers[:]
    try:
        stream = io.StringIO()
        install(LogfmtFormatter(), stream)
        levels = LogLevels("error", {"mox.observetest": "debug"})
        package.debug("shown")
        levels.set("", "mox.observetest")
        package.info("hidden")
        levels.set("info")
        package.info("shown again")
        assert [text.split('"')[1] for text in stream.getvalue().splitlines()] == ["shown", "shown again"]
        assert levels.all() == {"(default)": "info"}
        for bad in ("loud", ""):
            with pytest.raises(ValueError, match="invalid log level"):
                levels.set(bad)
    finally:
        root.setLevel(before)
        root.handlers[:] = handlers
