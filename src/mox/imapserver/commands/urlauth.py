"""GENURLAUTH, RESETKEY, URLFETCH (RFC 4467): giving away single messages, without a password."""

import asyncio
import logging
import secrets

from mox.imapserver.errors import RefusedError
from mox.imapserver.session import Done, Session
from mox.imapserver.urls import INTERNAL, UrlRefusedError, authorized_content, token_of
from mox.store import Tx, drop_url_keys, ensure_url_key, get_mailbox
from moxkit.imap import (
    ConditionKind,
    GenUrlAuth,
    GenUrlAuthData,
    ImapUrl,
    ImapUrlError,
    ResetKey,
    UrlFetch,
    UrlFetchData,
    check_mailbox_name,
    encode_astring,
    literal_header,
    parse_imap_url,
)

__all__ = ["gen_url_auth", "reset_key", "url_fetch"]

logger = logging.getLogger(__name__)

_URLMECH = f"URLMECH {INTERNAL}".encode()


async def gen_url_auth(session: Session, _tag: str, command: GenUrlAuth) -> Done:
    """Authorize URLs of the session's own messages: all of them, or none."""
    rumps = [_rump(session, text, mechanism) for text, mechanism in command.requests]
    reader = session.mail.reader
    mailbox_ids = [get_mailbox(reader, check_mailbox_name(rump.mailbox or "")).id for rump in rumps]

    def keys(tx: Tx) -> list[bytes]:
        return [ensure_url_key(tx, mailbox_id, secrets.token_bytes) for mailbox_id in mailbox_ids]

    found = await session.mail.write(keys, session)
    urls = [
        f"{rump.text}:{INTERNAL.lower()}:{token_of(rump.text, key)}"
        for rump, key in zip(rumps, found, strict=True)
    ]
    session.write(GenUrlAuthData(tuple(urls)).encode(utf8=session.utf8))
    return Done("authorized")


def _rump(session: Session, text: str, mechanism: str) -> ImapUrl:
    """Check what is to be authorized.

    Raises:
        RefusedError: It is not a whole URL of a message of this account that names who may use it.
    """
    if mechanism != INTERNAL:
        raise RefusedError("INTERNAL is the only mechanism")
    try:
        url = parse_imap_url(text)
    except ImapUrlError as error:
        raise RefusedError(error.text, kind=ConditionKind.BAD) from error
    if url.access is None or url.mechanism is not None or url.host is None or url.mailbox is None:
        raise RefusedError("expected an absolute URL that ends in URLAUTH", kind=ConditionKind.BAD)
    if url.user is None or session.services.account_of(url.user) != session.mail.name:
        raise RefusedError("URL is not of your messages")
    return url


async def reset_key(session: Session, _tag: str, command: ResetKey) -> Done:
    """Revoke what was authorized; the next URL gets a new key."""
    if any(mechanism != INTERNAL for mechanism in command.mechanisms):
        raise RefusedError("INTERNAL is the only mechanism")
    mailbox_id: int | None = None
    if command.mailbox is not None:
        mailbox_id = get_mailbox(session.mail.reader, check_mailbox_name(command.mailbox)).id
    await session.mail.write(lambda tx: drop_url_keys(tx, mailbox_id), session)
    return Done("keys are reset", _URLMECH)


async def url_fetch(session: Session, _tag: str, command: UrlFetch) -> Done:
    """Send what URLs stand for; NIL for what is not to be had, for whatever reason."""
    for text in command.urls:
        await _send(session, text)
        await session.flush()
        await asyncio.sleep(0)
    return Done("fetched")


async def _send(session: Session, text: str) -> None:
    try:
        content = authorized_content(session, text)
    except UrlRefusedError as refused:
        logger.debug("url not fetched", extra={"reason": str(refused)})
        session.write(UrlFetchData(((text, None),)).encode(utf8=session.utf8))
        return
    try:
        label = encode_astring(text, utf8=session.utf8)
        session.write(b"* URLFETCH %b %b" % (label, literal_header(content.size)))
        try:
            for piece in content.pieces:
                session.write(piece)
                await session.flush()
        except OSError as error:
            # A tagged answer would be taken for the rest of the literal.
            raise ConnectionError("message could not be sent to its end") from error
        session.write(b"\r\n")
    finally:
        content.close()
