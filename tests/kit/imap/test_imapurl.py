"""URLs of messages: examples of the RFCs, what is refused, noise."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from moxkit.imap import (
    ImapUrl,
    ImapUrlError,
    Section,
    SectionText,
    UrlAccess,
    UrlAccessKind,
    parse_imap_url,
)

TOKEN = "91354a473744909de610943775f92038"
MIME = Section((1, 2), SectionText.MIME)

GOOD = [
    # RFC 4469 §3: relative to the server, and to the selected mailbox.
    ("/Drafts;UIDVALIDITY=385759045/;UID=20", {"mailbox": "Drafts", "uidvalidity": 385759045, "uid": 20}),
    ("/INBOX/;UID=21/;SECTION=1.2.MIME", {"mailbox": "INBOX", "uid": 21, "section": MIME}),
    (";UID=14/;SECTION=1.2.MIME", {"mailbox": None, "uid": 14, "section": MIME}),
    (";uid=14/;section=header", {"mailbox": None, "uid": 14, "section": Section((), SectionText.HEADER)}),
    (
        "/a/b%2Fc/;UID=1/;SECTION=HEADER.FIELDS%20(DATE%20FROM)",
        {
            "mailbox": "a/b/c",
            "uid": 1,
            "section": Section((), SectionText.HEADER_FIELDS, ("DATE", "FROM")),
        },
    ),
    # RFC 5092 §6: partials.
    ("/INBOX/;UID=1/;PARTIAL=0.1024", {"mailbox": "INBOX", "uid": 1, "partial": (0, 1024)}),
    (
        "/INBOX/;UID=1/;SECTION=TEXT/;PARTIAL=7",
        {"mailbox": "INBOX", "uid": 1, "section": Section((), SectionText.TEXT), "partial": (7, None)},
    ),
    (
        "imap://minbari.example.org/gray-council;UIDVALIDITY=385759045/;UID=20/;PARTIAL=0.1024",
        {
            "mailbox": "gray-council",
            "uidvalidity": 385759045,
            "uid": 20,
            "partial": (0, 1024),
            "host": "minbari.example.org",
        },
    ),
    # RFC 5092 §3.1: names are UTF-8 behind percent signs.
    (
        "imap://m%C3%B6@[2001:db8::1]:1143/Gr%C3%B6%C3%9Fe/;UID=4294967295",
        {"mailbox": "Größe", "uid": 2**32 - 1, "host": "[2001:db8::1]", "port": 1143, "user": "mö"},
    ),
    ("imap://joe;AUTH=*@h/INBOX/;UID=1", {"mailbox": "INBOX", "uid": 1, "host": "h", "user": "joe"}),
    # RFC 4467 §1: a rump, and the whole.
    (
        "imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred",
        {
            "mailbox": "INBOX",
            "uid": 20,
            "section": Section((1, 2)),
            "host": "example.com",
            "user": "joe",
            "access": UrlAccess(UrlAccessKind.SUBMIT, "fred"),
            "rump": "imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred",
        },
    ),
    (
        "imap://owner@example.com/INBOX/;uid=20;expire=2040-05-31T10:00:00Z;urlauth=anonymous:internal:"
        + TOKEN,
        {
            "mailbox": "INBOX",
            "uid": 20,
            "host": "example.com",
            "user": "owner",
            "expire": datetime(2040, 5, 31, 10, tzinfo=UTC),
            "access": UrlAccess(UrlAccessKind.ANONYMOUS),
            "rump": "imap://owner@example.com/INBOX/;uid=20;expire=2040-05-31T10:00:00Z;urlauth=anonymous",
            "mechanism": "INTERNAL",
            "token": TOKEN,
        },
    ),
    (
        "imap://a@h/x/;uid=1;URLAUTH=user+b%40c:INTERNAL:" + TOKEN.upper(),
        {
            "mailbox": "x",
            "uid": 1,
            "host": "h",
            "user": "a",
            "access": UrlAccess(UrlAccessKind.USER, "b@c"),
            "rump": "imap://a@h/x/;uid=1;URLAUTH=user+b%40c",
            "mechanism": "INTERNAL",
            "token": TOKEN,
        },
    ),
]

REFUSED = [
    "",
    "/",
    "INBOX/;UID=1",
    "/INBOX",
    "/INBOX/",
    "/INBOX;UID=1",
    "/INBOX/;UID=0",
    "/INBOX/;UID=4294967296",
    "/INBOX/;UID=1x",
    "/INBOX/;UID=1/",
    "/INBOX/;UID=1/;SECTION=",
    "/INBOX/;UID=1/;SECTION=0",
    "/INBOX/;UID=1/;SECTION=MIME",
    "/INBOX/;UID=1/;SECTION=1]",
    "/INBOX/;UID=1/;SECTION=1/",
    "/INBOX/;UID=1/;PARTIAL=a",
    "/INBOX/;UID=1/;PARTIAL=1.0",
    "/INBOX/;UID=1;EXPIRE=2030-01-01T00:00:00Z",
    "/INBOX/;UID=1;EXPIRE=2030-13-01T00:00:00Z;URLAUTH=anonymous",
    "/INBOX/;UID=1;EXPIRE=2030-01-01;URLAUTH=anonymous",
    "/INBOX/;UID=1;URLAUTH=somebody",
    "/INBOX/;UID=1;URLAUTH=user+",
    "/INBOX/;UID=1;URLAUTH=anonymous:INTERNAL:1234",
    "/INBOX/;UID=1;URLAUTH=anonymous:INTERNAL",
    "/IN BOX/;UID=1",
    "/Grö/;UID=1",
    "/%zz/;UID=1",
    "/%FF/;UID=1",
    "/%00/;UID=1",
    "imap://h",
    "imap://h/",
    "imap://h/INBOX",
    "imap:///INBOX/;UID=1",
    "imap://a@b@h/INBOX/;UID=1",
    "http://h/INBOX/;UID=1",
    "/" + "x" * 4096 + "/;UID=1",
]


@pytest.mark.parametrize(("text", "attributes"), GOOD)
def test_reads(text: str, attributes: dict[str, object]) -> None:
    assert parse_imap_url(text) == ImapUrl(text=text, **attributes)  # type: ignore[arg-type]  # named as the fields


@pytest.mark.parametrize("text", REFUSED)
def test_refuses(text: str) -> None:
    with pytest.raises(ImapUrlError):
        parse_imap_url(text)


@given(st.text(max_size=80) | st.text("imap:/;UID=1SECTON%20.PARL@hu+h", max_size=60))
def test_noise_gives_a_url_or_the_declared_error(noise: str) -> None:
    for text in (noise, f"/a/;UID=1{noise}", f"imap://h/{noise}"):
        with suppress(ImapUrlError):
            assert parse_imap_url(text).text == text
