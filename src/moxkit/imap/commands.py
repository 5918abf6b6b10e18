"""The commands of IMAP4rev2 and IMAP4rev1 as values (RFC 9051 §6, RFC 3501 §6).

Mailbox names are text as decoded from the wire; whether a mailbox can have such a name is
`check_mailbox_name`'s question. APPEND is not here: it comes as a sequence of events.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from moxkit.imap.fetchitems import FetchItem
from moxkit.imap.partialrange import PartialRange
from moxkit.imap.sequenceset import SequenceSet

__all__ = [
    "Authenticate",
    "Capability",
    "Check",
    "Close",
    "Command",
    "Copy",
    "Create",
    "Delete",
    "Enable",
    "Expunge",
    "Fetch",
    "GetQuota",
    "GetQuotaRoot",
    "Id",
    "Idle",
    "ListCommand",
    "Login",
    "Logout",
    "Lsub",
    "Move",
    "Namespace",
    "Noop",
    "QresyncParameters",
    "Rename",
    "Select",
    "StartTls",
    "Status",
    "StatusItem",
    "Store",
    "StoreAction",
    "Subscribe",
    "Unselect",
    "Unsubscribe",
]


class StatusItem(StrEnum):
    """What STATUS can ask for (RFC 9051 §6.3.11 and extensions)."""

    APPENDLIMIT = "APPENDLIMIT"  # RFC 7889 §3.1
    DELETED = "DELETED"
    DELETED_STORAGE = "DELETED-STORAGE"  # RFC 9208 §4.1.4
    HIGHESTMODSEQ = "HIGHESTMODSEQ"  # RFC 7162 §3.1.8
    MAILBOXID = "MAILBOXID"  # RFC 8474 §4.3
    MESSAGES = "MESSAGES"
    RECENT = "RECENT"  # RFC 3501 only
    SIZE = "SIZE"
    UIDNEXT = "UIDNEXT"
    UIDVALIDITY = "UIDVALIDITY"
    UNSEEN = "UNSEEN"


class StoreAction(StrEnum):
    """How STORE changes flags."""

    ADD = "+FLAGS"
    REMOVE = "-FLAGS"
    REPLACE = "FLAGS"


class Command:
    """What every command has: its name, for tables, logs and metrics."""

    __slots__ = ()
    verb: ClassVar[str]

    @property
    def name(self) -> str:
        """The command's name as in the RFC, with ``UID`` before the variants by UID."""
        return f"UID {self.verb}" if getattr(self, "uid", False) else self.verb


@dataclass(frozen=True, slots=True)
class Capability(Command):
    """CAPABILITY."""

    verb: ClassVar[str] = "CAPABILITY"


@dataclass(frozen=True, slots=True)
class Noop(Command):
    """NOOP."""

    verb: ClassVar[str] = "NOOP"


@dataclass(frozen=True, slots=True)
class Logout(Command):
    """LOGOUT."""

    verb: ClassVar[str] = "LOGOUT"


@dataclass(frozen=True, slots=True)
class Id(Command):
    """ID (RFC 2971); no parameters for NIL."""

    parameters: tuple[tuple[str, str | None], ...] = ()
    verb: ClassVar[str] = "ID"


@dataclass(frozen=True, slots=True)
class StartTls(Command):
    """STARTTLS; the machine's `unread` octets belong to TLS."""

    verb: ClassVar[str] = "STARTTLS"


@dataclass(frozen=True, slots=True)
class Authenticate(Command):
    """AUTHENTICATE (RFC 4959 for the initial response).

    Attributes:
        mechanism: Upper-case.
        initial_response: Base64 as sent, not yet decoded; empty for ``=``; `None` if absent.
    """

    mechanism: str
    initial_response: bytes | None = field(default=None, repr=False)
    verb: ClassVar[str] = "AUTHENTICATE"


@dataclass(frozen=True, slots=True)
class Login(Command):
    """LOGIN; the password stays out of `repr`."""

    username: str
    password: str = field(repr=False)
    verb: ClassVar[str] = "LOGIN"


@dataclass(frozen=True, slots=True)
class Enable(Command):
    """ENABLE (RFC 5161); names in the client's spelling, to be echoed."""

    capabilities: tuple[str, ...]
    verb: ClassVar[str] = "ENABLE"


@dataclass(frozen=True, slots=True)
class QresyncParameters:
    """What the client knows of the mailbox (RFC 7162 §3.2.5).

    Attributes:
        uidvalidity: Of its copy.
        modseq: Of its copy.
        known_uids: UIDs it has; `None` for all.
        matches: Message numbers and their UIDs, of equal length; `None` if not given.
    """

    uidvalidity: int
    modseq: int
    known_uids: SequenceSet | None = None
    matches: tuple[SequenceSet, SequenceSet] | None = None


@dataclass(frozen=True, slots=True)
class Select(Command):
    """SELECT, or EXAMINE if `read_only`."""

    mailbox: str
    read_only: bool = False
    condstore: bool = False
    qresync: QresyncParameters | None = None
    verb: ClassVar[str] = "SELECT"

    @property
    def name(self) -> str:
        """SELECT or EXAMINE."""
        return "EXAMINE" if self.read_only else "SELECT"


@dataclass(frozen=True, slots=True)
class Create(Command):
    r"""CREATE; `special_use` holds attributes such as ``\Sent`` as the client spelled them (RFC 6154 §3)."""

    mailbox: str
    special_use: tuple[str, ...] = ()
    verb: ClassVar[str] = "CREATE"


@dataclass(frozen=True, slots=True)
class Delete(Command):
    """DELETE."""

    mailbox: str
    verb: ClassVar[str] = "DELETE"


@dataclass(frozen=True, slots=True)
class Rename(Command):
    """RENAME."""

    source: str
    destination: str
    verb: ClassVar[str] = "RENAME"


@dataclass(frozen=True, slots=True)
class Subscribe(Command):
    """SUBSCRIBE."""

    mailbox: str
    verb: ClassVar[str] = "SUBSCRIBE"


@dataclass(frozen=True, slots=True)
class Unsubscribe(Command):
    """UNSUBSCRIBE."""

    mailbox: str
    verb: ClassVar[str] = "UNSUBSCRIBE"


@dataclass(frozen=True, slots=True)
class ListCommand(Command):
    """LIST, basic or extended (RFC 5258, RFC 6154, RFC 5819, RFC 9590).

    Attributes:
        reference: Prepended by the server to the patterns.
        patterns: At least one, with ``%`` and ``*``.
        extended: Whether any extended syntax was used.
        selection: Of SUBSCRIBED, REMOTE, RECURSIVEMATCH, SPECIAL-USE.
        returns: Of SUBSCRIBED, CHILDREN, SPECIAL-USE.
        status: Items of the STATUS return option; empty if not asked for.
        metadata: Entries of the METADATA return option (RFC 9590); empty if not asked for.
    """

    reference: str
    patterns: tuple[str, ...]
    extended: bool = False
    selection: frozenset[str] = frozenset()
    returns: frozenset[str] = frozenset()
    status: tuple[StatusItem, ...] = ()
    metadata: tuple[str, ...] = ()
    verb: ClassVar[str] = "LIST"


@dataclass(frozen=True, slots=True)
class Lsub(Command):
    """LSUB (RFC 3501 §6.3.9)."""

    reference: str
    pattern: str
    verb: ClassVar[str] = "LSUB"


@dataclass(frozen=True, slots=True)
class Namespace(Command):
    """NAMESPACE (RFC 2342)."""

    verb: ClassVar[str] = "NAMESPACE"


@dataclass(frozen=True, slots=True)
class Status(Command):
    """STATUS."""

    mailbox: str
    items: tuple[StatusItem, ...]
    verb: ClassVar[str] = "STATUS"


@dataclass(frozen=True, slots=True)
class GetQuota(Command):
    """GETQUOTA (RFC 9208 §4.1.1)."""

    root: str
    verb: ClassVar[str] = "GETQUOTA"


@dataclass(frozen=True, slots=True)
class GetQuotaRoot(Command):
    """GETQUOTAROOT (RFC 9208 §4.1.2)."""

    mailbox: str
    verb: ClassVar[str] = "GETQUOTAROOT"


@dataclass(frozen=True, slots=True)
class Idle(Command):
    """IDLE (RFC 2177); the server answers with the machine's `expect_done`."""

    verb: ClassVar[str] = "IDLE"


@dataclass(frozen=True, slots=True)
class Check(Command):
    """CHECK (RFC 3501 §6.4.1)."""

    verb: ClassVar[str] = "CHECK"


@dataclass(frozen=True, slots=True)
class Close(Command):
    """CLOSE."""

    verb: ClassVar[str] = "CLOSE"


@dataclass(frozen=True, slots=True)
class Unselect(Command):
    """UNSELECT (RFC 3691)."""

    verb: ClassVar[str] = "UNSELECT"


@dataclass(frozen=True, slots=True)
class Expunge(Command):
    """EXPUNGE, or UID EXPUNGE of a set (RFC 4315 §2.1)."""

    uids: SequenceSet | None = None
    verb: ClassVar[str] = "EXPUNGE"

    @property
    def name(self) -> str:
        """EXPUNGE or UID EXPUNGE."""
        return "EXPUNGE" if self.uids is None else "UID EXPUNGE"


@dataclass(frozen=True, slots=True)
class Fetch(Command):
    """FETCH, with the modifiers of RFC 7162 §3.1.4.1 and §3.2.6, and RFC 9394 §3.3."""

    numbers: SequenceSet
    items: tuple[FetchItem, ...]
    uid: bool = False
    changed_since: int | None = None
    vanished: bool = False
    partial: PartialRange | None = None
    verb: ClassVar[str] = "FETCH"


@dataclass(frozen=True, slots=True)
class Store(Command):
    """STORE, with the modifier of RFC 7162 §3.1.3."""

    numbers: SequenceSet
    action: StoreAction
    flags: tuple[str, ...]
    silent: bool = False
    uid: bool = False
    unchanged_since: int | None = None
    verb: ClassVar[str] = "STORE"


@dataclass(frozen=True, slots=True)
class Copy(Command):
    """COPY."""

    numbers: SequenceSet
    mailbox: str
    uid: bool = False
    verb: ClassVar[str] = "COPY"


@dataclass(frozen=True, slots=True)
class Move(Command):
    """MOVE (RFC 6851)."""

    numbers: SequenceSet
    mailbox: str
    uid: bool = False
    verb: ClassVar[str] = "MOVE"
