"""A connection to a mail host, and messages over it, one after the other."""

import logging
from collections.abc import AsyncIterable, Callable, Iterable
from dataclasses import dataclass, replace

from moxkit.dns import Address
from moxkit.domain import Domain
from moxkit.net import LineConn, TLSInfo
from moxkit.sasl import Mechanism
from moxkit.smtp import Extensions, MailFrom, RcptTo, Reply
from moxkit.smtpclient.client import SmtpClient
from moxkit.smtpclient.errors import NotBegunError, SmtpError
from moxkit.smtpclient.signin import Credentials, sign_in
from moxkit.smtpclient.transportpolicy import TlsPolicy, Verification

__all__ = ["HostConnection", "Letter", "NotSent", "TlsFailure"]

logger = logging.getLogger(__name__)

# A server that takes one recipient at a time makes so many transactions.
_MOST_ROUNDS = 100
# Too many recipients for one transaction (RFC 5321 §4.5.3.1.10); some servers mean it with 552.
_TOO_MANY = frozenset({452, 552})
_CLOSING = 421


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """TLS that did not work, whether it mattered or not (RFC 8460 §4.3, §4.4).

    Attributes:
        result_type: As in TLS reports.
        address: Of the host.
        reason: More exactly why, such as the alert the host sent.
        mattered: The connection was not used because of it.
        judged_by: By which rules a certificate was not good enough; `NONE` where TLS itself did not work.
        local_address: From where we were connected; empty if that is not known.
        server_name: What the host called itself; empty if it did not say.
    """

    result_type: str
    address: Address
    reason: str = ""
    mattered: bool = False
    judged_by: Verification = Verification.NONE
    local_address: str = ""
    server_name: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with its envelope.

    Attributes:
        mail_from: Sender, and what the message is: its size, whether it has 8-bit text, needs SMTPUTF8 or
            REQUIRETLS. What the server does not offer is left out, or the letter is not sent.
        recipients: At least one.
        content: Gives the octets, lines ending in CRLF; called for each transaction.
        needs_8bit: A server without 8BITMIME does not get it (RFC 6152 §3).
    """

    mail_from: MailFrom
    recipients: tuple[RcptTo, ...]
    content: Callable[[], Iterable[bytes] | AsyncIterable[bytes]]
    needs_8bit: bool = False


@dataclass(frozen=True, slots=True)
class NotSent:
    """A letter that this host cannot take, as it says itself."""

    enhanced: str
    text: str


class HostConnection:
    """A connection that letters can be sent over, one after the other.

    Attributes:
        host: Whom it is to.
        address: Where.
        failures: Of TLS on the way here.
        is_verified: The host has proved who it is, as its policy asks.
        letters: How many it was used for.
    """

    def __init__(
        self,
        host: Domain | Address,
        address: Address,
        client: SmtpClient,
        policy: TlsPolicy,
        failures: tuple[TlsFailure, ...] = (),
    ) -> None:
        self.host = host
        self.address = address
        self.failures = failures
        self.is_verified = client.is_tls and policy.verification is not Verification.NONE
        self.letters = 0
        self._client = client

    @property
    def tls(self) -> TLSInfo | None:
        """What was negotiated; None without TLS."""
        return self._client.tls

    @property
    def extensions(self) -> Extensions:
        """What the host offers."""
        return self._client.extensions

    @property
    def is_over(self) -> bool:
        """Whether the connection is of no more use."""
        return self._client.is_over

    @property
    def passes_on_dsn(self) -> bool:
        """Whether the host hears what notifications the sender wants (RFC 3461 §5.2.1)."""
        return "DSN" in self._client.extensions

    async def sign_in(self, credentials: Credentials) -> Mechanism:
        """Sign in; return how.

        Raises:
            NoMechanismError: No mechanism that may be used is offered.
            SmtpError, moxkit.sasl.SaslError: We are not believed, or the server is not to be.
            ConnectionError, TimeoutError: The connection broke.
        """
        return await sign_in(self._client, credentials)

    async def send(self, letter: Letter) -> tuple[Reply, ...] | NotSent:
        """Send a letter; return what the host said for each recipient.

        Recipients that were too many for one transaction go into further ones.

        Raises:
            NotBegunError: The host has nothing of the letter: on a connection that was used before, it has
                just closed it.
            ConnectionError, TimeoutError: The connection broke, perhaps before the host could say that it
                has the message; it is of no further use.
        """
        self.letters += 1
        mail_from = _adapt(letter, self._client.extensions)
        if isinstance(mail_from, NotSent):
            return mail_from
        recipients = letter.recipients
        if not self.passes_on_dsn:
            recipients = tuple(RcptTo(each.forward_path) for each in recipients)
        replies: dict[int, Reply] = {}
        waiting = list(range(len(recipients)))
        limit = self.extensions.max_recipients or len(waiting)
        for _ in range(_MOST_ROUNDS):
            if not waiting:
                break
            now, later = waiting[:limit], waiting[limit:]
            try:
                answers = await self._transact(letter, mail_from, [recipients[at] for at in now])
            except (ConnectionError, TimeoutError) as error:
                if not replies:
                    raise
                # Those of the rounds before have their answers: they must not get the message once more.
                logger.debug("connection broke between rounds", extra={"host": str(self.host)})
                broken = Reply(_CLOSING, "4.4.2", str(error) or "no answer in time")
                return tuple(replies.get(at, broken) for at in range(len(recipients)))
            replies.update(zip(now, answers, strict=True))
            crowded = [at for at, reply in zip(now, answers, strict=True) if reply.code in _TOO_MANY]
            # Alone it is not one too many: then the host means something else.
            waiting = [*(crowded if len(crowded) < len(now) else []), *later]
        too_many = Reply(452, "4.5.3", "too many recipients")
        return tuple(replies.get(at, too_many) for at in range(len(recipients)))

    async def _transact(self, letter: Letter, mail_from: MailFrom, recipients: list[RcptTo]) -> list[Reply]:
        try:
            return await self._client.deliver(mail_from, recipients, letter.content())
        except SmtpError as error:
            if error.reply.code == _CLOSING and self.letters > 1:
                # Not about this letter: the host has waited long enough for the next (RFC 5321 §4.5.3.2.7).
                raise NotBegunError(str(error)) from error
            return [error.reply] * len(recipients)

    def detach(self) -> LineConn:
        """Give the connection to somebody else, between letters; it is theirs to close."""
        return self._client.detach()

    async def close(self) -> None:
        """Say goodbye and close."""
        await self._client.quit()


def _adapt(letter: Letter, offered: Extensions) -> MailFrom | NotSent:
    """Leave out what the server does not offer, unless the letter cannot go without."""
    mail_from = letter.mail_from
    if mail_from.requires_tls and "REQUIRETLS" not in offered:
        # RFC 8689 §4.2.1, RFC 8689 §7.2.
        return NotSent("5.7.30", "REQUIRETLS is not supported by the host")
    if mail_from.smtputf8 and "SMTPUTF8" not in offered:
        # RFC 6531 §3.5: the message has to come back.
        return NotSent("5.6.7", "the host does not take internationalised mail (SMTPUTF8)")
    if letter.needs_8bit and "8BITMIME" not in offered:
        return NotSent("5.6.3", "the host does not take 8-bit text (8BITMIME)")
    largest = offered.max_size
    if mail_from.size is not None and largest is not None and mail_from.size > largest > 0:
        return NotSent("5.3.4", f"message is larger than the host's limit of {largest} octets")
    return replace(
        mail_from,
        size=mail_from.size if "SIZE" in offered else None,
        body=mail_from.body if "8BITMIME" in offered else None,
        ret=mail_from.ret if "DSN" in offered else None,
        envid=mail_from.envid if "DSN" in offered else "",
    )
