"""One message over a connection: who writes to whom, the content, the server's word on each recipient.

With PIPELINING the envelope and DATA are one group, so that a message costs two waits (RFC 2920 §3.1).
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence

from moxkit.smtp import Reply, stuff_dots
from moxkit.smtpclient.conversation import Conversation
from moxkit.smtpclient.errors import NotBegunError, SmtpError
from moxkit.wiretrace import Kind

__all__ = ["Content", "transact"]

Content = Iterable[bytes] | AsyncIterable[bytes]
"""Pieces of a message, with lines ending in CRLF, ending with a line end."""

_DATA = b"DATA\r\n"
_RESET = b"RSET\r\n"
_GO_AHEAD = 354
# Small messages are one write, large ones never in memory.
_GATHER_OCTETS = 64 << 10
_CLOSING = 421


async def transact(
    conversation: Conversation,
    mail_from: bytes,
    recipients: Sequence[bytes],
    content: Content,
    *,
    pipelines: bool,
) -> list[Reply]:
    """Send one message; return what the server said for each recipient, in their order.

    Args:
        conversation: On a connection that has said EHLO.
        mail_from: The command.
        recipients: Their commands, at least one.
        content: The message.
        pipelines: The server offers PIPELINING.

    Raises:
        SmtpError: The sender was refused: no recipient was tried.
        NotBegunError: The connection broke before the server answered to the sender.
        ConnectionError, TimeoutError: The connection broke later.
    """
    offer = _offer_at_once if pipelines else _offer_in_turn
    sender, replies, data = await offer(conversation, mail_from, recipients)
    is_accepted = sender.is_positive and any(reply.is_positive for reply in replies)
    is_going = data is not None and data.code == _GO_AHEAD
    if is_accepted and data is not None:
        if is_going:
            data = await _send(conversation, content)
        elif data.is_positive:
            # Taken for an answer to the message, which was never sent, it would be lost.
            conversation.is_over = True
            raise ConnectionError(f"the server does not speak SMTP: {data.code} to DATA")
        conversation.needs_reset = not is_going
        return [data if accepted.is_positive else accepted for accepted in replies]
    conversation.needs_reset = True
    if is_going:
        await _send_nothing(conversation)
    if not sender.is_positive:
        raise SmtpError("MAIL", sender)
    return replies


async def _offer_at_once(
    conversation: Conversation, mail_from: bytes, recipients: Sequence[bytes]
) -> tuple[Reply, list[Reply], Reply | None]:
    """Say who writes to whom, and DATA, in one group; nothing waits for room, so that neither side blocks."""
    reset = _RESET if conversation.needs_reset else b""
    conversation.write(reset + mail_from + b"".join(recipients) + _DATA)
    sender = await _first_reply(conversation)
    replies: list[Reply] = []
    try:
        while len(replies) <= len(recipients):
            replies.append(await conversation.reply())
    except (ConnectionError, TimeoutError):
        if (told := _told(sender, replies, len(recipients))) is None:
            raise
        return sender, told, None
    *answers, data = replies
    return sender, answers, data


async def _offer_in_turn(
    conversation: Conversation, mail_from: bytes, recipients: Sequence[bytes]
) -> tuple[Reply, list[Reply], Reply | None]:
    if conversation.needs_reset:
        conversation.write(_RESET)
    else:
        conversation.write(mail_from)
    sender = await _first_reply(conversation, then=mail_from)
    replies: list[Reply] = []
    if not sender.is_positive:
        return sender, replies, None
    try:
        for line in recipients:
            replies.append(await conversation.command(line))  # noqa: PERF401  what came before a break counts
        if not any(reply.is_positive for reply in replies):
            return sender, replies, None
        return sender, replies, await conversation.command(_DATA)
    except (ConnectionError, TimeoutError):
        if (told := _told(sender, replies, len(recipients))) is None:
            raise
        return sender, told, None


async def _first_reply(conversation: Conversation, then: bytes = b"") -> Reply:
    """Return the reply to MAIL; that to RSET, which opens nothing, goes before it."""
    try:
        if conversation.needs_reset:
            await conversation.reply()
            conversation.needs_reset = False
            if then:
                conversation.write(then)
        return await conversation.reply()
    except (ConnectionError, TimeoutError) as error:
        raise NotBegunError(str(error) or "no answer in time") from error


def _told(sender: Reply, replies: list[Reply], count: int) -> list[Reply] | None:
    """Return what a server that then went away has said for all recipients; None if it has not.

    Servers close right after refusing a sender or the last recipient, and after saying that they close.
    """
    if not sender.is_positive:
        return []
    if replies and replies[-1].code == _CLOSING:
        # What was accepted before is worth nothing without the content.
        replies = [replies[-1] if reply.is_positive else reply for reply in replies]
        return (replies + [replies[-1]] * count)[:count]
    if len(replies) >= count and not any(reply.is_positive for reply in replies):
        return replies[:count]
    return None


async def _send(conversation: Conversation, content: Content) -> Reply:
    at_line_start, tail = True, b""
    gathered: list[bytes] = []
    size = 0
    # Whatever ends this before its end must not be followed by a command: it would be content.
    conversation.is_over = True
    async for piece in _async(content):
        octets = tail + piece
        # A CRLF at the end is held back: whether a dot follows shows with the next piece.
        tail = b"\r\n" if octets.endswith(b"\r\n") else b"\r" if octets.endswith(b"\r") else b""
        octets = octets[: len(octets) - len(tail)]
        if octets:
            gathered.append(stuff_dots(octets, at_line_start=at_line_start))
            at_line_start = False
            size += len(octets)
        if size >= _GATHER_OCTETS:
            conversation.write(b"".join(gathered), Kind.DATA)
            gathered, size = [], 0
            await conversation.drain()
    if gathered:
        conversation.write(b"".join(gathered), Kind.DATA)
    conversation.write(b".\r\n" if at_line_start and not tail else b"\r\n.\r\n")
    await conversation.drain()
    reply = await conversation.reply_to_content()
    conversation.is_over = reply.code == _CLOSING
    return reply


async def _send_nothing(conversation: Conversation) -> None:
    """End content that nobody is to get (RFC 2920 §3.1); the server must not send it to anybody."""
    try:
        await conversation.command(b".\r\n")
    except (ConnectionError, TimeoutError):
        # All is said already.
        return


async def _async(content: Content) -> AsyncIterator[bytes]:
    if isinstance(content, AsyncIterable):
        async for piece in content:
            yield piece
    else:
        for piece in content:
            yield piece
