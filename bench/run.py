"""Measures our own parts and the whole server; prints a JSON line for each figure, then a table.

    python -m bench.run                 everything, on a fresh localserve on free ports
    python -m bench.run --quick         smaller numbers, for a look
    python -m bench.run --only imap     one group: start, smtp, imap, mailbox, idle, signin, parts, auth,
                                        search, queue, junk, receiving, moving, pages, workers

The yardstick beside Postfix + Dovecot is another program (shared bench); this one needs nothing but us.
"""

import argparse
import json
import sys
from collections.abc import Callable

from bench.authentication import measure_authentication
from bench.idle import measure_idle
from bench.imap import measure_imap
from bench.junk import measure_junk
from bench.mailbox import measure_mailbox
from bench.moving import measure_moving
from bench.pages import measure_pages
from bench.parts import measure_parts
from bench.queue import measure_queue
from bench.receiving import measure_receiving
from bench.search import measure_search
from bench.server import LocalServer, measure_start
from bench.signin import measure_signin
from bench.smtp import measure_smtp
from bench.workers import measure_workers

Report = Callable[[str, float, str], None]

# Without a server, or with servers of their own.
PARTS: dict[str, Callable[[Report, float], None]] = {
    "parts": measure_parts,
    "auth": measure_authentication,
    "search": measure_search,
    "queue": measure_queue,
    "moving": measure_moving,
    "junk": measure_junk,
    "receiving": measure_receiving,
    "workers": measure_workers,
}
GROUPS: dict[str, Callable[[LocalServer, Report, float], None]] = {
    "start": measure_start,
    "smtp": measure_smtp,
    "imap": measure_imap,
    "mailbox": measure_mailbox,
    "idle": measure_idle,
    "signin": measure_signin,
    "pages": measure_pages,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=[*PARTS, *GROUPS], help="one group")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    options = parser.parse_args()
    scale = 0.1 if options.quick else 1.0
    figures: list[tuple[str, float, str]] = []

    def report(name: str, value: float, unit: str) -> None:
        figures.append((name, value, unit))
        print(json.dumps({"figure": name, "value": round(value, 4), "unit": unit}), flush=True)

    for name, measure_part in PARTS.items():
        if options.only in (None, name):
            measure_part(report, scale)
    for name, measure in GROUPS.items():
        if options.only in (None, name):
            with LocalServer() as server:
                measure(server, report, scale)
    width = max(len(name) for name, *_ in figures)
    print()
    for name, value, unit in figures:
        print(f"{name:<{width}}  {value:>12,.2f} {unit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
