"""Numbers for Prometheus, under the names that operators know (reference operations.md §1).

One `Metrics` belongs to one server: nothing is kept at module level, two servers in a process count apart.
Labels come from closed sets, or from a bounded number of values: nobody outside makes new series at will.
"""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from mox.observe.together import TOGETHER, Together
from mox.runtime import Clock

__all__ = ["AcmeMetrics", "HttpMetrics", "LogMetrics", "Metrics", "SmtpMetrics"]

_SHARE_EVERY_S = 5.0
# Of commands; DATA waits for disks, DNS and tarpits.
_COMMAND_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 30, 60, 120)
# Series with labels that others have a say in.
_MOST_SERIES = 1_000


class Metrics:
    """All numbers of one server.

    Attributes:
        smtp: Of the SMTP server.
        acme: Of certificates.
        http: Of web sites.
        log: Of lines of the log; a handler for `logging`.
    """

    def __init__(self) -> None:
        """Begin to count; where `TOGETHER` says, if several processes count together."""
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        GCCollector(registry=self._process)
        self._registry = CollectorRegistry()
        self.smtp = SmtpMetrics(self._registry)
        self.acme = AcmeMetrics(self._registry)
        self.http = HttpMetrics(self._registry)
        self.log = LogMetrics(self._registry)
        place = os.environ.get(TOGETHER)
        self._together = Together(self._registry, Path(place)) if place else None

    def text(self) -> bytes:
        """Return all numbers in the text format of Prometheus; those of other processes are added."""
        counted = self._registry
        if self._together is not None:
            counted = CollectorRegistry()
            counted.register(self._together)
        return generate_latest(self._process) + generate_latest(counted)

    async def share(self, clock: Clock) -> None:
        """Write for another process what is counted here, now and then, for ever."""
        while self._together is not None:
            await clock.sleep(_SHARE_EVERY_S)
            self._together.write()


class SmtpMetrics:
    """Numbers of the SMTP server (reference smtp-incoming.md §13)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._connections = Counter(
            "mox_smtpserver_connection",
            "Connections, by whom they serve.",
            ["kind"],
            registry=registry,
        )
        self._commands = Histogram(
            "mox_smtpserver_command_duration_seconds",
            "Time from a command to its reply.",
            ["kind", "cmd", "code", "ecode"],
            buckets=_COMMAND_BUCKETS,
            registry=registry,
        )
        self._deliveries = Counter(
            "mox_smtpserver_delivery",
            "Messages for recipients of this server, by what became of them.",
            ["result", "reason"],
            registry=registry,
        )
        self._submissions = Counter(
            "mox_smtpserver_submission", "Submitted messages.", ["result"], registry=registry
        )
        self._starttls = Counter(
            "mox_smtpserver_delivery_starttls", "STARTTLS by other servers.", registry=registry
        )
        self._starttls_errors = Counter(
            "mox_smtpserver_delivery_starttls_errors",
            "STARTTLS by other servers that failed.",
            ["reason"],
            registry=registry,
        )
        self._seen: set[tuple[str, ...]] = set()

    def connected(self, *, is_submission: bool) -> None:
        """Count a connection."""
        self._connections.labels("submit" if is_submission else "deliver").inc()

    def answered(
        self, command: str, *, is_submission: bool, code: int, enhanced: str, seconds: float
    ) -> None:
        """Count a command.

        Args:
            command: In lower case, as of RFC 5321 §4.1.1.
            is_submission: Clients sign in.
            code: Of the reply; with the enhanced one, if it has that.
            enhanced: Enhanced status code (RFC 3463).
            seconds: Until the reply was made.
        """
        kind = "submission" if is_submission else "smtp"
        labels = self._bounded(kind, command, str(code), enhanced)
        self._commands.labels(*labels).observe(seconds)

    def delivered(self, results: Iterable[tuple[str, str]]) -> None:
        """Count a message, for each recipient the result and the reason."""
        for result, reason in results:
            self._deliveries.labels(*self._bounded(result, reason)).inc()

    def submitted(self, result: str) -> None:
        """Count a submitted message."""
        self._submissions.labels(*self._bounded(result)).inc()

    def handshaken(self, error: str = "") -> None:
        """Count a STARTTLS of another server, with the reason if it failed."""
        self._starttls.inc()
        if error:
            self._starttls_errors.labels(*self._bounded(error)).inc()

    def _bounded(self, *labels: str) -> tuple[str, ...]:
        """Return labels as they are, or others that stand for the rest when there are too many."""
        if labels not in self._seen:
            if len(self._seen) >= _MOST_SERIES:
                return ("other",) * len(labels)
            self._seen.add(labels)
        return labels


class AcmeMetrics:
    """Numbers of certificates that are asked for by ACME (reference operations.md §1)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, text: str) -> Counter:
            return Counter(f"mox_autotls_{name}", text, registry=registry)

        self._missing = counter("missing_servername", "TLS connections without a server name.")
        self._unknown = counter("unknown_servername", "TLS connections for names that are not ours.")
        self._errors = counter("cert_request_errors", "Certificates that were asked for in vain.")
        self._stored = counter("certput", "Certificates that were issued and kept.")

    def missing_name(self) -> None:
        """Count a connection without a server name."""
        self._missing.inc()

    def unknown_name(self) -> None:
        """Count a connection for a name that is not ours."""
        self._unknown.inc()

    def failed(self) -> None:
        """Count a certificate that was not issued."""
        self._errors.inc()

    def stored(self) -> None:
        """Count a certificate that was issued."""
        self._stored.inc()


class HttpMetrics:
    """Numbers of web sites (reference http.md §3)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["handler", "proto", "method", "code"]

        def histogram(name: str, text: str) -> Histogram:
            return Histogram(
                f"mox_httpserver_{name}_duration_seconds",
                text,
                labels,
                buckets=_COMMAND_BUCKETS,
                registry=registry,
            )

        self._began = histogram("request", "Time until an answer began.")
        self._done = histogram("response", "Time until an answer was complete.")

    def answered(
        self, *, handler: str, proto: str, method: str, status: int, began_s: float, done_s: float
    ) -> None:
        """Count a request; see `mox.http.Counting`."""
        labels = (handler, proto, method, str(status))
        self._began.labels(*labels).observe(began_s)
        self._done.labels(*labels).observe(done_s)


class LogMetrics(logging.Handler):
    """Numbers of lines of the log, and of what crashed: what nobody expected is logged with its traceback."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(logging.INFO)
        self._lines = {
            name: Counter(f"mox_logging_level_{name}", f"Lines of the log, {name}.", registry=registry)
            for name in ("info", "warn", "error")
        }
        self._panics = Counter(
            "mox_panic", "Crashes that were survived, by package.", ["pkg"], registry=registry
        )
        self._seen: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Count a line."""
        is_error = record.levelno >= logging.ERROR
        name = "error" if is_error else "warn" if record.levelno >= logging.WARNING else "info"
        self._lines[name].inc()
        if is_error and record.exc_info:
            package = ".".join(record.name.split(".")[:2])
            if package not in self._seen and len(self._seen) >= _MOST_SERIES:
                package = "other"
            self._seen.add(package)
            self._panics.labels(package).inc()
