"""Responses about the session as values; one type serves both sides."""

from dataclasses import dataclass

from moxkit.imap.encode import encode_astring, encode_mailbox
from moxkit.imap.lexer import Cursor
from moxkit.imap.readmailboxes import take_mailbox_name

__all__ = [
    "LanguageData",
    "QuotaData",
    "QuotaResource",
    "QuotaRootData",
    "take_language_data",
    "take_quota_data",
    "take_quota_root_data",
]


@dataclass(frozen=True, slots=True)
class LanguageData:
    """LANGUAGE: one tag is the language from now on, several are what there is (RFC 5255 §3.3)."""

    tags: tuple[str, ...]

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        return b"* LANGUAGE (%b)\r\n" % b" ".join(encode_astring(tag, utf8=utf8) for tag in self.tags)


def take_language_data(cursor: Cursor) -> LanguageData:
    """Take what stands behind LANGUAGE.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    cursor.require(b" (")
    tags = [cursor.text(cursor.astring())]
    while cursor.take(b" "):
        tags.append(cursor.text(cursor.astring()))
    cursor.require(b")")
    return LanguageData(tuple(tags))


@dataclass(frozen=True, slots=True)
class QuotaResource:
    """Usage and limit of a resource; STORAGE counts in units of 1024 octets (RFC 9208 §5.1)."""

    name: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class QuotaData:
    """QUOTA of a quota root (RFC 9208 §4.2.1)."""

    root: str
    resources: tuple[QuotaResource, ...]

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        resources = " ".join(f"{entry.name} {entry.used} {entry.limit}" for entry in self.resources)
        return b"* QUOTA %b (%b)\r\n" % (encode_astring(self.root, utf8=utf8), resources.encode("ascii"))


@dataclass(frozen=True, slots=True)
class QuotaRootData:
    """QUOTAROOT: which roots a mailbox counts for (RFC 9208 §4.2.2)."""

    mailbox: str
    roots: tuple[str, ...]

    def encode(self, *, utf8: bool = False) -> bytes:
        """Return the line."""
        roots = [encode_astring(root, utf8=utf8) for root in self.roots]
        return b"* QUOTAROOT %b\r\n" % b" ".join([encode_mailbox(self.mailbox, utf8=utf8), *roots])


def take_quota_data(cursor: Cursor) -> QuotaData:
    """Take what stands behind QUOTA.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    cursor.space()
    root = cursor.text(cursor.astring())
    cursor.require(b" (")
    resources: list[QuotaResource] = []
    while not cursor.take(b")"):
        if resources:
            cursor.space()
        name = cursor.atom()
        cursor.space()
        used = cursor.number()
        cursor.space()
        resources.append(QuotaResource(name, used, cursor.number()))
    return QuotaData(root, tuple(resources))


def take_quota_root_data(cursor: Cursor) -> QuotaRootData:
    """Take what stands behind QUOTAROOT.

    Raises:
        ResponseSyntaxError: Malformed.
    """
    cursor.space()
    mailbox = take_mailbox_name(cursor)
    roots: list[str] = []
    while cursor.take(b" "):
        roots.append(cursor.text(cursor.astring()))
    return QuotaRootData(mailbox, tuple(roots))
