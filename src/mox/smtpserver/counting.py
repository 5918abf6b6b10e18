"""What is counted of connections: the port to who keeps numbers, and the words of results in them."""

from collections.abc import Iterable
from typing import Protocol

from mox.delivery import Outcome
from mox.submission import Queued, Refusal, RefusalKind
from moxkit.net import TLSError
from moxkit.smtp import (
    Auth,
    AuthResponse,
    BadCommand,
    ChunkEnd,
    Data,
    DataEnd,
    Ehlo,
    Expn,
    Helo,
    Help,
    MailFrom,
    Noop,
    Quit,
    RcptTo,
    Rset,
    StartTls,
    Vrfy,
)

__all__ = [
    "NO_COUNTING",
    "Counting",
    "command_name",
    "delivery_results",
    "handshake_error",
    "submission_result",
]


class Counting(Protocol):
    """Keeps numbers; see `mox.observe.SmtpMetrics`."""

    def connected(self, *, is_submission: bool) -> None:
        """Count a connection."""
        ...

    def answered(
        self, command: str, *, is_submission: bool, code: int, enhanced: str, seconds: float
    ) -> None:
        """Count a command and its reply."""
        ...

    def delivered(self, results: Iterable[tuple[str, str]]) -> None:
        """Count a message, for each recipient the result and the reason."""
        ...

    def submitted(self, result: str) -> None:
        """Count a submitted message."""
        ...

    def handshaken(self, error: str = "") -> None:
        """Count a STARTTLS of another server, with the reason if it failed."""
        ...


class _Nobody:
    """Counts nothing."""

    def connected(self, *, is_submission: bool) -> None:
        """Do nothing."""

    def answered(
        self, command: str, *, is_submission: bool, code: int, enhanced: str, seconds: float
    ) -> None:
        """Do nothing."""

    def delivered(self, results: Iterable[tuple[str, str]]) -> None:
        """Do nothing."""

    def submitted(self, result: str) -> None:
        """Do nothing."""

    def handshaken(self, error: str = "") -> None:
        """Do nothing."""


NO_COUNTING = _Nobody()

_COMMANDS: dict[type[object], str] = {
    Ehlo: "ehlo",
    Helo: "helo",
    MailFrom: "mail",
    RcptTo: "rcpt",
    Data: "data",
    DataEnd: "data",
    ChunkEnd: "bdat",
    Auth: "auth",
    AuthResponse: "auth",
    StartTls: "starttls",
    Rset: "rset",
    Noop: "noop",
    Help: "help",
    Vrfy: "vrfy",
    Expn: "expn",
    Quit: "quit",
    # What clients write is no name of a series.
    BadCommand: "(bad)",
}


def command_name(event: object) -> str:
    """Return the verb of a command; that of DATA for the end of content, too."""
    return _COMMANDS.get(type(event), "(other)")


def delivery_results(outcomes: Iterable[Outcome]) -> list[tuple[str, str]]:
    """Return the result and the reason for each recipient (reference smtp-incoming.md §13)."""
    return [(_delivery_result(outcome), outcome.reason) for outcome in outcomes]


def _delivery_result(outcome: Outcome) -> str:
    if outcome.is_delivered:
        return "delivered"
    if outcome.enhanced == "5.1.1":
        return "unknownuser"
    if outcome.enhanced == "4.2.2" and not outcome.reason:
        return "accounterror"
    if outcome.reason == "high-rate":
        return "highrate"
    # Without a reason nobody judged: a list that is closed to the sender, or our own trouble.
    return "reject" if outcome.reason or outcome.code >= 500 else "delivererror"


_REFUSALS = {
    RefusalKind.MALFORMED: "badmessage",
    RefusalKind.NOT_YOURS: "badfrom",
    RefusalKind.NEEDS_SMTPUTF8: "missingsmtputf8",
    RefusalKind.NEEDS_8BITMIME: "missing8bitmime",
    RefusalKind.TOO_MANY: "recipientlimiterror",
    RefusalKind.SEVERAL_RECIPIENTS: "badfrom",
    RefusalKind.SENDER_TAKEN: "badfrom",
}


def submission_result(result: Queued | Refusal) -> str:
    """Return what became of a submission (reference smtp-incoming.md §13)."""
    return "ok" if isinstance(result, Queued) else _REFUSALS[result.kind]


_HANDSHAKE_ERRORS = (
    ("eof", "eof"),
    ("unsupported protocol", "unsupportedversions"),
    ("version too low", "unsupportedversions"),
    ("wrong version number", "nottls"),
    ("http request", "nottls"),
)


def handshake_error(error: TLSError) -> str:
    """Return a word for why a handshake failed."""
    if error.alert is not None:
        return f"alert-{error.alert}"
    reason = error.reason.lower()
    return next((word for text, word in _HANDSHAKE_ERRORS if text in reason), "other")
