"""The ENVELOPE of IMAP (RFC 9051 §7.5.2), rendered from the octets of a header."""

from moxkit.domain import DomainError, parse_domain
from moxkit.message.addresses import Address, Group, parse_addresses
from moxkit.message.headers import Headers, header_of
from moxkit.message.imapvalue import Rendered, nstring, nstring_words, string
from moxkit.message.octets import Source
from moxkit.message.part import Part

__all__ = ["EMPTY_ENVELOPE", "envelope_octets", "render_envelope"]

EMPTY_ENVELOPE = b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"


def render_envelope(part: Part, source: Source, *, utf8: bool = True) -> Rendered:
    """Render the ENVELOPE of the message whose header starts ``part``.

    Encoded words stay as they are. With ``utf8=False`` the result is pure ASCII (RFC 6855 §3).
    """
    octets = envelope_octets(header_of(part, source), utf8=utf8)
    return Rendered(octets, not octets.isascii())


def envelope_octets(headers: Headers, *, utf8: bool) -> bytes:
    """Render the ENVELOPE of one header as octets."""
    from_list = _addresses(headers, "from", utf8=utf8)
    sender = _addresses(headers, "sender", utf8=utf8)
    reply_to = _addresses(headers, "reply-to", utf8=utf8)
    fields = (
        nstring(headers.first("date"), utf8=utf8),
        nstring_words(headers.first("subject"), utf8=utf8),
        from_list,
        # An absent or empty Sender or Reply-To is that of From (RFC 9051 §7.5.2).
        from_list if sender == b"NIL" else sender,
        from_list if reply_to == b"NIL" else reply_to,
        _addresses(headers, "to", utf8=utf8),
        _addresses(headers, "cc", utf8=utf8),
        _addresses(headers, "bcc", utf8=utf8),
        nstring(headers.first("in-reply-to"), utf8=utf8),
        nstring(headers.first("message-id"), utf8=utf8),
    )
    return b"(" + b" ".join(fields) + b")"


def _addresses(headers: Headers, name: str, *, utf8: bool) -> bytes:
    values = headers.raw(name)
    if not values:
        return b"NIL"
    lists = [parse_addresses(raw, keep_words=True) for raw in values]
    rendered = [_entry(entry, utf8=utf8) for found in lists for entry in found.entries]
    return b"(" + b"".join(rendered) + b")" if rendered else b"NIL"


def _entry(entry: Address | Group, *, utf8: bool) -> bytes:
    if isinstance(entry, Address):
        return _address(entry, utf8=utf8)
    # A group is a start marker with its name as mailbox, its members, and an end marker.
    members = b"".join(_address(member, utf8=utf8) for member in entry.members)
    name = nstring_words(entry.name.encode(), utf8=utf8)
    return b"(NIL NIL " + name + b" NIL)" + members + b"(NIL NIL NIL NIL)"


def _address(address: Address, *, utf8: bool) -> bytes:
    name = nstring_words(address.name.encode() or None, utf8=utf8)
    # An unreadable address has empty strings, since NIL as host would begin a group.
    mailbox = string(address.localpart.encode(), utf8=utf8)
    host = address.domain if utf8 or address.domain.isascii() else _ascii_domain(address.domain)
    return b"(" + name + b" NIL " + mailbox + b" " + string(host.encode(), utf8=utf8) + b")"


def _ascii_domain(domain: str) -> str:
    try:
        return parse_domain(domain).ascii
    except DomainError:
        return domain
