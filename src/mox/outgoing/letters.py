"""Messages of the queue as letters for a connection, and what servers say as results of the queue."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mox.queue import Delivered, Failed, QueuedEntry, QueuedMessage, Result, Retry
from moxkit.smtp import Body, CommandError, MailFrom, RcptTo, Reply, parse_path
from moxkit.smtpclient import Letter

__all__ = ["ContentUnreadableError", "make_letter", "read_pieces", "result_of"]

logger = logging.getLogger(__name__)

_PIECE_OCTETS = 256 << 10


class ContentUnreadableError(Exception):
    """A message's own file cannot be read: not a matter of the host it was for."""


def make_letter(
    message: QueuedMessage,
    entries: Sequence[QueuedEntry],
    content: Path,
    *,
    needs_8bit: bool = False,
    pace: Callable[[Iterator[bytes]], Iterator[bytes]] = iter,
) -> Letter | Failed:
    """Return a message as a letter to some of its recipients, or why it can never be one.

    Args:
        message: Of the queue.
        entries: Those of its recipients.
        content: Its file.
        needs_8bit: 8-bit text goes only to servers that say that they take it.
        pace: Passes the octets on, and sees when they begin and end.
    """
    try:
        sender = parse_path(message.reverse_path) if message.reverse_path else None
        recipients = tuple(
            RcptTo(parse_path(entry.recipient), entry.notify, entry.orcpt) for entry in entries
        )
    except CommandError as error:
        return Failed(None, error.enhanced, f"bad address: {error.text}")
    mail_from = MailFrom(
        sender,
        body=Body.EIGHT_BIT_MIME if message.has_8bit else None,
        size=message.size,
        smtputf8=message.smtputf8,
        requires_tls=message.require_tls is True,
        ret=message.ret,
        envid=message.envid,
    )
    return Letter(
        mail_from,
        recipients,
        lambda: pace(_read(message, content)),
        needs_8bit=needs_8bit and message.has_8bit,
    )


def _read(message: QueuedMessage, content: Path) -> Iterator[bytes]:
    try:
        yield from read_pieces(message.prefix, content)
    except OSError as error:
        logger.exception("message cannot be read", extra={"queueid": message.id})
        raise ContentUnreadableError(f"message cannot be read: {error}") from error


def read_pieces(prefix: bytes, content: Path) -> Iterator[bytes]:
    """Yield a message's octets, a bounded piece at a time.

    Raises:
        OSError: Its file cannot be read.
    """
    with content.open("rb") as file:
        piece = prefix + file.read(_PIECE_OCTETS)
        while piece:
            yield piece
            piece = file.read(_PIECE_OCTETS)


def result_of(reply: Reply, host: str, *, passes_on_dsn: bool = False) -> Result:
    """Return what a reply to a recipient, or to the content, means for it."""
    enhanced = reply.enhanced or f"{reply.code // 100}.0.0"
    if reply.is_positive:
        return Delivered(reply.code, enhanced, reply.text, host, passes_on_dsn)
    kind = Failed if reply.code >= 500 else Retry
    return kind(reply.code, enhanced, reply.text, host)
