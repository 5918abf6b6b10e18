"""Whom an account writes to: the recipients of what is filed in Sent (reference junk-and-reputation §2)."""

from collections.abc import Iterator

from mox.store.senders import Identity, IdentityKind
from moxkit.domain import DomainError, parse_domain
from moxkit.message import Headers, addresses_in
from moxkit.publicsuffix import organizational_domain

__all__ = ["recipients_of"]

# A message to more is a mailing, which makes nobody known.
_MOST_RECIPIENTS = 1_000


def recipients_of(header: bytes) -> tuple[Identity, ...]:
    """Return what is known by a message that was sent: addresses, their domains and organizations."""
    found: dict[Identity, None] = {}
    for localpart, domain in _addresses(Headers(header)):
        if len(found) > 3 * _MOST_RECIPIENTS:
            break
        found[Identity(IdentityKind.SENT_TO, f"{localpart.lower()}@{domain}")] = None
        found[Identity(IdentityKind.SENT_TO_DOMAIN, domain)] = None
        found[Identity(IdentityKind.SENT_TO_ORG, organizational_domain(parse_domain(domain)).ascii)] = None
    return tuple(found)


def _addresses(headers: Headers) -> Iterator[tuple[str, str]]:
    for name in ("to", "cc", "bcc"):
        for address in addresses_in(headers, name):
            try:
                yield address.localpart, parse_domain(address.domain).ascii
            except DomainError:
                continue
