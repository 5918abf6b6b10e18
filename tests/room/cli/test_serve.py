"""`mox serve` says what there is instead."""

import sys

from room.cli.commandline import Run


def test_serve_names_localserve(run: Run) -> None:
    done = run("serve")
    assert (done.status, done.out) == (1, "")
    [line] = done.err.splitlines()
    assert line.startswith("mox: ")
    assert "mox localserve" in line
    assert ("Windows" in line) is (sys.platform == "win32")
