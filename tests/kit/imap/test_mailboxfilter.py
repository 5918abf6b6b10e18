"""Which mailboxes a filter means (RFC 5465 §6, RFC 7377 §2.2)."""

import pytest

from moxkit.imap import FilterKind, MailboxFilter

TOP = ("a/b",)


@pytest.mark.parametrize(
    ("mailboxes", "covered"),
    [
        (MailboxFilter(FilterKind.PERSONAL), "Inbox a a/b a/b/c a/b/c/d a/bc"),
        (MailboxFilter(FilterKind.INBOXES), "Inbox a a/b a/b/c a/b/c/d a/bc"),
        (MailboxFilter(FilterKind.SUBSCRIBED), "Inbox"),
        (MailboxFilter(FilterKind.MAILBOXES, TOP), "a/b"),
        # RFC 5465 §6.6: no wildcards.
        (MailboxFilter(FilterKind.MAILBOXES, ("*", "a/%")), ""),
        (MailboxFilter(FilterKind.SUBTREE, TOP), "a/b a/b/c a/b/c/d"),
        (MailboxFilter(FilterKind.SUBTREE_ONE, TOP), "a/b a/b/c"),
        (MailboxFilter(FilterKind.SELECTED), ""),
        (MailboxFilter(FilterKind.SELECTED_DELAYED), ""),
    ],
)
def test_covers(mailboxes: MailboxFilter, covered: str) -> None:
    names = ["Inbox", "a", "a/b", "a/b/c", "a/b/c/d", "a/bc"]
    found = [name for name in names if mailboxes.covers(name, is_subscribed=name == "Inbox")]
    assert found == covered.split()
