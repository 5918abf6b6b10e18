"""What a `ServerMachine` tells its connection, in the order the client sent it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from moxkit.imap.commands import Command

__all__ = [
    "NEED_DATA",
    "AppendBegin",
    "AppendEnd",
    "AppendMessage",
    "BadCommand",
    "CatenateBegin",
    "CatenateEnd",
    "CatenateText",
    "CatenateUrl",
    "ContinuationLine",
    "Event",
    "IdleDone",
    "LiteralChunk",
    "NeedData",
    "Replaces",
    "Tagged",
]


class NeedData(Enum):
    """Not an event: nothing more can be said before more octets come."""

    NEED_DATA = "need data"


NEED_DATA: Final = NeedData.NEED_DATA


@dataclass(frozen=True, slots=True)
class Tagged:
    """A complete command, to be executed and answered with its tag."""

    tag: str
    command: Command


@dataclass(frozen=True, slots=True)
class Replaces:
    """The message that REPLACE removes (RFC 8508 §3.2).

    Attributes:
        number: `moxkit.imap.LAST` for ``*``.
        uid: Whether the number is a UID.
    """

    number: int
    uid: bool


@dataclass(frozen=True, slots=True)
class AppendBegin:
    """An APPEND or REPLACE begins; at least one `AppendMessage` follows at once.

    Attributes:
        replaces: The message to be replaced; `None` for APPEND.
    """

    tag: str
    mailbox: str
    replaces: Replaces | None = None

    @property
    def name(self) -> str:
        """The command's name, with ``UID`` before the variant by UID."""
        if self.replaces is None:
            return "APPEND"
        return "UID REPLACE" if self.replaces.uid else "REPLACE"


@dataclass(frozen=True, slots=True)
class AppendMessage:
    """A message is announced: call the machine's `accept_literal` or `refuse_literal` next.

    Attributes:
        flags: To set on it.
        date: Its INTERNALDATE; `None` for now.
        size: Octets announced, which will come exactly; zero cancels the whole APPEND (RFC 3502 §6.3.11).
        sync: Whether the client waits before it sends them.
        binary: Whether it may hold NUL (literal8).
        utf8: Whether it was announced to have UTF-8 headers (RFC 6855 §4).
    """

    flags: tuple[str, ...]
    date: datetime | None
    size: int
    sync: bool
    binary: bool = False
    utf8: bool = False


@dataclass(frozen=True, slots=True)
class CatenateBegin:
    """A message of several parts begins: `CatenateUrl` and `CatenateText` follow, then `CatenateEnd`."""

    flags: tuple[str, ...]
    date: datetime | None


@dataclass(frozen=True, slots=True)
class CatenateUrl:
    """The next part is what a URL stands for."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CatenateText:
    """The next part is announced: call the machine's `accept_literal` or `refuse_literal` next."""

    size: int
    sync: bool


@dataclass(frozen=True, slots=True)
class CatenateEnd:
    """All parts of the message came."""


@dataclass(frozen=True, slots=True)
class LiteralChunk:
    """Octets of the accepted message or part; the last chunk of it may be empty."""

    octets: bytes = field(repr=False)
    last: bool = False


@dataclass(frozen=True, slots=True)
class AppendEnd:
    """The APPEND is complete: file what came, and answer with the tag."""

    tag: str


@dataclass(frozen=True, slots=True)
class ContinuationLine:
    """A line asked for with `expect_continuation`, without line end; it may hold credentials."""

    octets: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdleDone:
    """DONE: answer the IDLE command with its tag."""


@dataclass(frozen=True, slots=True)
class BadCommand:
    """Something that is not IMAP, or too much of it; ends an APPEND if one was under way.

    Attributes:
        tag: Of the command, if it could be read and still waits for its answer.
        text: One sentence for the client.
        code: Response code without brackets.
        fatal: Whether the machine has stopped: say BYE and close.
    """

    tag: str | None
    text: str
    code: str | None = None
    fatal: bool = False

    def encode(self) -> bytes:
        """Return the answer: BAD with the tag if there is one; BYE (and BAD) if fatal (RFC 9051 §7.1)."""
        text = self.text if self.code is None else f"[{self.code}] {self.text}"
        if not self.fatal:
            return f"{self.tag or '*'} BAD {text}\r\n".encode()
        tagged = "" if self.tag is None else f"{self.tag} BAD {text}\r\n"
        return f"* BYE {text}\r\n{tagged}".encode()


Event = (
    Tagged
    | AppendBegin
    | AppendMessage
    | CatenateBegin
    | CatenateUrl
    | CatenateText
    | CatenateEnd
    | LiteralChunk
    | AppendEnd
    | ContinuationLine
    | IdleDone
    | BadCommand
)
