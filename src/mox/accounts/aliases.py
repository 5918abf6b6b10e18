"""An address that stands for several, and who may write to it (reference smtp-incoming.md §7)."""

from collections.abc import Collection
from dataclasses import dataclass

from mox.accounts.recipient import Recipient

__all__ = ["AliasRecipient"]


@dataclass(frozen=True, slots=True)
class AliasRecipient:
    """An alias that mail is for.

    Attributes:
        path: As the client wrote it, without brackets.
        address: Canonical form.
        members: Whom it stands for, at least one.
        post_public: Anybody may write to it.
        allows_from: Members write with its address in From.
    """

    path: str
    address: str
    members: tuple[Recipient, ...]
    post_public: bool
    allows_from: bool

    def may_post(self, author: str | None) -> bool:
        """Say whether a message may go to the members; whether its author is real is judged elsewhere.

        Args:
            author: Canonical address in From; None if there is not one.
        """
        if author is not None and any(member.address == author for member in self.members):
            return True
        return self.allows_from if author == self.address else self.post_public

    def served(self, author: str | None, named: Collection[str]) -> tuple[Recipient, ...]:
        """Return the members that get a copy.

        Args:
            author: Canonical address in From, who has the message already.
            named: Canonical addresses of recipients that are named beside the alias.
        """
        return tuple(
            member for member in self.members if member.address != author and member.address not in named
        )
