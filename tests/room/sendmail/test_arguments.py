"""Command lines as programs write them."""

import pytest

from mox.sendmail import Plan, SendmailError, read_arguments


@pytest.mark.parametrize(
    ("line", "plan"),
    [
        ("root", Plan(("root",), reads_recipients=False)),
        ("-i a@x b@x", Plan(("a@x", "b@x"), reads_recipients=False)),
        # What cron says.
        ("-FCronDaemon -i -B8BITMIME -oem -oi -t", Plan((), reads_recipients=True)),
        ("-F CronDaemon -f me@x -t", Plan((), reads_recipients=True)),
        ("-i -- -strange@x", Plan(("-strange@x",), reads_recipients=False)),
        ("-bm -odb a@x", Plan(("a@x",), reads_recipients=False)),
    ],
)
def test_reads(line: str, plan: Plan) -> None:
    assert read_arguments(line.split()) == plan


@pytest.mark.parametrize("line", ["", "-i", "-t a@x", "-f"])
def test_refuses(line: str) -> None:
    with pytest.raises(SendmailError):
        read_arguments(line.split())
