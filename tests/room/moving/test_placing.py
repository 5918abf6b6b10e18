"""What entries are, and for which mailbox (reference import-export.md §2)."""

from io import BytesIO

import pytest

from mox.moving.entries import Entry, EntryKind, clean_name
from mox.moving.errors import ArchiveError
from mox.moving.placing import Found, FoundKind, Placing


def entry(name: str) -> Entry:
    kind = EntryKind.DIRECTORY if name.endswith("/") else EntryKind.FILE
    return Entry(clean_name(name.encode()), kind, None, BytesIO)


MBOX, MAILDIR, KEYWORDS = FoundKind.MBOX, FoundKind.MAILDIR_MESSAGE, FoundKind.KEYWORDS
NAMES = [
    ("a.mbox", Found(MBOX, "a")),
    ("a/b.mbox", Found(MBOX, "a/b")),
    ("./inbox.mbox", Found(MBOX, "Inbox")),
    ("/abs/a.mbox", Found(MBOX, "abs/a")),
    ("INBOX/a.mbox", Found(MBOX, "Inbox/a")),
    (".mbox", Found(MBOX, "")),
    ("e\u0301.mbox", Found(MBOX, "\u00e9")),
    ("a/new/", Found(FoundKind.MAILBOX, "a")),
    ("a/b/cur/", Found(FoundKind.MAILBOX, "a/b")),
    ("a/", Found(FoundKind.NOTHING)),
    ("a/new/1.x.y", Found(MAILDIR, "a")),
    ("./a/b/tmp/1.x.y:2,S", Found(MAILDIR, "a/b")),
    ("x.mbox/cur/1", Found(MAILDIR, "x.mbox")),
    # A Maildir itself, and Maildir++.
    ("cur/1", Found(MAILDIR, "Inbox")),
    (".Sent.2020/cur/1", Found(MAILDIR, "Sent/2020")),
    ("Maildir/.Entw&APw-rfe/dovecot-keywords", Found(KEYWORDS, "Maildir/Entwürfe")),
    ("dovecot-keywords", Found(KEYWORDS, "Inbox")),
    ("a/b.eml", Found(FoundKind.MESSAGE, "a")),
    ("b.EML", Found(FoundKind.MESSAGE, "Inbox")),
    ("readme.txt", Found(FoundKind.UNKNOWN)),
    ("a/dovecot-uidlist", Found(FoundKind.NOTHING)),
    ("__MACOSX/._a.mbox", Found(FoundKind.NOTHING)),
    ("../x.txt", Found(FoundKind.UNKNOWN)),
]


@pytest.mark.parametrize(("name", "found"), NAMES)
def test_names(name: str, found: Found) -> None:
    assert Placing().place(entry(name)) == found


@pytest.mark.parametrize(
    "name",
    [
        "../a.mbox",
        "a/../b/cur/1",
        "#x.mbox",
        "a\x01/cur/1",
        "..a/cur/1",
        "/".join("a" * 40) + ".mbox",
        "x" * 1500 + ".mbox",
    ],
)
def test_names_that_no_mailbox_can_have(name: str) -> None:
    with pytest.raises(ArchiveError, match="name"):
        Placing().place(entry(name))


def test_prefixes() -> None:
    placing = Placing(skip_prefix="./user/Maildir", below="Old")
    assert placing.place(entry("user/Maildir/cur/1")) == Found(MAILDIR, "Old/Inbox")
    assert placing.place(entry("user/Maildir/.Sent/cur/1")) == Found(MAILDIR, "Old/Sent")
    assert placing.place(entry("other/a.mbox")) == Found(MBOX, "Old/other/a")
    # As text, not as levels: what is behind it goes on.
    assert Placing(skip_prefix="mail-").place(entry("mail-a.mbox")) == Found(MBOX, "a")
