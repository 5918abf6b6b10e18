"""One client's session: who it is, what is enabled, what is selected, what it has still to be told."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mox.accounts import ServiceDesk, SignedIn
from mox.imapserver.capabilities import capabilities
from mox.imapserver.contexts import tell_removed
from mox.imapserver.dialect import Dialect
from mox.imapserver.errors import RefusedError
from mox.imapserver.news import News
from mox.imapserver.selected import Selected
from mox.runtime import Clock
from mox.store import Account, Listener, Store
from moxkit.imap import ConditionKind, ConnectionState, SequenceSet

if TYPE_CHECKING:
    from moxkit.sasl import Mechanism

__all__ = ["Done", "Services", "Session"]


@dataclass(frozen=True, slots=True)
class Services:
    """What all sessions of a server share.

    Attributes:
        appendlimit_octets: Largest message.
        version: For ID.
        message_limit: How many messages one command works on (RFC 9738); 0: all.
        hidden_capabilities: Names that are not announced to an account's clients.
        account_of: Which account an address signs in to; None: none.
    """

    store: Store
    desk: ServiceDesk
    clock: Clock
    appendlimit_octets: int
    version: str
    message_limit: int = 0
    hidden_capabilities: Callable[[str], Sequence[str]] = lambda _account: ()
    account_of: Callable[[str], str | None] = lambda _address: None


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended well: the text of its tagged OK, and a response code as octets."""

    text: str
    code: bytes = b""


class Session:
    """State of one connection; the connection does the reading and writing.

    Attributes:
        write: Puts octets behind those to be sent.
        flush: Sends them, and waits while the client is slow.
    """

    __slots__ = (
        "_listener",
        "account",
        "address",
        "allows_plaintext",
        "condstore",
        "enabled",
        "flush",
        "is_tls",
        "language",
        "mechanisms",
        "news",
        "offers_starttls",
        "saved",
        "selected",
        "services",
        "state",
        "write",
    )

    def __init__(
        self, *, services: Services, write: Callable[[bytes], None], flush: Callable[[], Awaitable[None]]
    ) -> None:
        self.services = services
        self.write = write
        self.flush = flush
        self.state = ConnectionState.NOT_AUTHENTICATED
        self.account: Account | None = None
        self.address = ""
        self.enabled: set[str] = set()
        self.condstore = False
        self.selected: Selected | None = None
        # The result that `$` stands for (RFC 5182): UIDs.
        self.saved: list[int] = []
        self.language = "i-default"
        self.is_tls = False
        self.allows_plaintext = False
        self.offers_starttls = False
        self.mechanisms: tuple[Mechanism, ...] = ()
        # What the client has still to be told; None before somebody signed in.
        self.news: News | None = None
        self._listener: Listener | None = None

    @property
    def utf8(self) -> bool:
        """Whether the client takes UTF-8 in names and strings."""
        return "IMAP4REV2" in self.enabled or "UTF8=ACCEPT" in self.enabled

    @property
    def is_rev2(self) -> bool:
        """Whether the client asked for IMAP4rev2's answers."""
        return "IMAP4REV2" in self.enabled

    @property
    def qresync(self) -> bool:
        """Whether the client resynchronizes: VANISHED, and care with modseqs (RFC 7162 §3.2)."""
        return "QRESYNC" in self.enabled

    @property
    def uid_only(self) -> bool:
        """Whether the client has given message numbers up (RFC 9586)."""
        return "UIDONLY" in self.enabled

    @property
    def dialect(self) -> Dialect:
        """How messages of the selected mailbox are told."""
        news, is_modern = self.news, self.qresync or self.uid_only
        tells_new = is_modern if news is None or news.watch is None else not news.items
        return Dialect(
            condstore=self.condstore,
            vanished=is_modern,
            uid_only=self.uid_only,
            tells_new=tells_new,
            tells_flags=news is None or news.tells_flags,
        )

    @property
    def hidden_capabilities(self) -> frozenset[str]:
        """Names that are neither announced nor enabled for this account, in upper case."""
        if self.account is None:
            return frozenset()
        return frozenset(name.upper() for name in self.services.hidden_capabilities(self.account.name))

    def capabilities(self) -> tuple[str, ...]:
        """Return what to announce now."""
        return capabilities(
            hidden=self.hidden_capabilities,
            appendlimit_octets=self.services.appendlimit_octets,
            message_limit=self.services.message_limit,
            mechanisms=self.mechanisms,
            offers_starttls=self.offers_starttls and not self.is_tls,
            allows_login=self.is_tls or self.allows_plaintext,
            is_authenticated=self.state is not ConnectionState.NOT_AUTHENTICATED,
        )

    def forget(self) -> None:
        """Know nobody any more (RFC 8437 §4.1); of the connection only TLS stays."""
        self.close()
        self.state = ConnectionState.NOT_AUTHENTICATED
        self.account, self.address = None, ""
        self.enabled, self.condstore = set(), False
        self.selected, self.saved = None, []
        self.language = "i-default"

    def become(self, login: SignedIn) -> None:
        """Take an account over; from now on its changes are heard."""
        self.account = self.services.store.account(login.account)
        self.address = login.address
        # What was before is no news.
        self.catch_up()
        self._listener = self.account.switchboard.listen()
        self.news = News(self, self._listener, self.account.reader)
        self.state = ConnectionState.AUTHENTICATED

    @property
    def mail(self) -> Account:
        """The account; commands that need it run only after login."""
        if self.account is None:
            raise RefusedError("sign in first")
        return self.account

    @property
    def view(self) -> Selected:
        """The selected mailbox; commands that need it run only while there is one."""
        if self.selected is None:
            raise RefusedError("no mailbox is selected")
        return self.selected

    @property
    def listener(self) -> Listener:
        """What hears the account's changes."""
        if self._listener is None:
            raise RefusedError("sign in first")
        return self._listener

    def select(self, selected: Selected) -> None:
        """Make a mailbox the selected one; what was heard of it before is in it already."""
        if self.news is not None:
            self.news.begin()
        self.selected = selected
        self.state = ConnectionState.SELECTED
        self.saved = []

    def deselect(self) -> None:
        """Select nothing."""
        if self.selected is not None:
            self.selected = None
            self.state = ConnectionState.AUTHENTICATED
            self.saved = []

    def write_updates(self, *, may_remove: bool = True) -> None:
        """Tell the client what happened since it was last told; see `News.tell`."""
        if self.news is not None:
            self.catch_up()
            tell_removed(self)
            self.news.tell(may_remove=may_remove)

    def catch_up(self) -> None:
        """Hear what is committed: another process may serve the client's other connections."""
        self.mail.catch_up()

    def spans(
        self, numbers: SequenceSet, *, by_uid: bool, view: Selected | None = None, is_strict: bool = True
    ) -> list[tuple[int, int]]:
        """Return which messages of the view, or of another, a set means, as index ranges.

        Raises:
            RefusedError: A message number that no message has.
        """
        view = view or self.view
        if numbers.saved:
            return SequenceSet.of(self.saved).spans(view.uids) if self.saved else []
        try:
            return view.spans(numbers, by_uid=by_uid, is_strict=is_strict)
        except ValueError as error:
            raise RefusedError(str(error), kind=ConditionKind.BAD) from error

    def now(self) -> datetime:
        """Return the time."""
        return self.services.clock.now()

    def close(self) -> None:
        """Hear no more."""
        if self.account is not None and self._listener is not None:
            self.account.switchboard.leave(self._listener)
            self._listener = None
            self.news = None
