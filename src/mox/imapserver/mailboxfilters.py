"""Which mailboxes a client means by the filters of NOTIFY and ESEARCH (RFC 5465 §6, RFC 7377 §2.2)."""

from collections.abc import Iterable
from dataclasses import replace

from mox.database import Connection
from mox.store import Mailbox, list_mailboxes, list_subscriptions
from moxkit.imap import FilterKind, MailboxFilter, MailboxNameError, check_mailbox_name

__all__ = ["covered_mailboxes", "with_checked_names"]


def with_checked_names(mailboxes: MailboxFilter) -> MailboxFilter:
    """Spell names as mailboxes have them, INBOX above all; those that no mailbox can have are left out."""
    names: dict[str, None] = {}
    for name in mailboxes.mailboxes:
        try:
            names[check_mailbox_name(name.removesuffix("/"))] = None
        except MailboxNameError:
            # RFC 5465 §3.1: what does not refer to an existing mailbox is ignored.
            continue
    return replace(mailboxes, mailboxes=tuple(names))


def covered_mailboxes(
    reader: Connection, filters: Iterable[MailboxFilter], *, selected_id: int | None
) -> list[Mailbox]:
    """Return the mailboxes that are meant, each once, by name.

    Args:
        reader: The account's.
        filters: As the client sent them.
        selected_id: Of the selected mailbox; None if there is none.
    """
    checked = [with_checked_names(each) for each in filters]
    means_selected = any(each.kind is FilterKind.SELECTED for each in checked)
    subscribed = frozenset(list_subscriptions(reader))
    return [
        mailbox
        for mailbox in list_mailboxes(reader)
        if (means_selected and mailbox.id == selected_id)
        or any(each.covers(mailbox.name, is_subscribed=mailbox.name in subscribed) for each in checked)
    ]
