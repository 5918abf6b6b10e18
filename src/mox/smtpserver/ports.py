"""What the SMTP server needs of others, as it sees them; the app hands in the real ones, tests their own."""

from collections.abc import Callable, Sequence
from typing import Protocol

from mox.accounts import KeyRefused, Resolved, SignedIn, SignInFailed
from mox.delivery import Incoming, Outcome
from mox.store import Spool
from mox.submission import Draft, Queued, Refusal
from moxkit.net import TLSInfo
from moxkit.sasl import Challenge, Mechanism

__all__ = ["Addresses", "Desk", "Exchange", "FailureListener", "Filing", "Spools", "Submitting", "Visit"]


class Addresses(Protocol):
    """Whose an address is."""

    def resolve(self, localpart: str, domain: str) -> Resolved:
        """Say where mail for an address goes."""
        ...

    def may_send_as(self, account: str, localpart: str, domain: str) -> bool:
        """Say whether an account may use an address as sender."""
        ...


class Filing(Protocol):
    """Takes received messages."""

    async def receive(self, incoming: Incoming) -> Sequence[Outcome]:
        """File a message; return an outcome for each recipient."""
        ...


class Submitting(Protocol):
    """Takes submitted messages."""

    async def submit(self, draft: Draft) -> Queued | Refusal:
        """Check a draft and queue it."""
        ...


class FailureListener(Protocol):
    """Tells the sender of a message that was accepted, but not for everybody."""

    async def failed(self, incoming: Incoming, failures: Sequence[Outcome]) -> None:
        """Queue one DSN for all failures."""
        ...


class Exchange(Protocol):
    """One authentication."""

    async def respond(self, octets: bytes | None) -> Challenge | SignedIn | SignInFailed:
        """Take what the client said, None for no initial response."""
        ...

    def abort(self) -> None:
        """Record that the client gave up."""
        ...


class Visit(Protocol):
    """One connection at the desk where people sign in; see `mox.accounts.Visit`."""

    @property
    def has_room(self) -> bool:
        """Whether the client's address may try."""
        ...

    @property
    def is_slow(self) -> bool:
        """Whether the client is to be served slowly."""
        ...

    async def hold(self) -> None:
        """Wait before another attempt."""
        ...

    def meet(self, tls: TLSInfo | None, channel_binding: Callable[[str], bytes | None]) -> KeyRefused | None:
        """Take note of TLS; return why the connection cannot go on."""
        ...

    def by_certificate(self) -> SignedIn | SignInFailed | None:
        """Sign in by the client's certificate alone."""
        ...

    def mechanisms(self) -> tuple[Mechanism, ...]:
        """Return what to offer, strongest first."""
        ...

    def begin(self, mechanism: str) -> Exchange | None:
        """Begin an authentication; None for a mechanism that is not offered."""
        ...


class Desk(Protocol):
    """Where people sign in."""

    def visit(self, *, remote_ip: str, local_ip: str, allows_plaintext: bool) -> Visit:
        """Receive a connection."""
        ...


class Spools(Protocol):
    """Makes places for content."""

    def new(self) -> Spool:
        """Begin a message."""
        ...
