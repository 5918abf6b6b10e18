"""From draft to queue (RFC 6409 §6, §8)."""

import base64
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from mox.accounts import Accounts
from mox.queue import FromIdTakenError, NewMessage, Queue, SendLimitError, SendLimits
from mox.signing import Signer
from mox.store import MOST_HEADER_OCTETS, Content, Store, read_header
from mox.submission.blindcopies import copy_without_bcc
from mox.submission.draft import Draft, Queued, Refusal, RefusalKind
from mox.submission.trace import trace_fields
from mox.submission.uniquesenders import Sending, sendings
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
        limits: Callable[[str], SendLimits | None] = lambda _account: None,
        is_pedantic: bool = False,
        token: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Remember where things go.

        Args:
            store: Puts the content on stable storage.
            queue: Takes it from there.
            accounts: Knows whose an address is.
            signer: Signs for the author's domain.
            limits: Of what an account may send; None: no limits.
            is_pedantic: Refuse what is sloppy but harmless.
            token: Random octets for message ids and unique return paths.
        """
        self._store = store
        self._queue = queue
        self._accounts = accounts
        self._signer = signer
        self._limits = limits
        self._is_pedantic = is_pedantic
        self._token = token

    async def submit(self, draft: Draft) -> Queued | Refusal:
        """Check a draft, complete its header, queue it.

        Raises:
            OSError: It could not be put on stable storage; nothing was queued.
        """
        content, prepared = await self._store.prepare(draft.spool)
        header = prepared.header if prepared.header is not None else read_header(content)
        if header is None:
            return Refusal(RefusalKind.MALFORMED, f"header is larger than {MOST_HEADER_OCTETS} octets")
        headers = Headers(header)
        author = self._check(draft, content, headers)
        if isinstance(author, Refusal):
            return author
        sent = sendings(
            draft.reverse_path,
            draft.recipients,
            separator=self._accounts.unique_sender_separator(
                draft.account, draft.login_address, draft.reverse_path
            ),
            token=self._token,
        )
        if isinstance(sent, Refusal):
            return sent
        if "bcc" not in headers:
            return await self._queue_all(draft, sent, content, headers, author)
        spool = self._store.spools.new()
        try:
            await copy_without_bcc(content, headers, spool)
            content, _ = await self._store.prepare(spool)
            return await self._queue_all(draft, sent, content, headers, author)
        finally:
            spool.discard()

    async def _queue_all(
        self, draft: Draft, sent: Sequence[Sending], content: Content, headers: Headers, author: Address
    ) -> Queued | Refusal:
        message_id, added = self._completion(draft, headers)
        signatures = await self._signer.sign(content, added, author)
        message = NewMessage(
            account=draft.account,
            reverse_path="",
            recipients=(),
            prefix=b"",
            smtputf8=draft.smtputf8,
            has_8bit=draft.declared_8bit or _has_8bit(content),
            require_tls=_requires_tls(draft, headers),
            message_id=message_id,
            subject=(headers.text("subject") or "")[:200],
            ret=draft.ret,
            envid=draft.envid,
            release_at=draft.release_at,
            future_release=draft.future_release,
        )
        messages = [
            replace(
                message,
                reverse_path=each.reverse_path,
                recipients=each.recipients,
                from_id=each.from_id,
                prefix=trace_fields(draft, each) + signatures + added,
            )
            for each in sent
        ]
        try:
            ids = await self._queue.add_all(messages, content, limits=self._limits(draft.account))
        except SendLimitError as error:
            extra = {"account": draft.account, "kind": error.kind, "limit": error.limit}
            logger.warning("submission refused, account has sent too much", extra=extra)
            return Refusal(RefusalKind.TOO_MANY, str(error))
        except FromIdTakenError:
            return Refusal(RefusalKind.SENDER_TAKEN, "the id in the sender is of another message")
        return Queued(tuple(ids), message_id)

    def _completion(self, draft: Draft, headers: Headers) -> tuple[str, bytes]:
        """Return the message id, and the fields that the message lacks."""
        message_id, added = headers.text("message-id") or "", b""
        if not message_id:
            unique = base64.urlsafe_b64encode(self._token(16)).rstrip(b"=").decode()
            message_id = f"<{unique}@{draft.connection.hostname}>"
            added += f"Message-Id: {message_id}\r\n".encode()
        if headers.first("date") is None:
            added += f"Date: {format_date(draft.received_at)}\r\n".encode()
        return message_id, added

    def _check(self, draft: Draft, content: Content, headers: Headers) -> Address | Refusal:
        header = headers.octets
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
        return (self._complaint(draft, content, headers) if self._is_pedantic else None) or author

    def _complaint(self, draft: Draft, content: Content, headers: Headers) -> Refusal | None:
        """Say what is sloppy."""
        if not headers.octets.isascii() and not draft.smtputf8:
            return Refusal(RefusalKind.NEEDS_SMTPUTF8, "header has UTF-8, SMTPUTF8 was not given")
        if content.octets is not None and not content.octets.isascii() and not draft.declared_8bit:
            return Refusal(RefusalKind.NEEDS_8BITMIME, "message has 8-bit text, 8BITMIME was not given")
        if "return-path" in headers:
            return Refusal(RefusalKind.MALFORMED, "Return-Path is added where mail arrives")
        return None


def _requires_tls(draft: Draft, headers: Headers) -> bool | None:
    # RFC 8689 §5: REQUIRETLS has precedence.
    says_no = (headers.text("tls-required") or "").strip().lower() == "no"
    return False if draft.require_tls is None and says_no else draft.require_tls


def _has_8bit(content: Content) -> bool:
    # What does not fit in memory is not read again for this; 8BITMIME is understood nearly everywhere.
    return content.octets is None or not content.octets.isascii()
