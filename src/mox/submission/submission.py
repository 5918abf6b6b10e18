"""From draft to queue (RFC 6409 §6, §8)."""

import base64
import logging
import secrets
from collections.abc import Callable

from mox.accounts import Accounts
from mox.delivery import received_field
from mox.queue import NewMessage, Queue
from mox.signing import Signer
from mox.store import Content, Store
from mox.submission.draft import Draft, Queued, Refusal, RefusalKind
from moxkit.message import Address, Headers, format_date, from_address

__all__ = ["Submission"]

logger = logging.getLogger(__name__)


class Submission:
    """Takes drafts."""

    def __init__(
        self,
        *,
        store: Store,
        queue: Queue,
        accounts: Accounts,
        signer: Signer,
        is_pedantic: bool = False,
        token: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Remember where things go.

        Args:
            store: Puts the content on stable storage.
            queue: Takes it from there.
            accounts: Knows whose an address is.
            signer: Signs for the author's domain.
            is_pedantic: Refuse what is sloppy but harmless.
            token: Random octets for message ids.
        """
        self._store = store
        self._queue = queue
        self._accounts = accounts
        self._signer = signer
        self._is_pedantic = is_pedantic
        self._token = token

    async def submit(self, draft: Draft) -> Queued | Refusal:
        """Check a draft, complete its header, queue it.

        Raises:
            OSError: It could not be put on stable storage; nothing was queued.
        """
        content, prepared = await self._store.prepare(draft.spool)
        if prepared.header is None:
            return Refusal(RefusalKind.MALFORMED, "header section is too large")
        headers = Headers(prepared.header)
        author = self._check(draft, headers, prepared.header)
        if isinstance(author, Refusal):
            return author
        message_id = headers.text("message-id")
        added = b""
        if not message_id:
            unique = base64.urlsafe_b64encode(self._token(16)).rstrip(b"=").decode()
            message_id = f"<{unique}@{draft.connection.hostname}>"
            added += f"Message-Id: {message_id}\r\n".encode()
        if headers.first("date") is None:
            added += f"Date: {format_date(draft.received_at)}\r\n".encode()
        received = received_field(
            draft.connection,
            received_at=draft.received_at,
            recipients=[recipient.path for recipient in draft.recipients],
            smtputf8=draft.smtputf8,
            requires_tls=draft.require_tls is True,
            is_authenticated=True,
        )
        signatures = await self._signer.sign(content, added, author)
        queue_id = await self._queue.add(
            NewMessage(
                account=draft.account,
                reverse_path=draft.reverse_path,
                recipients=draft.recipients,
                prefix=received + signatures + added,
                smtputf8=draft.smtputf8,
                has_8bit=draft.declared_8bit or _has_8bit(content),
                require_tls=draft.require_tls,
                message_id=message_id,
                subject=(headers.text("subject") or "")[:200],
                ret=draft.ret,
                envid=draft.envid,
                release_at=draft.release_at,
                future_release=draft.future_release,
            ),
            content,
        )
        return Queued(queue_id, message_id)

    def _check(self, draft: Draft, headers: Headers, header: bytes) -> Address | Refusal:
        if not header.endswith((b"\r\n\r\n", b"\n\n")) and header != b"\r\n":
            return Refusal(RefusalKind.MALFORMED, "message has no blank line after its header")
        author = from_address(headers)
        if author is None:
            return Refusal(RefusalKind.MALFORMED, "message must have one From header with one address")
        if not self._accounts.may_send_as(draft.account, author.localpart, author.domain):
            address = f"{author.localpart}@{author.domain}"
            extra = {"account": draft.account, "from": address}
            logger.info("submission refused, address in From is another's", extra=extra)
            return Refusal(RefusalKind.NOT_YOURS, "From address is not of this account")
        if self._is_pedantic and not header.isascii() and not draft.smtputf8:
            return Refusal(RefusalKind.NEEDS_SMTPUTF8, "header has UTF-8, SMTPUTF8 was not given")
        return author


def _has_8bit(content: Content) -> bool:
    # What does not fit in memory is not read again for this; 8BITMIME is understood nearly everywhere.
    return content.octets is None or not content.octets.isascii()
