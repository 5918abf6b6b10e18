"""Localserve's way out: every message goes to this server's own SMTP port, whatever its recipient.

TLS is used if it is offered, unverified: it is our own certificate.
"""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

from mox.config import StaticConfig
from mox.queue import Delivered, Failed, QueuedMessage, Result, Retry
from moxkit.net import client_context
from moxkit.smtp import Body, CommandError, MailFrom, Reply, parse_path
from moxkit.smtpclient import SmtpClient, SmtpError

__all__ = ["SelfDelivery"]

logger = logging.getLogger(__name__)

_PIECE_OCTETS = 256 << 10


class SelfDelivery:
    """Delivers to the first address of the first listener that takes mail."""

    def __init__(self, static: StaticConfig) -> None:
        self._host, self._port = _own_port(static)
        self._hostname = static.hostname
        self._context = client_context()

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        """Deliver to the recipients of one message."""
        try:
            replies = await self._send(message, content)
        except SmtpError as error:
            replies = [error.reply] * len(message.entries)
        except (OSError, CommandError) as error:
            # ConnectionError and TimeoutError are OSErrors.
            logger.debug("delivery to ourselves failed", extra={"queueid": message.id, "reason": str(error)})
            trouble = Retry(None, "4.4.1", f"cannot deliver: {error}")
            return {entry.id: trouble for entry in message.entries}
        return {entry.id: _result(reply) for entry, reply in zip(message.entries, replies, strict=True)}

    async def _send(self, message: QueuedMessage, content: Path) -> list[Reply]:
        mail_from = MailFrom(
            parse_path(message.reverse_path) if message.reverse_path else None,
            body=Body.EIGHT_BIT_MIME if message.has_8bit else None,
            size=message.size,
            smtputf8=message.smtputf8,
        )
        recipients = [parse_path(entry.recipient) for entry in message.entries]
        async with await SmtpClient.connect(self._host, self._port, ehlo=self._hostname) as client:
            if message.require_tls and "STARTTLS" in client.extensions:
                await client.start_tls(self._context, hostname=self._hostname)
            return await client.deliver(mail_from, recipients, _pieces(message.prefix, content))


def _own_port(static: StaticConfig) -> tuple[str, int]:
    for listener in static.listeners.values():
        if listener.smtp is not None and listener.smtp.enabled:
            return listener.ips[0], listener.smtp.port
    return "localhost", 1025


def _pieces(prefix: bytes, content: Path) -> Iterator[bytes]:
    yield prefix
    with content.open("rb") as file:
        while piece := file.read(_PIECE_OCTETS):
            yield piece


def _result(reply: Reply) -> Result:
    if reply.is_positive:
        return Delivered(reply.code, reply.enhanced, reply.text)
    kind = Failed if reply.code >= 500 else Retry
    return kind(reply.code, reply.enhanced, reply.text)
