"""From a listener's configuration to ports with their services."""

from collections.abc import Iterator
from dataclasses import replace

import mox
from mox.accounts import Service, ServiceDesk
from mox.app.addresses import USUAL_PORTS, acme_port, mail_protocols
from mox.app.parts import Parts
from mox.app.web import WebPorts
from mox.certificates import Certificates, Names
from mox.config import Listener, SMTPService
from mox.delivery import ReceivingPolicy
from mox.imapserver import ImapServer, Services
from mox.listen import Port, Serve
from mox.runtime import Shutdown
from mox.smtpserver import Counting, Kind, Options, SmtpServer, SpecialRecipients
from moxkit.domain import parse_domain
from moxkit.net import LineConn, TLSContext

__all__ = ["PortMaker"]


class PortMaker:
    """Makes the ports of all listeners from shared parts."""

    def __init__(
        self,
        parts: Parts,
        *,
        certificates: Certificates,
        counting: Counting,
        shutdown: Shutdown,
        web: WebPorts | None,
    ) -> None:
        """Remember the parts.

        Args:
            parts: What works on mail.
            certificates: Of listeners.
            counting: Numbers of the SMTP server.
            shutdown: Connections end once it is asked for.
            web: Ports of web sites; None where another process serves them.
        """
        self._static = parts.ground.static
        self._certificates = certificates
        self._parts = parts
        sign_in, clock = parts.identities.sign_in, parts.ground.clock
        self._imap_desk = ServiceDesk(desk=sign_in, service=Service.IMAP, clock=clock)
        self._submission_desk = ServiceDesk(desk=sign_in, service=Service.SUBMISSION, clock=clock)
        self._counting = counting
        self._shutdown = shutdown
        self._web = web

    def ports(self, listener: Listener) -> Iterator[Port]:
        """Yield a listener's ports, one for each address and service.

        Raises:
            OSError, ValueError: A certificate cannot be used.
        """
        for ip in listener.ips:
            yield from self._smtp_ports(listener, ip)
            yield from self._imap_ports(listener, ip)
            if self._web is None:
                continue
            yield from self._web.ports(listener, ip, self._on_https(listener))
            if (port := acme_port(self._static, listener)) is not None:
                yield Port("acme", ip, port, _looked_at, self._certificates.looked_at())

    def _on_https(self, listener: Listener) -> dict[str, Serve]:
        """Return who serves mail programs on the port of web sites; they are not asked for certificates."""
        servers: dict[str, Serve] = {}
        for protocol, name in mail_protocols(listener).items():
            if name == "imaps":
                servers[protocol] = self._imap(listener, tls=None, allows_plaintext=True).serve
            else:
                servers[protocol] = self._smtp(self._options(Kind.SUBMISSIONS, listener), None).serve
        return servers

    def _tls(self, listener: Listener, desk: ServiceDesk | None = None) -> TLSContext | None:
        """Return the TLS context of a listener's service; one for people asks for client certificates."""
        if listener.tls is None:
            return None
        asks = desk is not None and not listener.tls.client_auth_disabled
        smtp = listener.smtp
        return self._certificates.context(
            listener.tls,
            names=Names(self._hostname(listener), is_lenient=desk is None),
            # Sessions are resumed where the same is asked of the client, and nowhere else.
            session_id=b"mox-clients" if asks else b"mox",
            # A large sender fails with tickets on port 25.
            tickets=desk is not None or (smtp is not None and smtp.tls_session_tickets_disabled is False),
            judge_client=desk.judge_client if asks and desk is not None else None,
        )

    def _hostname(self, listener: Listener) -> str:
        return parse_domain(listener.hostname or self._static.hostname).ascii

    def _smtp_ports(self, listener: Listener, ip: str) -> Iterator[Port]:
        if listener.smtp is not None and listener.smtp.enabled:
            starttls = None if listener.smtp.no_starttls else self._tls(listener)
            options = self._options(Kind.SMTP, listener)
            yield Port("smtp", ip, listener.smtp.port, self._smtp(options, starttls).serve)
        tls = self._tls(listener, self._submission_desk)
        if listener.submission is not None and listener.submission.enabled:
            allows = listener.submission.no_require_starttls
            options = replace(self._options(Kind.SUBMISSION, listener), allows_plaintext=allows)
            port = listener.submission.port or USUAL_PORTS["submission"]
            yield Port("submission", ip, port, self._smtp(options, tls).serve)
        if listener.submissions is not None and listener.submissions.enabled and tls is not None:
            port = listener.submissions.port or USUAL_PORTS["submissions"]
            server = self._smtp(self._options(Kind.SUBMISSIONS, listener), None)
            yield Port("submissions", ip, port, server.serve, tls)

    def _options(self, kind: Kind, listener: Listener) -> Options:
        return Options(
            kind=kind,
            hostname=self._hostname(listener),
            max_message_size=listener.smtp_max_message_size,
            requires_starttls=listener.smtp is not None and listener.smtp.require_starttls,
            allows_requiretls=listener.smtp is None or not listener.smtp.no_require_tls,
            is_pedantic=self._static.pedantic,
            receiving=_receiving(listener.smtp),
            # In localserve nobody waits.
            slows_unwanted=not self._parts.ground.is_local,
        )

    def _smtp(self, options: Options, tls: TLSContext | None) -> SmtpServer:
        # In localserve nothing is refused because of DNS, and nobody is limited or slowed down.
        return SmtpServer(
            options=options,
            spools=self._parts.store.spools,
            accounts=self._parts.accounts,
            delivery=self._parts.receiving.delivery,
            submission=self._parts.submission,
            desk=self._submission_desk,
            clock=self._parts.ground.clock,
            shutdown=self._shutdown,
            tls_context=tls,
            special_recipients=SpecialRecipients() if self._parts.ground.is_local else None,
            counting=self._counting,
        )

    def _imap(self, listener: Listener, *, tls: TLSContext | None, allows_plaintext: bool) -> ImapServer:
        source = self._parts.ground.source
        services = Services(
            store=self._parts.store,
            desk=self._imap_desk,
            clock=self._parts.ground.clock,
            appendlimit_octets=listener.smtp_max_message_size,
            message_limit=self._static.imap_message_limit,
            version=mox.__version__,
            hidden_capabilities=lambda name: source.current.accounts[name].imap_capabilities_disabled,
            account_of=self._parts.accounts.account_for_login,
        )
        return ImapServer(
            services=services, shutdown=self._shutdown, tls=tls, allows_plaintext=allows_plaintext
        )

    def _imap_ports(self, listener: Listener, ip: str) -> Iterator[Port]:
        tls = self._tls(listener, self._imap_desk)
        if listener.imap is not None and listener.imap.enabled:
            server = self._imap(listener, tls=tls, allows_plaintext=listener.imap.no_require_starttls)
            yield Port("imap", ip, listener.imap.port or USUAL_PORTS["imap"], server.serve)
        if listener.imaps is not None and listener.imaps.enabled and tls is not None:
            server = self._imap(listener, tls=None, allows_plaintext=True)
            yield Port("imaps", ip, listener.imaps.port or USUAL_PORTS["imaps"], server.serve, tls)


def _receiving(smtp: SMTPService | None) -> ReceivingPolicy:
    if smtp is None:
        return ReceivingPolicy()
    zones = tuple(parse_domain(name) for name in smtp.dnsbls)
    return ReceivingPolicy(zones, smtp.first_time_sender_delay.total_seconds())


async def _looked_at(_conn: LineConn) -> None:
    """Serve a connection on which the handshake is all that counts (RFC 8737 §3)."""
