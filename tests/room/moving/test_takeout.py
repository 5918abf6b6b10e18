"""Gmail's labels: mailboxes, flags, or nothing."""

import pytest
from hypothesis import given, strategies as st

from mox.moving.takeout import Labels, parse_labels
from mox.store import parse_flags
from moxkit.message import Headers

USES = {"\\Sent": "Sent", "\\Junk": "Spam", "\\Archive": "Old"}
LABELS = [
    ("Inbox,Unread", ("Inbox",), ""),
    ("Inbox,Opened,Important,Starred,Category Updates", ("Inbox",), "\\Seen \\Flagged $important"),
    ("Archived,Unread", ("Old",), ""),
    ("Important", ("Old",), "\\Seen $important"),
    ("", ("Old",), "\\Seen"),
    ("Sent,Work/Projects", ("Sent", "Work/Projects"), "\\Seen"),
    ("Spam,Trash", ("Spam", "Trash"), "\\Seen"),
    ("Drafts", ("Drafts",), "\\Seen \\Draft"),
    ('"Receipts, paid",Inbox', ("Receipts, paid", "Inbox"), "\\Seen"),
    ("=?UTF-8?Q?Gr=C3=BC=C3=9Fe,Inbox?=", ("Grüße", "Inbox"), "\\Seen"),
]


@pytest.mark.parametrize(("text", "mailboxes", "flags"), LABELS)
def test_labels(text: str, mailboxes: tuple[str, ...], flags: str) -> None:
    found = parse_labels(Headers(f"X-Gmail-Labels: {text}\r\n\r\n".encode()), USES)
    assert found == Labels(mailboxes, parse_flags(flags.split()))


def test_most_messages_have_none() -> None:
    assert parse_labels(Headers(b"Subject: x\r\n\r\n"), USES) is None


@given(st.binary(max_size=100))
def test_noise_has_a_place(noise: bytes) -> None:
    found = parse_labels(Headers(b"X-Gmail-Labels: x" + noise.replace(b"\n", b"") + b"\r\n\r\n"), {})
    assert found is not None
    assert found.mailboxes
