"""Searching, sorting and threading a large mailbox, in process: the index is filled, then asked.

python -m bench.search                      100,000 messages, some minutes
python -m bench.search --messages 10000
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.mail import message
from bench.server import Report

from mox.runtime import SystemClock
from mox.store import (
    Account,
    NewMessage,
    Store,
    add_message,
    get_mailbox,
    live_uids,
    search_messages,
    sort_messages,
    thread_messages,
)
from moxkit.imap import (
    BodyKey,
    FlagKey,
    HeaderKey,
    SearchKey,
    SortCriterion,
    SortKey,
    TextKey,
    ThreadAlgorithm,
)

MESSAGES = 100_000
# One message in a thousand has it.
RARE = "zyzzyva"
_TOGETHER = 500

KEYS: dict[str, SearchKey] = {
    "text_rare": TextKey(RARE),
    "body_rare": BodyKey(f"{RARE} here"),
    "body_nowhere": BodyKey("nothing like it"),
    "subject": HeaderKey("Subject", "measurement 777"),
    "from": HeaderKey("From", "person77@"),
    "subject_in_all": HeaderKey("Subject", "measurement"),
    "body_in_most": BodyKey("ban"),
    "body_short": BodyKey("ba"),
    "unseen": FlagKey("\\Seen", present=False),
}


async def _deposit(store: Store, account: Account, mailbox_id: int, number: int) -> None:
    octets = message(number, 2000 + number % 7 * 1500)
    if number % 1000 == 7:
        octets += f"{RARE} here\r\n".encode()
    spool = store.spools.new()
    try:
        spool.write(octets)
        content, prepared = await store.prepare(spool)
        await account.write(lambda tx: add_message(tx, NewMessage(mailbox_id, content, prepared)))
    finally:
        spool.discard()


async def _timed(function: Callable[[], Awaitable[object]], times: int) -> float:
    """Return the median of seconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        await function()
        spent.append(time.perf_counter() - began)
    return sorted(spent)[times // 2]


async def _measure(directory: Path, total: int, report: Report) -> None:
    with ThreadPoolExecutor(8) as pool:
        clock = SystemClock()
        store = Store(directory=directory, clock=clock, pool=pool)
        account = store.account("mox")
        inbox = get_mailbox(account.reader, "Inbox").id
        for first in range(0, total, _TOGETHER):
            numbers = range(first, min(total, first + _TOGETHER))
            await asyncio.gather(*(_deposit(store, account, inbox, number) for number in numbers))
        plain = await _timed(lambda: search_messages(account, inbox, KEYS["subject"], now=clock.now()), 1)
        report("search_subject_without_index", plain * 1000, "ms")
        began = time.perf_counter()
        while await account.search_index.fill():
            pass
        report("index_per_message", (time.perf_counter() - began) / total * 1e6, "us")
        size = (account.files.root.parent / "search.db").stat().st_size
        report("index_size_per_message", size / total, "octets")
        for name, key in KEYS.items():
            times = 1 if name.startswith("body_in") or name == "body_short" else 5
            took = await _timed(lambda key=key: search_messages(account, inbox, key, now=clock.now()), times)  # type: ignore[misc]  # bound now
            report(f"search_{name}", took * 1000, "ms")
        uids = live_uids(account.reader, inbox)
        for sort_key in (SortKey.SUBJECT, SortKey.DATE, SortKey.DISPLAYFROM):
            by = (SortCriterion(sort_key),)
            took = await _timed(lambda by=by: sort_messages(account, inbox, uids, by), 3)  # type: ignore[misc]  # likewise
            report(f"sort_{sort_key.lower()}", took * 1000, "ms")
        for algorithm in ThreadAlgorithm:
            took = await _timed(lambda by=algorithm: thread_messages(account, inbox, uids, by), 1)  # type: ignore[misc]  # likewise
            report(f"thread_{algorithm.lower()}", took * 1000, "ms")
        await store.close()


def measure_search(report: Report, scale: float, messages: int = 20_000) -> None:
    """Fill a store, then ask it."""
    with tempfile.TemporaryDirectory(prefix="mox-bench-") as directory:
        asyncio.run(_measure(Path(directory), max(1000, round(messages * scale)), report))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=MESSAGES)
    options = parser.parse_args()
    measure_search(
        lambda name, value, unit: print(f"{name:<30} {value:>12,.2f} {unit}", flush=True), 1, options.messages
    )


if __name__ == "__main__":
    main()
