"""A process of its own: what goes wrong is told, and it ends when it is to."""

import threading
import time

from mox.runtime import ChildProcess


def test_what_went_wrong_is_told() -> None:
    assert "No module named" in ChildProcess("mox.no_such_module", ()).run()
    # Python's own: it counts the lines of nothing, and is done.
    assert ChildProcess("tokenize", ("/dev/null",)).run() == ""


def test_a_stopped_one_does_not_start() -> None:
    process = ChildProcess("mox.no_such_module", ())
    process.stop()
    assert process.run() == ""


def test_it_ends_with_its_standard_input() -> None:
    # It reads until then, and would wait for ever.
    process = ChildProcess("base64", ("-d",))
    ended: list[str] = []
    runs = threading.Thread(target=lambda: ended.append(process.run()))
    runs.start()
    deadline = time.monotonic() + 20
    while process._process is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.stop()
    runs.join(20)
    assert ended == [""]
