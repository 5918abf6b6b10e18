"""What SORT and THREAD compare of a message (RFC 5256 §2, RFC 5957 §3). Pure."""

from dataclasses import dataclass

from moxkit.imap import unicode_casemap
from moxkit.message import (
    Address,
    Group,
    Headers,
    base_subject,
    message_id,
    parse_addresses,
    parse_date,
    references,
)

__all__ = ["SortFacts", "read_facts"]

# Longer strings are compared by their beginning.
_LONGEST = 1000
# The last ones are the closest ancestors.
_MOST_ANCESTORS = 100


@dataclass(frozen=True, slots=True)
class SortFacts:
    """One message; strings are mapped for comparison, absent ones empty.

    Attributes:
        sent_at: Unix seconds; None if there is no Date that can be read.
        sent_day: Day of the Date field as it is written, as an ordinal.
        from_: Localpart of the first address; likewise `to_` and `cc`.
        display_from: Its display name, or else the address; likewise `display_to`.
        subject: The base subject.
        is_reply: The subject says that it is a reply or a forward.
        message_id: In its own case; empty if there is none.
        ancestors: Message ids it refers to, oldest first.
    """

    sent_at: int | None
    sent_day: int | None
    from_: str
    to_: str
    cc: str
    display_from: str
    display_to: str
    subject: str
    is_reply: bool
    message_id: str
    ancestors: tuple[str, ...]


def read_facts(headers: Headers) -> SortFacts:
    """Learn what is compared."""
    sent = parse_date(headers.first("date") or b"")
    subject = base_subject(headers.text("subject") or "")
    sender, recipient, copied = (_first(headers, name) for name in ("from", "to", "cc"))
    return SortFacts(
        sent_at=None if sent is None else int(sent.timestamp()),
        sent_day=None if sent is None else sent.toordinal(),
        from_=_mapped(_localpart(sender)),
        to_=_mapped(_localpart(recipient)),
        cc=_mapped(_localpart(copied)),
        display_from=_mapped(_display(sender)),
        display_to=_mapped(_display(recipient)),
        subject=_mapped(subject.text),
        is_reply=subject.is_reply_or_forward,
        message_id=_stored(message_id(headers, keep_case=True) or ""),
        ancestors=tuple(map(_stored, references(headers, keep_case=True)[-_MOST_ANCESTORS:])),
    )


def _first(headers: Headers, name: str) -> Address | Group | None:
    values = headers.raw(name)
    entries = parse_addresses(values[0]).entries if values else ()
    return entries[0] if entries else None


def _localpart(entry: Address | Group | None) -> str:
    # The envelope shows a group's name as the mailbox of an address without host (RFC 9051 §7.5.2).
    match entry:
        case Address(localpart=localpart):
            return localpart
        case Group(name=name):
            return name
        case None:
            return ""


def _display(entry: Address | Group | None) -> str:
    if isinstance(entry, Address):
        return entry.name or (str(entry) if entry.domain else entry.localpart)
    return _localpart(entry)


def _mapped(text: str) -> str:
    return unicode_casemap(text[:_LONGEST])


def _stored(identifier: str) -> str:
    """Make an identifier fit for a list that is separated by spaces, and for the database."""
    return "".join(identifier.split()).replace("\0", "\ufffd").encode("utf-8", "replace").decode()
