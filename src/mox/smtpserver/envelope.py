"""MAIL and RCPT: who may send, and to whom (RFC 5321 §3.3, RFC 6409 §6.1).

Returns the reply that refuses, or the one that accepts; what was accepted is in the transaction.
"""

from ipaddress import IPv4Address, IPv6Address

from mox.accounts import AddressUnknown, AliasRecipient, DomainDisabled, DomainUnknown, Recipient, SignedIn
from mox.runtime import Clock
from mox.smtpserver.errors import refused_address, size_reply
from mox.smtpserver.futurerelease import check_release
from mox.smtpserver.options import Options
from mox.smtpserver.ports import Addresses
from mox.smtpserver.senderdomain import check_sender_domain
from mox.smtpserver.special import SpecialFailure, SpecialRecipients
from mox.smtpserver.transaction import Transaction
from moxkit.dns import Resolver
from moxkit.domain import Domain
from moxkit.smtp import MailFrom, Path, RcptTo, Reply

__all__ = ["EnvelopeDesk"]


class EnvelopeDesk:
    """Decides on senders and recipients of one listener."""

    def __init__(
        self,
        *,
        options: Options,
        addresses: Addresses,
        clock: Clock,
        resolver: Resolver | None,
        special: SpecialRecipients | None,
        tells_failures: bool,
    ) -> None:
        """Remember what decisions are made on.

        Args:
            options: Of the listener.
            addresses: Knows who exists.
            clock: For recipients that answer late on purpose.
            resolver: Looks senders up; None looks nothing up.
            special: Recipients that fail on purpose, if there are any.
            tells_failures: Unknown recipients can be accepted, since somebody tells the sender later.
        """
        self._options = options
        self._addresses = addresses
        self._clock = clock
        self._resolver = resolver
        self._special = special
        self._tells_failures = tells_failures

    async def mail(self, mail: MailFrom, *, is_tls: bool, signed_in: SignedIn | None) -> Reply | None:
        """Return why a sender is refused, if it is."""
        path = mail.reverse_path
        if (refused := self._parameters(mail, is_tls=is_tls)) is not None:
            return refused
        if path is None:
            return None
        if (refused := await self._sender(path, signed_in)) is not None:
            return refused
        return None if self._special is None else await self._wait(self._special.at_mail(path.localpart))

    def _parameters(self, mail: MailFrom, *, is_tls: bool) -> Reply | None:
        options = self._options
        if options.kind.is_submission and not is_tls and not options.allows_plaintext:
            return Reply(530, "5.7.0", "STARTTLS first")
        if mail.size is not None and mail.size > options.max_message_size:
            return size_reply(options.max_message_size, is_declared=True)
        if mail.requires_tls and not options.allows_requiretls:
            return Reply(555, "5.3.3", "REQUIRETLS is not offered")
        if mail.requires_tls and not is_tls:
            return Reply(523, "5.7.10", "REQUIRETLS needs TLS")
        return check_release(mail, self._clock.now())

    async def _sender(self, path: Path, signed_in: SignedIn | None) -> Reply | None:
        domain, is_submission = path.domain_text, self._options.kind.is_submission
        if not isinstance(path.domain, Domain):
            return Reply(550, "5.7.1" if is_submission else "5.7.0", "sender must have a domain name")
        if not is_submission:
            return None if self._resolver is None else await check_sender_domain(self._resolver, domain)
        if isinstance(self._addresses.resolve(path.localpart, domain), DomainDisabled):
            return Reply(451, "4.3.0", "domain is temporarily disabled")
        if signed_in is None or not self._addresses.may_send_as(signed_in.account, path.localpart, domain):
            return Reply(550, "5.7.1", "not an address of yours")
        return None

    async def rcpt(self, rcpt: RcptTo, transaction: Transaction, *, is_tls: bool) -> Reply:
        """Answer one recipient."""
        options, path = self._options, rcpt.forward_path
        if not options.kind.is_submission and options.requires_starttls and not is_tls:
            return Reply(530, "5.7.0", "STARTTLS first")
        if transaction.count >= options.max_recipients:
            return Reply(452, "4.5.3", "too many recipients")
        if not options.kind.is_submission and transaction.mail.reverse_path is None and transaction.count:
            return Reply(452, "4.5.3", "a notification goes to one recipient")
        if self._special is not None:
            refused = await self._wait(self._special.at_rcpt(path.localpart))
            if refused is not None:
                return refused
        if options.kind.is_submission:
            return self._remote(rcpt, transaction)
        return self._local(path, transaction)

    def _local(self, path: Path, transaction: Transaction) -> Reply:
        if isinstance(path.domain, IPv4Address | IPv6Address):
            return Reply(550, "5.1.1", "not a domain of this server")
        found = self._addresses.resolve(path.localpart, path.domain_text)
        match found:
            case Recipient():
                transaction.local[str(path)] = found
            case AliasRecipient():
                transaction.aliases[str(path)] = found
            case AddressUnknown() if self._tells_failures:
                # Nobody learns by trying which addresses exist; the answer comes after the content.
                transaction.unknown[str(path)] = found
            case _:
                return refused_address(found)
        return Reply(250, "2.1.5", "ok")

    def _remote(self, rcpt: RcptTo, transaction: Transaction) -> Reply:
        path = rcpt.forward_path
        if not isinstance(path.domain, IPv4Address | IPv6Address):
            found = self._addresses.resolve(path.localpart, path.domain_text)
            if not isinstance(found, Recipient | AliasRecipient | DomainUnknown):
                return refused_address(found)
            if isinstance(found, DomainUnknown) and path.domain is None:
                return refused_address(found)
        transaction.remote[str(path)] = rcpt
        return Reply(250, "2.1.5", "ok")

    async def _wait(self, failure: SpecialFailure | None) -> Reply | None:
        if failure is None:
            return None
        if failure.wait_s:
            await self._clock.sleep(failure.wait_s)
        return failure.reply
