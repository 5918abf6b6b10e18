"""A message that was received whole, and what was found out about it: the same for all recipients."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mox.accounts import Recipient
from mox.delivery.incoming import Incoming
from mox.filtering import Sender, Verdict, networks_of
from mox.reports import ReportProblem, ValidReport
from mox.store import Content, Prepared, open_content
from mox.verification import Verification
from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.message import Headers, Source, addresses_in
from moxkit.publicsuffix import organizational_domain

__all__ = ["Judged", "ReceivedMessage", "sender_of"]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class ReceivedMessage:
    """On stable storage, verified, not yet judged; equal to none but itself.

    Attributes:
        headers: Of the content; empty if its header section is too large to be looked at.
        sender: As far as it was proved.
        received: The Received field for all recipients.
        report: If a recipient takes reports: the one that it is, or why it is none that can be used.
    """

    incoming: Incoming
    content: Content
    prepared: Prepared
    headers: Headers
    verification: Verification
    sender: Sender
    received: bytes
    report: ValidReport | ReportProblem | None = None

    @contextmanager
    def open(self) -> Iterator[Source]:
        """Yield the octets.

        Raises:
            OSError: The file cannot be read.
        """
        with open_content(self.content) as octets:
            yield octets

    def is_named(self, path: str) -> bool:
        """Say whether a recipient, as the client wrote it, stands in To or Cc."""
        localpart, _, domain = path.rpartition("@")
        wanted, at = localpart.lower(), _ascii(domain)
        return any(
            address.localpart.lower() in {wanted, ""} and _ascii(address.domain) == at
            for name in ("to", "cc")
            for address in addresses_in(self.headers, name)
        )

    def hash(self) -> bytes:
        """Return the SHA-256 of the octets; blocking.

        Raises:
            OSError: The file cannot be read.
        """
        with self.open() as octets:
            return hashlib.sha256(octets).digest()


@dataclass(frozen=True, slots=True)
class Judged:
    """A message for one recipient, with what was decided.

    Attributes:
        sender: What counted of the sender: of forwarded mail less.
        is_enforced: A refusal is one; else the message is filed all the same.
    """

    recipient: Recipient
    verdict: Verdict
    sender: Sender
    is_enforced: bool = True

    @property
    def is_filed(self) -> bool:
        """Whether the message goes to the account."""
        return self.verdict.accepts or not self.is_enforced


def sender_of(found: Verification, *, is_tls: bool) -> Sender:
    """Return what filtering looks at, of all that was verified."""
    author_domain = found.author_domain
    org = None if author_domain is None else organizational_domain(author_domain)
    author = ""
    if found.author is not None and author_domain is not None:
        author = f"{found.author.localpart}@{author_domain.ascii}".lower()
    mail_from = found.sender.mail_from
    helo = found.sender.helo_domain
    return Sender(
        author=author,
        author_domain=_text(author_domain),
        author_org=_text(org),
        is_author_validated=found.is_author_validated,
        mail_from=mail_from.lower(),
        mail_from_domain=_ascii(mail_from.rpartition("@")[2]),
        spf=str(found.spf.status),
        is_mail_from_validated=found.is_mail_from_validated,
        ehlo_domain=_text(helo),
        is_ehlo_validated=found.is_ehlo_validated,
        dkim_domains=tuple(domain.ascii for domain in found.verified_domains),
        networks=networks_of(str(found.sender.client_ip)),
        has_reverse_name=found.iprev.name is not None,
        is_tls=is_tls,
        dmarc="none" if found.dmarc is None else str(found.dmarc.status),
        dmarc_rejects=found.dmarc_rejects,
    )


def _text(domain: Domain | None) -> str:
    return "" if domain is None else domain.ascii


def _ascii(name: str) -> str:
    try:
        return parse_domain(name, allow_underscore=True).ascii
    except DomainError:
        return name.lower()
