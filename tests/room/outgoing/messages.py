"""Messages of the queue, for tests of what becomes of them."""

from collections.abc import Mapping
from datetime import UTC, datetime

from mox.queue import QueuedEntry, QueuedMessage, Result

__all__ = ["CONTENT", "QUEUED", "kinds", "message"]

QUEUED = datetime(2026, 6, 1, tzinfo=UTC)
CONTENT = b"Subject: x\r\n\r\nhello\r\n"


def message(
    *recipients: str,
    domain: str = "other.example",
    require_tls: bool | None = None,
    smtputf8: bool = False,
    has_8bit: bool = False,
    attempts: int = 0,
    account: str = "mox",
    sender: str = "me@mox.example",
    transport: str = "",
    id_: int = 1,
) -> QueuedMessage:
    """Return a message whose entries are numbered from 1."""
    return QueuedMessage(
        id=id_,
        account=account,
        reverse_path=sender,
        prefix=b"Received: here\r\n",
        size=40,
        smtputf8=smtputf8,
        has_8bit=has_8bit,
        require_tls=require_tls,
        queued_at=QUEUED,
        domain=domain,
        entries=tuple(
            QueuedEntry(n, each, attempts, QUEUED)
            for n, each in enumerate(recipients or ("you@other.example",), 1)
        ),
        transport=transport,
    )


def kinds(results: Mapping[int, Result]) -> list[tuple[type[Result], str]]:
    """Return what became of the entries, in their order."""
    return [(type(results[id_]), results[id_].enhanced) for id_ in sorted(results)]
