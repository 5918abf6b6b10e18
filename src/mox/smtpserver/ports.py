"""What the SMTP server needs of others, as it sees them; the app hands in the real ones, tests their own."""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from mox.accounts import Resolved, SignedIn, SignInFailed
from mox.delivery import Incoming, Outcome
from mox.store import Spool
from mox.submission import Draft, Queued, Refusal
from moxkit.sasl import Challenge, Mechanism

__all__ = ["Addresses", "Desk", "Exchange", "FailureListener", "Filing", "Spools", "Submitting"]


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


class Desk(Protocol):
    """Where people sign in."""

    def mechanisms(
        self, *, is_tls: bool, allows_plaintext: bool, bindings: Collection[str]
    ) -> tuple[Mechanism, ...]:
        """Return what to offer, strongest first."""
        ...

    def begin(
        self, mechanism: str, *, channel_binding: Callable[[str], bytes | None], offers_plus: bool
    ) -> Exchange | None:
        """Begin an authentication; None for an unknown mechanism."""
        ...


class Spools(Protocol):
    """Makes places for content."""

    def new(self) -> Spool:
        """Begin a message."""
        ...
