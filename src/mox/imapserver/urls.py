"""From a URL to the octets it stands for: of the session's own account, or of whoever authorized it.

RFC 5092 for the URLs, RFC 4469 §3 for relative ones, RFC 4467 for those with a token. A token is checked
before a message is looked at, in constant time; why a URL stands for nothing is not told.
"""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass

from mox.imapserver.sections import MessageOctets, cut_section, header_section
from mox.imapserver.session import Session
from mox.store import Account, StoredContent, StoreError, get_mailbox, stored_messages, url_key
from moxkit.imap import (
    ImapUrl,
    ImapUrlError,
    MailboxNameError,
    UrlAccessKind,
    check_mailbox_name,
    parse_imap_url,
)

__all__ = ["INTERNAL", "UrlContent", "UrlRefusedError", "authorized_content", "relative_content", "token_of"]

# The one mechanism (RFC 4467 §3): a keyed hash that only this server can make or check.
INTERNAL = "INTERNAL"


class UrlRefusedError(Exception):
    """A URL stands for nothing here; the text is for the log."""


@dataclass(frozen=True, slots=True)
class UrlContent:
    """Octets that a URL stands for; take all pieces, then `close`."""

    size: int
    pieces: Iterator[bytes]
    octets: MessageOctets

    def close(self) -> None:
        """Let the message's file go."""
        self.octets.close()


def token_of(rump: str, key: bytes) -> str:
    """Return what authorizes a URL."""
    return hmac.new(key, rump.encode("ascii"), hashlib.sha256).hexdigest()


def relative_content(session: Session, text: str) -> UrlContent:
    """Find what a URL of CATENATE means: relative to the session, or authorized.

    Raises:
        UrlRefusedError: It means nothing.
    """
    url = _parsed(text)
    if url.access is not None:
        return _authorized(session, url)
    if url.host is not None:
        # RFC 4469 §3: other servers, and other users, are outside of it.
        raise UrlRefusedError("URL is not relative")
    if url.mailbox is None and session.selected is None:
        raise UrlRefusedError("URL is relative to the selected mailbox, and there is none")
    return _content(session.mail, session.view.mailbox_id if url.mailbox is None else url.mailbox, url)


def authorized_content(session: Session, text: str) -> UrlContent:
    """Find what an authorized URL stands for.

    Raises:
        UrlRefusedError: It is not authorized, not for this session, or stands for nothing.
    """
    return _authorized(session, _parsed(text))


def _parsed(text: str) -> ImapUrl:
    try:
        return parse_imap_url(text)
    except ImapUrlError as error:
        raise UrlRefusedError(error.text) from error


def _authorized(session: Session, url: ImapUrl) -> UrlContent:
    if url.mechanism != INTERNAL or url.user is None or url.mailbox is None:
        raise UrlRefusedError("URL is not authorized")
    if url.expire is not None and url.expire <= session.now():
        raise UrlRefusedError("URL has expired")
    if not _is_for(session, url):
        raise UrlRefusedError("URL is not for this session")
    owner = session.services.account_of(url.user)
    if owner is None:
        raise UrlRefusedError("no such user")
    try:
        account = session.services.store.account(owner)
        mailbox = get_mailbox(account.reader, check_mailbox_name(url.mailbox))
    except (StoreError, MailboxNameError) as error:
        raise UrlRefusedError("no such mailbox") from error
    key = url_key(account.reader, mailbox.id)
    if key is None or not hmac.compare_digest(token_of(url.rump, key), url.token):
        raise UrlRefusedError("token is wrong")
    return _content(account, mailbox.id, url)


def _is_for(session: Session, url: ImapUrl) -> bool:
    """Say whether a URL's access identifier lets this session use it (RFC 4467 §3)."""
    access = url.access
    if access is None or session.account is None:
        return False
    match access.kind:
        case UrlAccessKind.USER:
            return session.services.account_of(access.user) == session.account.name
        case UrlAccessKind.AUTHUSER | UrlAccessKind.ANONYMOUS:
            # All sessions that get here are of somebody who signed in.
            return True
        case UrlAccessKind.SUBMIT:
            # For submission servers on behalf of the user; none of them signs in here.
            return False


def _content(account: Account, mailbox: int | str, url: ImapUrl) -> UrlContent:
    try:
        found = get_mailbox(
            account.reader, check_mailbox_name(mailbox) if isinstance(mailbox, str) else mailbox
        )
    except (StoreError, MailboxNameError) as error:
        raise UrlRefusedError("no such mailbox") from error
    if url.uidvalidity is not None and url.uidvalidity != found.uidvalidity:
        raise UrlRefusedError("UIDVALIDITY is another")
    stored = stored_messages(account, found.id, [url.uid], with_renderings=False)
    live = [content for row, content in stored if row.expunged_at is None]
    if not live:
        raise UrlRefusedError("no such message")
    return _cut(live[0], url)


def _cut(content: StoredContent, url: ImapUrl) -> UrlContent:
    octets = MessageOctets(content)
    try:
        header = header_section(url.section, content, octets)
        if header is not None:
            start, count = url.partial or (0, None)
            header = header[start : None if count is None else start + count]
            return UrlContent(len(header), iter((header,)), octets)
        cut = cut_section(url.section, url.partial, octets)
    except OSError as error:
        octets.close()
        raise UrlRefusedError("message cannot be read") from error
    if cut is None:
        octets.close()
        raise UrlRefusedError("no such part")
    return UrlContent(*cut, octets)
