"""ESEARCH: one search in several mailboxes (RFC 7377)."""

import re
from dataclasses import dataclass
from typing import ClassVar

from moxkit.imap.commands import Command
from moxkit.imap.lexer import Cursor
from moxkit.imap.mailboxfilter import SEARCH_FILTERS, FilterKind, MailboxFilter, take_filter
from moxkit.imap.searchcommands import Search
from moxkit.imap.takesearchcommands import take_search

__all__ = ["MultiSearch", "take_multi_search"]

_IN = re.compile(rb" IN \(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MultiSearch(Command):
    """ESEARCH.

    Attributes:
        search: What to look for; its result is always UIDs.
        sources: Where; empty for the selected mailbox.
    """

    search: Search
    sources: tuple[MailboxFilter, ...] = ()
    verb: ClassVar[str] = "ESEARCH"

    @property
    def is_selected_only(self) -> bool:
        """Whether nothing but the selected mailbox is searched, so that SAVE makes sense (RFC 7377 §2.2)."""
        return all(source.kind is FilterKind.SELECTED for source in self.sources)


def take_multi_search(cursor: Cursor) -> MultiSearch:
    """Take ``[IN (source-mbox)] [RETURN (...)] search-program`` (RFC 7377 §4).

    Raises:
        CommandSyntaxError: Malformed, or scope options, of which none is defined.
        LiteralPendingError: A literal was not received yet.
    """
    sources: list[MailboxFilter] = []
    if cursor.match(_IN) is not None:
        sources.append(take_filter(cursor, SEARCH_FILTERS))
        while cursor.take(b" "):
            sources.append(take_filter(cursor, SEARCH_FILTERS))
        cursor.require(b")")
    return MultiSearch(take_search(cursor, uid=True), tuple(dict.fromkeys(sources)))
