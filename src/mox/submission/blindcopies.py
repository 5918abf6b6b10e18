"""Bcc leaves a message before anybody else sees it (RFC 5322 §3.6.3, RFC 6409 §8)."""

from mox.store import Content, Spool, copy_without
from moxkit.message import Headers

__all__ = ["copy_without_bcc"]


async def copy_without_bcc(content: Content, headers: Headers, spool: Spool) -> None:
    """Copy a message without its Bcc fields.

    Args:
        content: The message.
        headers: Its header section, from its start.
        spool: Where the copy goes.

    Raises:
        OSError: There is no room for it.
    """
    spans = [(field.start, field.end) for field in headers if field.name.lower() == "bcc"]
    await copy_without(content, spans, spool)
