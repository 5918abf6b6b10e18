"""Which mailboxes NOTIFY and ESEARCH mean (RFC 5465 §6, RFC 7377 §2.2)."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from moxkit.imap.lexer import Cursor
from moxkit.imap.takemailboxes import take_mailbox

__all__ = ["NOTIFY_FILTERS", "SEARCH_FILTERS", "FilterKind", "MailboxFilter", "take_filter"]


class FilterKind(StrEnum):
    """Ways to name mailboxes."""

    SELECTED = "selected"
    SELECTED_DELAYED = "selected-delayed"
    INBOXES = "inboxes"
    PERSONAL = "personal"
    SUBSCRIBED = "subscribed"
    SUBTREE = "subtree"
    SUBTREE_ONE = "subtree-one"
    MAILBOXES = "mailboxes"

    @property
    def has_names(self) -> bool:
        """Whether mailbox names follow."""
        return self in {FilterKind.SUBTREE, FilterKind.SUBTREE_ONE, FilterKind.MAILBOXES}

    @property
    def is_selected(self) -> bool:
        """Whether it means the selected mailbox, whichever that is."""
        return self in {FilterKind.SELECTED, FilterKind.SELECTED_DELAYED}


NOTIFY_FILTERS = frozenset(FilterKind) - {FilterKind.SUBTREE_ONE}
SEARCH_FILTERS = frozenset(FilterKind) - {FilterKind.SELECTED_DELAYED}


@dataclass(frozen=True, slots=True)
class MailboxFilter:
    """Some mailboxes.

    Attributes:
        kind: How they are named.
        mailboxes: Their names as text, not checked; empty for the kinds without.
    """

    kind: FilterKind
    mailboxes: tuple[str, ...] = ()

    def covers(self, name: str, *, is_subscribed: bool) -> bool:
        """Return whether a mailbox is among them; the kinds that mean the selected one never say so."""
        match self.kind:
            case FilterKind.SUBSCRIBED:
                return is_subscribed
            case FilterKind.MAILBOXES:
                return name in self.mailboxes
            case FilterKind.SUBTREE:
                return any(name == top or name.startswith(top + "/") for top in self.mailboxes)
            case FilterKind.SUBTREE_ONE:
                return name in self.mailboxes or name.rpartition("/")[0] in self.mailboxes
            case _:
                # RFC 5465 §6.3: "inboxes" is as "personal" where the set is not easily computed: whatever
                # files mail into a mailbox (filters, rules, other clients) makes it one.
                return not self.kind.is_selected


def take_filter(cursor: Cursor, kinds: Collection[FilterKind]) -> MailboxFilter:
    """Take ``filter-mailboxes`` with the names that belong to it.

    Raises:
        CommandSyntaxError: None of these kinds, or malformed.
        LiteralPendingError: A literal was not received yet.
    """
    word = cursor.word().lower()
    kind = next((kind for kind in kinds if kind == word), None)
    if kind is None:
        raise cursor.fail("unknown mailbox filter")
    if not kind.has_names:
        return MailboxFilter(kind)
    cursor.space()
    if not cursor.take(b"("):
        return MailboxFilter(kind, (take_mailbox(cursor),))
    names = {take_mailbox(cursor): None}
    while cursor.take(b" "):
        names[take_mailbox(cursor)] = None
    cursor.require(b")")
    return MailboxFilter(kind, tuple(names))
