"""What a client says, as values: the events of `ServerMachine`."""

from dataclasses import dataclass
from enum import Enum, auto

from moxkit.smtp.ehlo import Hello
from moxkit.smtp.mailfrom import MailFrom
from moxkit.smtp.rcptto import RcptTo

__all__ = [
    "NEED_DATA",
    "Auth",
    "AuthResponse",
    "BadCommand",
    "Bdat",
    "ChunkEnd",
    "Data",
    "DataChunk",
    "DataEnd",
    "Ehlo",
    "Event",
    "Expn",
    "Helo",
    "Help",
    "NeedData",
    "Noop",
    "Quit",
    "Rset",
    "StartTls",
    "Vrfy",
]


class NeedData(Enum):
    """The type of `NEED_DATA`."""

    NEED_DATA = auto()


NEED_DATA = NeedData.NEED_DATA


@dataclass(frozen=True, slots=True)
class Ehlo:
    """EHLO; ends a transaction (RFC 5321 §4.1.4)."""

    hello: Hello


@dataclass(frozen=True, slots=True)
class Helo:
    """HELO: no extensions."""

    hello: Hello


@dataclass(frozen=True, slots=True)
class Data:
    """DATA: answer 354, or refuse."""


@dataclass(frozen=True, slots=True)
class Bdat:
    """BDAT: a chunk of content follows (RFC 3030 §2). It gets no reply: its end does.

    Attributes:
        size: Octets on the wire.
        is_last: The content ends with it.
    """

    size: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class DataChunk:
    """A piece of the content, dots undone, lines ending in CRLF; as it came with BODY=BINARYMIME."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class ChunkEnd:
    """A chunk is over that is not the last: answer 250, or refuse the message with all of its chunks.

    Attributes:
        size: Octets of the chunk on the wire.
        too_large: The limit was passed; no content came since.
    """

    size: int
    too_large: bool = False


@dataclass(frozen=True, slots=True)
class DataEnd:
    """The content is over; nothing is pending on the wire but what the client pipelined.

    Attributes:
        size: Octets of the content.
        too_large: The limit was passed; no chunks came since.
        has_bare_cr: A CR stood alone: not to be accepted (RFC 5321 §2.3.8).
        has_bare_lf: An LF stood alone; it was rewritten.
        has_false_end: Something other servers take for the end was inside: not to be accepted.
        is_drained: All content was read; if not, the connection must end after the reply.
    """

    size: int
    too_large: bool = False
    has_bare_cr: bool = False
    has_bare_lf: bool = False
    has_false_end: bool = False
    is_drained: bool = True


@dataclass(frozen=True, slots=True)
class Auth:
    """AUTH; `initial` is decoded, None if the client sent none (RFC 4954 §4)."""

    mechanism: str
    initial: bytes | None

    def __repr__(self) -> str:
        # A password must not reach a log through a traceback.
        return f"Auth(mechanism={self.mechanism!r}, initial=***)"


@dataclass(frozen=True, slots=True)
class AuthResponse:
    """The answer to a challenge, decoded; None: the client cancels."""

    octets: bytes | None

    def __repr__(self) -> str:
        return "AuthResponse(***)"


@dataclass(frozen=True, slots=True)
class StartTls:
    """STARTTLS (RFC 3207 §4): answer 220 and shake hands, or refuse."""


@dataclass(frozen=True, slots=True)
class Rset:
    """RSET."""


@dataclass(frozen=True, slots=True)
class Noop:
    """NOOP."""


@dataclass(frozen=True, slots=True)
class Help:
    """HELP."""


@dataclass(frozen=True, slots=True)
class Vrfy:
    """VRFY; what it asks for is not looked at."""


@dataclass(frozen=True, slots=True)
class Expn:
    """EXPN; what it asks for is not looked at."""


@dataclass(frozen=True, slots=True)
class Quit:
    """QUIT: answer 221 and close."""


@dataclass(frozen=True, slots=True)
class BadCommand:
    """A command that grammar or order of commands refuses.

    Attributes:
        code: Of the reply to give.
        enhanced: Likewise.
        text: Likewise.
        closes: The connection must end after the reply.
    """

    code: int
    enhanced: str
    text: str
    closes: bool = False


Event = (
    Ehlo
    | Helo
    | MailFrom
    | RcptTo
    | Data
    | Bdat
    | ChunkEnd
    | DataChunk
    | DataEnd
    | Auth
    | AuthResponse
    | StartTls
    | Rset
    | Noop
    | Help
    | Vrfy
    | Expn
    | Quit
    | BadCommand
)
