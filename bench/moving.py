"""Moving in and out: an mbox file and an archive of Maildirs become an account's mail, and an archive again.

python -m bench.moving                        100,000 messages, 2 GB; some minutes
python -m bench.moving --messages 500000 --size 20000
"""

import argparse
import asyncio
import io
import os
import resource
import sys
import tarfile
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

from bench.mail import message
from bench.server import Report

from mox.config import JunkFilter, compile_pattern
from mox.filtering import Classifiers
from mox.moving import (
    Exporter,
    ExportFormat,
    ExportRequest,
    Import,
    ImportRequest,
    Imports,
    Packing,
    Phase,
    pack,
)
from mox.runtime import SystemClock
from mox.store import JunkFlagRules, Store

MESSAGES, SIZE = 100_000, 20_000
_BODIES = 50
_FILTER = JunkFilter(
    threshold=0.95, onegrams=True, max_power=0.01, top_words=10, ignore_words=0.1, rare_words=2
)
_POLL_S = 0.05


def messages(number: int, size: int) -> Iterator[bytes]:
    """Yield messages with LF; no two have the same Message-ID, one in four answers another."""
    bodies = [message(n, size).replace(b"\r\n", b"\n") for n in range(_BODIES)]
    for n in range(number):
        body = bodies[n % _BODIES].replace(b"Message-ID: <", b"Message-ID: <%d." % n)
        yield (
            body
            if n % 4
            else b"References: <%d.%d.%d@bench.example>\n" % (n - 1, (n - 1) % _BODIES, size) + body
        )


def write_mbox(path: Path, number: int, size: int) -> None:
    with path.open("wb") as file:
        for n, each in enumerate(messages(number, size)):
            status = b"Status: RO\n" if n % 3 else b""
            file.write(
                b"From x@bench.example Mon Nov 23 10:%02d:00 2026\n" % (n % 60) + status + each + b"\n"
            )


def write_tgz(path: Path, number: int, size: int) -> None:
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for n, each in enumerate(messages(number, size)):
            member = tarfile.TarInfo(f"box{n % 7}/cur/{1_700_000_000 + n}.{n}.bench:2,{'S' if n % 3 else ''}")
            member.size = len(each)
            archive.addfile(member, io.BytesIO(each))
            # It would remember them.
            archive.members = []  # type: ignore[attr-defined]  # the stubs do not know it


def stager_rss_octets() -> int:
    """Return what the process that stages has in memory; 0 if there is none."""
    me = os.getpid()
    with suppress(OSError):
        for child in Path(f"/proc/{me}/task/{me}/children").read_text().split():
            if b"mox.moving" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(Path(f"/proc/{child}/statm").read_text().split()[1]) * resource.getpagesize()
    return 0


async def watch(begun: Import, number: int) -> tuple[float, float, float, int, int]:
    """Return when all was staged, when it was over, the loop's longest delay, memory at 10 % and at most."""
    began, staged_at, lag, early, most = time.perf_counter(), 0.0, 0.0, 0, 0
    while not (state := begun.state).is_over:
        if state.phase is Phase.FILING and not staged_at:
            staged_at = time.perf_counter()
        now = stager_rss_octets()
        most = max(most, now)
        if not early and state.messages >= number // 10:
            early = now
        asleep = time.perf_counter()
        await asyncio.sleep(_POLL_S)
        lag = max(lag, time.perf_counter() - asleep - _POLL_S)
    if state.phase is not Phase.DONE or state.messages != number:
        raise RuntimeError(f"import failed: {state.reason}, {state.messages} messages")
    return staged_at - began, time.perf_counter() - began, lag, early, most


async def follow_up(store: Store, name: str) -> tuple[float, float]:
    """Do what follows an import, side by side as the server does; return when each was done."""
    classifiers = Classifiers(store=store, settings=lambda _name: _FILTER)
    began, account = time.perf_counter(), store.account(name)

    async def until_done(work: Callable[[], Awaitable[bool]]) -> float:
        while await work():
            pass
        return time.perf_counter() - began

    learned, searchable = await asyncio.gather(
        until_done(classifiers.of(name).learn_apart), until_done(account.search_index.fill_apart)
    )
    await classifiers.close()
    return learned, searchable


async def measure(directory: Path, number: int, size: int, report: Report) -> None:
    with ThreadPoolExecutor(8) as pool:
        # The filter learns from each message.
        rules = JunkFlagRules(junk=None, neutral=None, notjunk=compile_pattern(".*"))
        store = Store(
            directory=directory / "data",
            clock=SystemClock(),
            pool=pool,
            junk_flag_rules=lambda _name: rules,
        )
        imports = Imports(store=store, clock=SystemClock())
        own_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        for name, write in (("mbox", write_mbox), ("tgz", write_tgz)):
            source = directory / f"x.{name}"
            write(source, number, size)
            begun = imports.begin(ImportRequest(name, source))
            staged_s, all_s, lag, early, most = await watch(begun, number)
            report(f"import_{name}_until_commit", number / staged_s, "messages/s")
            report(f"import_{name}", number / all_s, "messages/s")
            report(f"import_{name}_filing", all_s - staged_s, "s")
            report(f"import_{name}_longest_loop_delay", lag * 1000, "ms")
            report(f"import_{name}_memory_at_10_percent", early / 2**20, "MiB")
            report(f"import_{name}_memory_at_most", most / 2**20, "MiB")
            source.unlink()
            learned_s, searchable_s = await follow_up(store, name)
            report(f"import_{name}_until_learned", number / (all_s + learned_s), "messages/s")
            report(f"import_{name}_until_searchable", number / (all_s + searchable_s), "messages/s")
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - own_before
        report("import_memory_of_server_grew", own / 2**20, "MiB")
        for form in ExportFormat:
            measure_export(directory / "data" / "accounts" / "mbox", form, number, report)
        await imports.close()
        await store.close()


def measure_export(account: Path, form: ExportFormat, number: int, report: Report) -> None:
    began = time.perf_counter()
    with closing(Exporter(account=account, request=ExportRequest(form), now=0)) as exporter:
        for _ in pack(exporter.files(), Packing.TAR):
            pass
    report(f"export_{form}_tar", number / (time.perf_counter() - began), "messages/s")


def measure_moving(report: Report, scale: float, number: int = MESSAGES, size: int = SIZE) -> None:
    """Move in twice, and out twice."""
    with tempfile.TemporaryDirectory(prefix="mox-bench-") as directory:
        asyncio.run(measure(Path(directory), max(1000, round(number * scale)), size, report))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--size", type=int, default=SIZE)
    options = parser.parse_args()
    measure_moving(lambda *figure: print(*figure, flush=True), 1.0, options.messages, options.size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
