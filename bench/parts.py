"""Parts without a server: how long the processor takes for one message, one command, one login."""

import time
from collections.abc import Callable

from bench.mail import message
from bench.server import Report

from moxkit.imap import NEED_DATA, ServerMachine
from moxkit.message import parse, preview, render_bodystructure, render_envelope


def _per_call(function: Callable[[], object], seconds: float) -> float:
    """Return the best of five rounds, in microseconds a call."""
    best = float("inf")
    for _ in range(5):
        calls, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds / 5:
            function()
            calls += 1
        best = min(best, (time.perf_counter() - began) / calls)
    return best * 1e6


def measure_parts(report: Report, scale: float) -> None:
    """Measure the hot functions."""
    for size in (2 << 10, 50 << 10, 5 << 20):
        content = message(1, size)
        report(f"parse_{size >> 10}k", _per_call(lambda content=content: parse(content), 2 * scale), "us")  # type: ignore[misc]  # bound now
    content = message(1, 2048)
    part = parse(content)
    report("render_envelope", _per_call(lambda: render_envelope(part, content), scale), "us")
    report("render_bodystructure", _per_call(lambda: render_bodystructure(part, content), scale), "us")
    report("preview", _per_call(lambda: preview(part, content), scale), "us")

    def command() -> None:
        machine = ServerMachine()
        machine.receive_data(b"a1 UID FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (FROM TO)])\r\n")
        while machine.next_event() is not NEED_DATA:
            pass

    report("imap_command", _per_call(command, scale), "us")
