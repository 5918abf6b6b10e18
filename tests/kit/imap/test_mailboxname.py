"""Mailbox names: both wire forms, and the names that no mailbox can have."""

import pytest
from hypothesis import given, strategies as st

from moxkit.imap import (
    MailboxNameError,
    check_mailbox_name,
    decode_mailbox,
    decode_modified_utf7,
    encode_modified_utf7,
)


@pytest.mark.parametrize(
    ("name", "octets"),
    [
        ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501 §5.1.3
        ("a & b", b"a &- b"),
        ("&", b"&-"),
        ("😀", b"&2D3eAA-"),
        ("", b""),
    ],
)
def test_modified_utf7(name: str, octets: bytes) -> None:
    assert encode_modified_utf7(name) == octets
    assert decode_modified_utf7(octets) == name


@given(st.text())
def test_modified_utf7_survives_the_wire(name: str) -> None:
    octets = encode_modified_utf7(name)
    assert octets.isascii()
    assert decode_modified_utf7(octets) == name


@given(st.one_of(st.binary(), st.text("&-,+AQ", max_size=12).map(str.encode)))
def test_noise_gives_a_name_with_one_spelling_or_the_error(noise: bytes) -> None:
    try:
        name = decode_modified_utf7(noise)
    except MailboxNameError:
        return
    assert encode_modified_utf7(name) == noise


@pytest.mark.parametrize(
    "octets",
    [b"&", b"&AOQ", b"\xc3\xa4", b"&AGE-", b"&AOR-", b"&AOQ-&AOQ-", b"&2D0-", b"&A-", b"a\n"],
    ids=["open", "unended", "raw", "printable", "padding", "two shifts", "surrogate", "short", "control"],
)
def test_refuses_other_spellings(octets: bytes) -> None:
    """RFC 3501 §5.1.3: the same name must not be written in two ways."""
    with pytest.raises(MailboxNameError):
        decode_modified_utf7(octets)


def test_utf8_form_is_strict() -> None:
    assert decode_mailbox(b"\xc3\xa4&-", utf8=True) == "ä&-"
    with pytest.raises(MailboxNameError):
        decode_mailbox(b"\xff", utf8=True)


@pytest.mark.parametrize(
    ("name", "checked"),
    [
        ("inbox", "Inbox"),
        ("INBOX/a", "Inbox/a"),
        ("a/INBOX", "a/INBOX"),
        ("inboxes", "inboxes"),
        ("a%*&", "a%*&"),
        ("ä", "ä"),
    ],
)
def test_names_a_mailbox_can_have(name: str, checked: str) -> None:
    assert check_mailbox_name(name) == checked


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "a/",
        "/a",
        "a//b",
        ".",
        "a/../b",
        "a/.",
        "#news",
        "a\x00",
        "a\x7f",
        "a\x85",
        "a\u2028",
        "a\u0308",
        "\ud800",
    ],
)
def test_names_no_mailbox_can_have(name: str) -> None:
    with pytest.raises(MailboxNameError):
        check_mailbox_name(name)
