"""A server whose every thread is profiled by processor time; says at its end where the time went.

    MOX_PROFILE=file python -m bench.profiled localserve ...

The profiler costs about as much again as what it looks at: only shares mean something.
"""

import cProfile
import io
import os
import pstats
import sys
import threading
import time
from pathlib import Path

from mox.cli.main import main

_SHOWN = 40


def profile_threads() -> list[cProfile.Profile]:
    """Profile this thread and all that begin later; return what will know."""
    profiles = [cProfile.Profile(time.thread_time)]

    def begin(*_: object) -> None:
        sys.setprofile(None)
        profiles.append(cProfile.Profile(time.thread_time))
        profiles[-1].enable()

    threading.setprofile(begin)
    profiles[0].enable()
    return profiles


def write_profile(profiles: list[cProfile.Profile], file: Path) -> None:
    """Write the functions that took most, by own time and with what they call."""
    text = io.StringIO()
    for each in profiles:
        each.create_stats()
    known = [each for each in profiles if each.getstats()]
    loop, everything = pstats.Stats(profiles[0], stream=text), pstats.Stats(*known, stream=text)
    for title, stats, key in (
        ("all threads, own time", everything, "tottime"),
        ("all threads, with what is called", everything, "cumulative"),
        ("the loop's thread, own time", loop, "tottime"),
        ("the loop's thread, with what is called", loop, "cumulative"),
    ):
        text.write(f"== {title}\n")
        stats.strip_dirs().sort_stats(key).print_stats(_SHOWN)
    file.write_text(text.getvalue())


if __name__ == "__main__":
    running = profile_threads()
    try:
        main()
    finally:
        threading.setprofile(None)
        write_profile(running, Path(os.environ["MOX_PROFILE"]))
