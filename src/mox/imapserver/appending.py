"""APPEND and REPLACE on a connection (RFC 3502, RFC 8508): the machine hands the messages over in pieces."""

from collections.abc import Callable

from mox.imapserver.commands.append import Append
from mox.imapserver.conditions import check_state, condition_of
from mox.imapserver.session import Session
from mox.imapserver.telling import tell
from moxkit.imap import (
    AppendBegin,
    AppendEnd,
    AppendMessage,
    CatenateBegin,
    CatenateEnd,
    CatenateText,
    CatenateUrl,
    Condition,
    LiteralChunk,
    ServerMachine,
)

__all__ = ["AppendEvent", "Appending"]

AppendEvent = (
    AppendBegin
    | AppendMessage
    | CatenateBegin
    | CatenateUrl
    | CatenateText
    | CatenateEnd
    | LiteralChunk
    | AppendEnd
)


class Appending:
    """The APPEND of one connection; there is at most one at a time."""

    def __init__(self, *, session: Session, machine: ServerMachine, write: Callable[[bytes], None]) -> None:
        self._session = session
        self._machine = machine
        self._write = write
        self._append: Append | None = None
        self._name = ""

    @property
    def is_active(self) -> bool:
        """Whether what comes is content."""
        return self._append is not None

    async def handle(self, event: AppendEvent) -> None:
        """Take the next event of an APPEND.

        Raises:
            ConnectionError: The machine and this object do not agree.
        """
        match event:
            case AppendBegin(tag, mailbox, replaces):
                self.drop()
                self._append = Append(self._session, tag, mailbox, replaces)
                self._name = event.name
            case AppendMessage() | CatenateText():
                await self._decide(event)
            case CatenateBegin() | CatenateUrl() | CatenateEnd():
                await self._on_part(event)
            case LiteralChunk(octets, last):
                if self._append is not None:
                    await self._append.take(octets, last=last)
            case AppendEnd(tag):
                await self._finish(tag)

    async def _on_part(self, event: CatenateBegin | CatenateUrl | CatenateEnd) -> None:
        if self._append is None:
            return
        match event:
            case CatenateBegin():
                self._append.begin_parts(event)
            case CatenateUrl(url):
                await self._append.add_url(url)
            case CatenateEnd():
                self._append.end_parts()

    async def _decide(self, message: AppendMessage | CatenateText) -> None:
        append = self._append
        if append is None:
            raise ConnectionError("message without APPEND")
        try:
            check_state(self._name, self._session.state)
            if isinstance(message, CatenateText):
                append.begin_text(message.size)
            else:
                append.begin(message)
        except Exception as error:  # noqa: BLE001  sorted out by the table; a bug is logged there
            await self._refuse(condition_of(error, append.tag, self._name))
        else:
            self._machine.accept_literal()

    async def _refuse(self, condition: Condition) -> None:
        self.drop()
        await tell(self._session)
        code = None if condition.code is None else bytes(condition.code).decode()
        self._machine.refuse_literal(condition.text, code, status=str(condition.kind))
        # Taken at once, to stand before the answers to commands that came with it.
        self._write(self._machine.data_to_send())

    async def _finish(self, tag: str) -> None:
        append, self._append = self._append, None
        if append is None:
            return
        try:
            done = await append.finish()
        except Exception as error:  # noqa: BLE001  sorted out by the table; a bug is logged there
            await tell(self._session)
            condition = condition_of(error, tag, self._name)
            self._write(Condition(condition.kind, condition.text, condition.code, tag).encode())
        else:
            await tell(self._session)
            code = b"[%b] " % done.code if done.code else b""
            self._write(b"%b OK %b%b\r\n" % (tag.encode(), code, done.text.encode()))
        finally:
            append.discard()

    def drop(self) -> None:
        """Forget an APPEND that was begun, with its temporary files."""
        if self._append is not None:
            self._append.discard()
            self._append = None
