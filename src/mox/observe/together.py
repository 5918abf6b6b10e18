"""Numbers of several processes, added up: each writes its own to a file now and then, one reads all.

Files of processes that are gone go on to count. What cannot be written, on a full disk, is old for a while.
"""

import contextlib
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

__all__ = ["TOGETHER", "Together", "place_together"]

logger = logging.getLogger(__name__)

TOGETHER = "MOX_METRICS"
"""Environment variable with the directory where the processes of a server count."""

_PREFIX = "metrics-"

_Samples = dict[str, float]


def place_together(data_dir: Path) -> Path:
    """Return where the processes of a server that starts now may count together; they make it."""
    return data_dir / "tmp" / f"{_PREFIX}{time.time_ns()}"


class Together(Collector):
    """What this process counted, and what the others wrote that they had."""

    def __init__(self, own: CollectorRegistry, directory: Path) -> None:
        """Make the directory; those of servers that ran before go."""
        self._own = own
        self._directory = directory
        self._file = directory / f"{os.getpid()}.json"
        self._written = b""
        with contextlib.suppress(OSError):  # On a full disk it counts alone.
            directory.mkdir(mode=0o770, parents=True, exist_ok=True)
        for left in directory.parent.glob(f"{_PREFIX}*"):
            if left != directory:
                shutil.rmtree(left, ignore_errors=True)

    def write(self) -> None:
        """Write what this process counted, if there is something new."""
        families = [
            (family.name, family.documentation, family.type, _samples(family))
            for family in self._own.collect()
        ]
        octets = json.dumps(families).encode()
        if octets == self._written:
            return
        new = self._file.with_suffix(".new")
        try:
            new.write_bytes(octets)
            new.replace(self._file)
        except OSError as error:
            logger.debug("numbers not written", extra={"reason": str(error)})
        else:
            self._written = octets

    def collect(self) -> Iterator[Metric]:
        """Yield all families."""
        found: dict[str, tuple[str, str, _Samples]] = {}
        for family in self._own.collect():
            found[family.name] = family.documentation, family.type, _samples(family)
        for name, text, kind, samples in self._others():
            known = found.setdefault(name, (text, kind, {}))[2]
            for key, value in samples.items():
                known[key] = known.get(key, 0.0) + value
        for name, (text, kind, samples) in found.items():
            metric = Metric(name, text, kind)
            for key, value in samples.items():
                sample, labels = json.loads(key)
                metric.add_sample(sample, labels, value)
            yield metric

    def _others(self) -> Iterator[tuple[str, str, str, _Samples]]:
        for file in sorted(self._directory.glob("*.json")):
            if file != self._file:
                try:
                    yield from json.loads(file.read_bytes())
                except (OSError, ValueError) as error:
                    logger.warning("numbers of a worker not read", extra={"path": file, "reason": str(error)})


def _samples(family: Metric) -> _Samples:
    """Return values by name and labels; when a counter was made is of no use in a sum."""
    return {
        json.dumps([each.name, each.labels], sort_keys=True): each.value
        for each in family.samples
        if not each.name.endswith("_created")
    }
