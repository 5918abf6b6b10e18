"""A connection to a mail host that is as secure as its policy asks, and messages over it.

What TLS came to is noted for TLS reports, also where it does not matter for the delivery (RFC 8460 §4.3).
"""

import datetime as dt
import logging
from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from cryptography import x509

from moxkit.dane import dane_verdict
from moxkit.dns import Address
from moxkit.domain import Domain
from moxkit.net import TLSContext, TLSError, TLSInfo, Verdict, client_context, webpki_verdict
from moxkit.smtp import Extensions, MailFrom, Path, Reply
from moxkit.smtpclient.client import SmtpClient
from moxkit.smtpclient.errors import SmtpError
from moxkit.smtpclient.transportpolicy import TlsPolicy, TlsUse, Verification

__all__ = ["Dialer", "HostConnection", "HostFailure", "Letter", "NotSent", "TlsFailure"]

logger = logging.getLogger(__name__)

# Results of RFC 8460 §4.3 that stand for themselves.
_NO_STARTTLS = "starttls-not-supported"
_RESULT_TYPES = frozenset(
    {
        _NO_STARTTLS,
        "certificate-expired",
        "certificate-host-mismatch",
        "certificate-not-trusted",
        "validation-failure",
    }
)
# A server that takes one recipient at a time makes so many transactions.
_MOST_ROUNDS = 100
# Too many recipients for one transaction (RFC 5321 §4.5.3.1.10); some servers mean it with 552.
_TOO_MANY = frozenset({452, 552})


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """TLS that did not work, whether it mattered or not (RFC 8460 §4.3, §4.4).

    Attributes:
        result_type: As in TLS reports.
        address: Of the host.
        reason: More exactly why, such as the alert the host sent.
        mattered: The connection was not used because of it.
    """

    result_type: str
    address: Address
    reason: str = ""
    mattered: bool = False


@dataclass(frozen=True, slots=True)
class HostFailure:
    """There is no connection.

    Attributes:
        enhanced: Enhanced status code, of class 4: it may work later.
        text: For people.
        failures: Of TLS.
    """

    enhanced: str
    text: str
    failures: tuple[TlsFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A message with its envelope.

    Attributes:
        mail_from: Sender, and what the message is: its size, whether it has 8-bit text, needs SMTPUTF8 or
            REQUIRETLS. What the server does not offer is left out, or the letter is not sent.
        recipients: At least one.
        content: Gives the octets, lines ending in CRLF; called for each transaction.
    """

    mail_from: MailFrom
    recipients: tuple[Path, ...]
    content: Callable[[], Iterable[bytes] | AsyncIterable[bytes]]


@dataclass(frozen=True, slots=True)
class NotSent:
    """A letter that this host cannot take, as it says itself."""

    enhanced: str
    text: str


@dataclass(frozen=True, slots=True)
class Dialer:
    """Connects to hosts.

    Attributes:
        ehlo: Our name.
        roots: Authorities to believe.
        now: The time to judge certificates for.
        port: Of SMTP.
        timeout_s: For connecting and greeting, each address.
        local_address: To connect from; None leaves that to the system.
    """

    ehlo: str
    roots: Sequence[x509.Certificate]
    now: Callable[[], dt.datetime]
    port: int = 25
    timeout_s: float = 30
    local_address: str | None = None
    context: TLSContext = field(default_factory=client_context)

    async def dial(
        self, host: Domain, addresses: Sequence[Address], policy: TlsPolicy
    ) -> "HostConnection | HostFailure":
        """Connect to the first address that answers, with TLS as the policy asks; nothing is raised.

        A host whose TLS is not good enough is not tried at its other addresses: they are the same host.
        """
        failure = HostFailure("4.4.1", f"{host} has no address")
        failures: list[TlsFailure] = []
        for address in addresses:
            try:
                return await self._connect(host, address, policy, failures)
            except TLSError as error:
                return HostFailure("4.7.5", f"{host} [{address}]: {error}", tuple(failures))
            except SmtpError as error:
                failure = HostFailure("4.3.0", f"{host} [{address}] does not want to talk: {error}")
            except OSError as error:  # ConnectionError and TimeoutError are among them
                failure = HostFailure("4.4.1", f"{host} [{address}]: {str(error) or 'no answer'}")
        return replace(failure, failures=tuple(failures))

    async def _connect(
        self, host: Domain, address: Address, policy: TlsPolicy, failures: list[TlsFailure]
    ) -> "HostConnection":
        client = await self._hello(address)
        seen = _Seen()
        failed = await self._secure(client, policy, self._verdict(host, policy, seen))
        if failed is not None:
            is_required = policy.use is TlsUse.REQUIRED
            failures.append(_failure_of(failed, address, mattered=is_required))
            logger.debug("tls failed", extra={"host": str(host), "reason": failed.reason})
            if is_required:
                await client.quit()
                raise failed
            if "STARTTLS" in client.extensions:
                # What is left of the connection is of no use.
                await client.quit()
                client = await self._hello(address)
        if seen.refusal:
            failures.append(TlsFailure(seen.refusal, address))
        return HostConnection(host, address, client, policy, tuple(failures))

    async def _secure(self, client: SmtpClient, policy: TlsPolicy, verdict: Verdict) -> TLSError | None:
        """Begin TLS; return why there is none."""
        if "STARTTLS" not in client.extensions:
            return TLSError("starttls", _NO_STARTTLS)
        try:
            await client.start_tls(self.context, hostname=str(policy.names[0]), verdict=verdict)
        except TLSError as error:
            return error
        except (SmtpError, OSError) as error:
            return TLSError("starttls", str(error) or "no answer")
        return None

    async def _hello(self, address: Address) -> SmtpClient:
        return await SmtpClient.connect(
            str(address),
            self.port,
            ehlo=self.ehlo,
            timeout_s=self.timeout_s,
            local_address=self.local_address,
        )

    def _verdict(self, host: Domain, policy: TlsPolicy, seen: "_Seen") -> Verdict:
        if policy.verification is Verification.DANE and policy.found is not None:
            return dane_verdict(policy.found.records, names=policy.names, now=self.now)
        verdict = webpki_verdict(str(host), self.roots, now=self.now) if self.roots else None
        if policy.verification is Verification.WEBPKI:
            return verdict or (lambda _chain: "certificate-not-trusted")

        def only_look(chain: tuple[bytes, ...]) -> str | None:
            # Whoever gets reports wants to know what would have failed.
            seen.refusal = (verdict(chain) if verdict is not None else None) or ""
            return None

        return only_look


class HostConnection:
    """A connection that letters can be sent over, one after the other.

    Attributes:
        host: Whom it is to.
        address: Where.
        failures: Of TLS on the way here.
        is_verified: The host has proved who it is, as its policy asks.
    """

    def __init__(
        self,
        host: Domain,
        address: Address,
        client: SmtpClient,
        policy: TlsPolicy,
        failures: tuple[TlsFailure, ...],
    ) -> None:
        self.host = host
        self.address = address
        self.failures = failures
        self.is_verified = client.is_tls and policy.verification is not Verification.NONE
        self._client = client

    @property
    def tls(self) -> TLSInfo | None:
        """What was negotiated; None without TLS."""
        return self._client.tls

    @property
    def extensions(self) -> Extensions:
        """What the host offers."""
        return self._client.extensions

    async def send(self, letter: Letter) -> tuple[Reply, ...] | NotSent:
        """Send a letter; return what the host said for each recipient.

        Recipients that were too many for one transaction go into further ones.

        Raises:
            ConnectionError, TimeoutError: The connection broke, perhaps before the host could say that it
                has the message; it is of no further use.
        """
        mail_from = _adapt(letter.mail_from, self._client)
        if isinstance(mail_from, NotSent):
            return mail_from
        replies: dict[int, Reply] = {}
        waiting = list(range(len(letter.recipients)))
        limit = self._client.extensions.max_recipients or len(waiting)
        for _ in range(_MOST_ROUNDS):
            if not waiting:
                break
            now, later = waiting[:limit], waiting[limit:]
            answers = await self._transact(letter, mail_from, [letter.recipients[at] for at in now])
            replies.update(zip(now, answers, strict=True))
            crowded = [at for at, reply in zip(now, answers, strict=True) if reply.code in _TOO_MANY]
            # Alone it is not one too many: then the host means something else.
            waiting = [*(crowded if len(crowded) < len(now) else []), *later]
        return tuple(
            replies.get(at, Reply(452, "4.5.3", "too many recipients"))
            for at in range(len(letter.recipients))
        )

    async def _transact(self, letter: Letter, mail_from: MailFrom, recipients: list[Path]) -> list[Reply]:
        try:
            return await self._client.deliver(mail_from, recipients, letter.content())
        except SmtpError as error:
            return [error.reply] * len(recipients)

    async def close(self) -> None:
        """Say goodbye and close."""
        await self._client.quit()


@dataclass(slots=True)
class _Seen:
    """What a verdict that only looks has found."""

    refusal: str = ""


def _adapt(mail_from: MailFrom, client: SmtpClient) -> MailFrom | NotSent:
    """Leave out what the server does not offer, unless the letter cannot go without."""
    offered = client.extensions
    if mail_from.requires_tls and "REQUIRETLS" not in offered:
        # RFC 8689 §4.2.1, RFC 8689 §7.2.
        return NotSent("5.7.30", "REQUIRETLS is not supported by the host")
    if mail_from.smtputf8 and "SMTPUTF8" not in offered:
        # RFC 6531 §3.5: the message has to come back.
        return NotSent("5.6.7", "the host does not take internationalised mail (SMTPUTF8)")
    largest = offered.max_size
    if mail_from.size is not None and largest is not None and mail_from.size > largest > 0:
        return NotSent("5.3.4", f"message is larger than the host's limit of {largest} octets")
    return replace(
        mail_from,
        size=mail_from.size if "SIZE" in offered else None,
        body=mail_from.body if "8BITMIME" in offered else None,
    )


def _failure_of(error: TLSError, address: Address, *, mattered: bool) -> TlsFailure:
    if error.reason in _RESULT_TYPES:
        return TlsFailure(error.reason, address, mattered=mattered)
    reason = f"tls-remote-alert-{error.alert}" if error.alert else error.reason
    return TlsFailure("validation-failure", address, reason, mattered)
