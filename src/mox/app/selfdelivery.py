"""Localserve's way out: every message goes to this server's own SMTP port, whatever its recipient.

TLS is used only for messages that ask for it, unverified: it is our own certificate.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mox.config import StaticConfig
from mox.outgoing import read_pieces, result_of
from mox.queue import Delivered, Failed, QueuedEntry, QueuedMessage, Result, Retry
from moxkit.net import client_context
from moxkit.smtp import Body, CommandError, MailFrom, parse_path
from moxkit.smtpclient import SmtpClient, SmtpError

__all__ = ["SelfDelivery"]

logger = logging.getLogger(__name__)

# RFC 8689 §4.2.1: such a message comes back rather than go without.
_REQUIRETLS_MISSING = Failed(550, "5.7.30", "REQUIRETLS is not supported")


class SelfDelivery:
    """Delivers to the first address of the first listener that takes mail."""

    def __init__(self, static: StaticConfig) -> None:
        self._host, self._port = _own_port(static)
        self._hostname = static.hostname
        self._context = client_context()

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        """Deliver to the recipients of one message."""
        results: dict[int, Result] = {}
        try:
            async with await SmtpClient.connect(self._host, self._port, ehlo=self._hostname) as client:
                if message.require_tls:
                    if "STARTTLS" in client.extensions:
                        await client.start_tls(self._context, hostname=self._hostname)
                    if "REQUIRETLS" not in client.extensions:
                        return {entry.id: _REQUIRETLS_MISSING for entry in message.entries}
                for entry in message.entries:
                    # One at a time: the one reply to DATA would mix those that fail on purpose with others.
                    results[entry.id] = await self._send(client, message, entry, content)
        except (OSError, SmtpError) as error:
            # ConnectionError and TimeoutError are OSErrors.
            logger.debug("delivery to ourselves failed", extra={"queueid": message.id, "reason": str(error)})
            trouble = Retry(None, "4.4.1", f"cannot deliver: {error}")
            results |= {entry.id: trouble for entry in message.entries if entry.id not in results}
        return results

    async def _send(
        self, client: SmtpClient, message: QueuedMessage, entry: QueuedEntry, content: Path
    ) -> Result:
        try:
            mail_from = MailFrom(
                parse_path(message.reverse_path) if message.reverse_path else None,
                body=Body.EIGHT_BIT_MIME if message.has_8bit else None,
                size=message.size,
                smtputf8=message.smtputf8,
                requires_tls=message.require_tls is True,
            )
            [reply] = await client.deliver(
                mail_from, [parse_path(entry.recipient)], read_pieces(message.prefix, content)
            )
        except CommandError as error:
            return Failed(None, error.enhanced, f"bad address: {error.text}")
        except SmtpError as error:
            reply = error.reply
        result = result_of(reply, self._hostname)
        return replace(result, is_final=True) if isinstance(result, Delivered) else result


def _own_port(static: StaticConfig) -> tuple[str, int]:
    for listener in static.listeners.values():
        if listener.smtp is not None and listener.smtp.enabled:
            return listener.ips[0], listener.smtp.port
    return "localhost", 1025
