"""Connecting to a mail host as securely as its policy asks.

What TLS came to is noted for TLS reports, also where it does not matter for the delivery (RFC 8460 §4.3).
"""

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from cryptography import x509

from moxkit.dane import Judgement, dane_verdict
from moxkit.dns import Address
from moxkit.domain import Domain
from moxkit.net import (
    ImplicitTLS,
    LineConn,
    SocksProxy,
    TLSContext,
    TLSError,
    Verdict,
    client_context,
    connect,
    connect_by_socks,
    webpki_verdict,
)
from moxkit.smtpclient.client import SmtpClient
from moxkit.smtpclient.errors import SmtpError
from moxkit.smtpclient.hostconnection import HostConnection, TlsFailure
from moxkit.smtpclient.transportpolicy import TlsPolicy, TlsUse, Verification

__all__ = ["Dialer", "HostFailure"]

logger = logging.getLogger(__name__)

# Results of RFC 8460 §4.3 that stand for themselves.
_NO_STARTTLS = "starttls-not-supported"
_GENERAL = "validation-failure"
_RESULT_TYPES = frozenset(
    {_NO_STARTTLS, "certificate-expired", "certificate-host-mismatch", "certificate-not-trusted", _GENERAL}
)
# More than hosts have; with the time for each, this bounds how long a dead host is tried.
_MOST_ADDRESSES = 10


@dataclass(frozen=True, slots=True)
class HostFailure:
    """There is no connection.

    Attributes:
        enhanced: Enhanced status code, of class 4: it may work later.
        text: For people.
        failures: Of TLS.
        code: What the host said instead of welcome, if it was that.
    """

    enhanced: str
    text: str
    failures: tuple[TlsFailure, ...] = ()
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Dialer:
    """Connects to hosts.

    Attributes:
        ehlo: Our name.
        roots: Authorities to believe.
        now: The time to judge certificates for.
        port: Of SMTP.
        timeout_s: For connecting, each address.
        local_addresses: To connect from, at most one of each family; without, that is left to the system.
        proxy: To connect through.
    """

    ehlo: str
    roots: Sequence[x509.Certificate]
    now: Callable[[], dt.datetime]
    port: int = 25
    timeout_s: float = 30
    local_addresses: tuple[Address, ...] = ()
    proxy: SocksProxy | None = None
    context: TLSContext = field(default_factory=client_context)

    async def dial(
        self, host: Domain | Address, addresses: Sequence[Address], policy: TlsPolicy
    ) -> HostConnection | HostFailure:
        """Connect to the first address that answers, with TLS as the policy asks; nothing is raised.

        A host whose TLS is not good enough is not tried at its other addresses: they are the same host.
        """
        failure = HostFailure("4.4.1", f"{host} has no address")
        failures: list[TlsFailure] = []
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return await self._connect(host, address, policy, failures)
            except TLSError as error:
                return HostFailure("4.7.5", f"{host} [{address}]: {error}", tuple(failures))
            except SmtpError as error:
                # Whatever the code: the next host, or this one later, may want to (RFC 5321 §3.1).
                text = f"{host} [{address}] does not want to talk: {error}"
                failure = HostFailure("4.3.0", text, code=error.reply.code)
            except OSError as error:  # ConnectionError and TimeoutError are among them
                failure = HostFailure("4.4.1", f"{host} [{address}]: {str(error) or 'no answer'}")
            logger.debug("host not reached", extra={"host": str(host), "reason": failure.text})
        return replace(failure, failures=tuple(failures))

    async def _connect(
        self, host: Domain | Address, address: Address, policy: TlsPolicy, failures: list[TlsFailure]
    ) -> HostConnection:
        seen = _Seen()
        verdict = self._verdict(host, policy, seen)
        if policy.use is TlsUse.IMMEDIATE:
            return await self._connect_with_tls(host, address, policy, verdict, failures)
        client = await self._hello(await self._open(address))
        if policy.use is TlsUse.NONE:
            return HostConnection(host, address, client, policy)
        try:
            failed = await self._secure(client, policy, verdict)
        except BaseException:
            await client.quit()
            raise
        if failed is not None:
            is_required = policy.use is TlsUse.REQUIRED
            failures.append(_failure_of(failed, address, policy, client, seen, mattered=is_required))
            # What is left of a connection whose TLS did not work is of no use.
            is_broken = "STARTTLS" in client.extensions
            if is_required or is_broken:
                await client.quit()
            if is_required:
                raise failed
            if is_broken:
                client = await self._hello(await self._open(address))
        elif seen.refusal:
            failures.append(
                TlsFailure(
                    seen.refusal,
                    address,
                    judged_by=Verification.WEBPKI,
                    local_address=client.local_address,
                    server_name=client.server_name,
                )
            )
        return HostConnection(host, address, client, policy, tuple(failures))

    async def _connect_with_tls(
        self,
        host: Domain | Address,
        address: Address,
        policy: TlsPolicy,
        verdict: Verdict,
        failures: list[TlsFailure],
    ) -> HostConnection:
        """Connect with TLS from the first octet (RFC 8314 §3.3)."""
        tls = ImplicitTLS(self.context, _server_name(policy), verdict)
        try:
            client = await self._hello(await self._open(address, tls))
        except TLSError as error:
            failures.append(_failure_of(error, address, policy, None, _Seen(), mattered=True))
            raise
        return HostConnection(host, address, client, policy, tuple(failures))

    async def _secure(self, client: SmtpClient, policy: TlsPolicy, verdict: Verdict) -> TLSError | None:
        """Begin TLS; return why there is none.

        An alert that comes after the handshake, as TLS 1.3 has it, comes here instead of a reply to EHLO.
        """
        if "STARTTLS" not in client.extensions:
            return TLSError("starttls", _NO_STARTTLS)
        try:
            await client.start_tls(self.context, hostname=_server_name(policy), verdict=verdict)
        except TLSError as error:
            return error
        except SmtpError as error:
            if error.command != "STARTTLS":
                raise
            return TLSError("starttls", str(error))
        except OSError as error:
            return TLSError("starttls", str(error) or "no answer")
        return None

    async def _open(self, address: Address, tls: ImplicitTLS | None = None) -> LineConn:
        if self.proxy is not None:
            return await connect_by_socks(self.proxy, address, self.port, timeout=self.timeout_s)
        local = (str(own) for own in self.local_addresses if own.version == address.version)
        return await connect(
            str(address), self.port, timeout=self.timeout_s, local_address=next(local, None), tls=tls
        )

    async def _hello(self, conn: LineConn) -> SmtpClient:
        return await SmtpClient.begin(conn, ehlo=self.ehlo)

    def _verdict(self, host: Domain | Address, policy: TlsPolicy, seen: "_Seen") -> Verdict:
        public = webpki_verdict(str(host), self.roots, now=self.now) if self.roots else None
        if policy.verification is Verification.WEBPKI:
            return public or (lambda _chain: "certificate-not-trusted")
        if policy.verification is not Verification.DANE or policy.found is None:
            return lambda chain: seen.only_look(public, chain)
        dane = dane_verdict(
            policy.found.records, names=policy.names, now=self.now, on_judged=seen.note_judgement
        )
        return lambda chain: dane(chain) or seen.only_look(public, chain)


@dataclass(slots=True)
class _Seen:
    """What verdicts found that does not decide: whoever gets reports wants to know what would have failed."""

    refusal: str = ""
    detail: str = ""

    def only_look(self, verdict: Verdict | None, chain: tuple[bytes, ...]) -> str | None:
        """Note what another verdict would say, and accept."""
        self.refusal = (verdict(chain) if verdict is not None else None) or ""
        return None

    def note_judgement(self, judgement: Judgement) -> None:
        """Note why DANE refuses."""
        self.detail = judgement.detail


def _server_name(policy: TlsPolicy) -> str | None:
    return str(policy.names[0]) if policy.names else None


def _failure_of(
    error: TLSError,
    address: Address,
    policy: TlsPolicy,
    client: SmtpClient | None,
    seen: _Seen,
    *,
    mattered: bool,
) -> TlsFailure:
    is_known = error.reason in _RESULT_TYPES
    reason = seen.detail if is_known else f"tls-remote-alert-{error.alert}" if error.alert else error.reason
    return TlsFailure(
        error.reason if is_known else _GENERAL,
        address,
        reason,
        mattered,
        judged_by=policy.verification if error.stage == "verify" else Verification.NONE,
        local_address="" if client is None else client.local_address,
        server_name="" if client is None else client.server_name,
    )
