"""The order of commands on the server's side: what has happened, and what may come next (RFC 5321 §4.1.4)."""

from moxkit.smtp.chunking import ChunkedContent
from moxkit.smtp.commands import Command, Dialect
from moxkit.smtp.events import (
    Auth,
    AuthResponse,
    BadCommand,
    Bdat,
    Data,
    Ehlo,
    Event,
    Helo,
    Rset,
    StartTls,
)
from moxkit.smtp.mailfrom import Body, MailFrom
from moxkit.smtp.rcptto import RcptTo

__all__ = ["Order"]


class Order:
    """What a conversation has come to.

    Attributes:
        is_authenticated: A 235 was given, or the connection proved who it is otherwise.
        mail: The transaction's command; None outside of one.
        chunks: The content, if the transaction's came in chunks so far.
    """

    __slots__ = (
        "_dialect",
        "_has_auth_succeeded",
        "_has_recipient",
        "_hello",
        "_is_tls",
        "_offers_starttls",
        "chunks",
        "is_authenticated",
        "mail",
    )

    def __init__(self, dialect: Dialect, *, is_tls: bool, offers_starttls: bool) -> None:
        self._dialect = dialect
        self._is_tls = is_tls
        self._offers_starttls = offers_starttls
        self._has_auth_succeeded = False
        self._hello: Ehlo | Helo | None = None
        self._has_recipient = False
        self.is_authenticated = False
        self.mail: MailFrom | None = None
        self.chunks: ChunkedContent | None = None

    @property
    def has_smtputf8(self) -> bool:
        """Whether the transaction was begun with SMTPUTF8."""
        return self.mail is not None and self.mail.smtputf8

    @property
    def is_binary(self) -> bool:
        """Whether the transaction's content is no lines (RFC 3030 §3)."""
        return self.mail is not None and self.mail.body is Body.BINARYMIME

    def content_in_chunks(self, max_size: int) -> ChunkedContent:
        """Return the transaction's content; its first chunk begins it."""
        if self.chunks is None:
            self.chunks = ChunkedContent(max_size=max_size, is_binary=self.is_binary)
        return self.chunks

    def started_tls(self) -> None:
        """Begin anew after the handshake (RFC 3207 §4.2)."""
        self._is_tls = True
        self._hello = None
        self.end_transaction()

    def end_transaction(self) -> None:
        """Forget sender, recipients and chunks."""
        self.mail = None
        self._has_recipient = False
        self.chunks = None

    def succeeded(self, event: Event | None, code: int) -> None:
        """Take note of a positive reply."""
        match event:
            case Ehlo() | Helo():
                self._hello = event
                self.end_transaction()
            case MailFrom():
                self.mail = event
            case RcptTo():
                self._has_recipient = True
            case Rset():
                self.end_transaction()
            case Auth() | AuthResponse():
                self._has_auth_succeeded = self._has_auth_succeeded or code == 235
                self.is_authenticated = self.is_authenticated or code == 235
            case _:
                pass

    def refusal(self, command: Command) -> BadCommand | None:
        """Say why a command is not due, if it is not."""
        match command:
            case MailFrom():
                return self._not_ready() or _bad(self.mail is not None, "already in a transaction")
            case RcptTo():
                return (
                    self._not_ready()
                    or _bad(self.mail is None, "MAIL first")
                    or _bad(self.chunks is not None, "content has begun")
                )
            case Data() | Bdat():
                return (
                    self._not_ready()
                    or _bad(self.mail is None, "MAIL first")
                    or _bad(not self._has_recipient, "no recipients")
                    or self._wrong_way(command)
                )
            case Auth():
                return self._no_auth()
            case StartTls():
                return (
                    _bad(self._is_tls, "already using TLS")
                    or _bad(self.is_authenticated, "already authenticated")
                    or _bad(not self._offers_starttls, "TLS is not offered")
                    or _bad(self._hello is None, "EHLO first")
                )
            case _:
                return None

    def _not_ready(self) -> BadCommand | None:
        if self._hello is None:
            return BadCommand(503, "5.5.1", "EHLO first")
        if self._dialect.is_submission and not self.is_authenticated:
            # RFC 4954 §6.
            return BadCommand(530, "5.7.0", "authentication required")
        return None

    def _wrong_way(self, command: Data | Bdat) -> BadCommand | None:
        """Say why content cannot come this way (RFC 3030 §2, §3)."""
        if isinstance(command, Bdat):
            is_failed = self.chunks is not None and self.chunks.is_failed
            return _bad(is_failed, "a chunk before was refused, RSET first")
        return _bad(self.chunks is not None, "not after BDAT, RSET first") or _bad(
            self.is_binary, "BINARYMIME needs BDAT"
        )

    def _no_auth(self) -> BadCommand | None:
        return (
            _bad(not self._dialect.is_submission, "authentication is for submission, see port 587 or 465")
            or _bad(self._has_auth_succeeded, "already authenticated")
            or _bad(not isinstance(self._hello, Ehlo), "EHLO first")
            or _bad(self.mail is not None, "not during a transaction")
        )


def _bad(is_wrong: bool, text: str) -> BadCommand | None:
    return BadCommand(503, "5.5.1", text) if is_wrong else None
