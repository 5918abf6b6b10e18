"""Web sites of listeners: which, below which path, for which hosts, and the ports they share."""

from collections.abc import Iterator
from dataclasses import dataclass

from mox.app.addresses import HTTP_PORT, HTTPS_PORT
from mox.certificates import Certificates
from mox.config import ConfigSource, Listener, WebService
from mox.http import ALPN, HttpServer, Site, is_local_host
from mox.listen import Port
from mox.runtime import Clock, Shutdown
from mox.webaccount import AccountParts, account_app
from moxkit.domain import parse_domain
from moxkit.net import TLSContext

__all__ = ["WebPorts"]


@dataclass(frozen=True, slots=True)
class _Service:
    """A site of a listener: its configuration, and how it is served."""

    service: WebService
    is_tls: bool
    site: Site

    @property
    def port(self) -> int:
        return self.service.port or (HTTPS_PORT if self.is_tls else HTTP_PORT)


class WebPorts:
    """Makes the web ports of all listeners."""

    def __init__(
        self,
        *,
        source: ConfigSource,
        certificates: Certificates,
        account: AccountParts,
        clock: Clock,
        shutdown: Shutdown,
        is_limited: bool,
    ) -> None:
        """Remember the parts.

        Args:
            source: The configuration; hosts are looked up in it at each request.
            certificates: Of listeners.
            account: What the account site works with.
            clock: For limits and durations.
            shutdown: Connections end once it is asked for.
            is_limited: How much one client asks for is limited.
        """
        self._source = source
        self._certificates = certificates
        self._account = account_app(account)
        self._clock = clock
        self._shutdown = shutdown
        self._is_limited = is_limited

    def ports(self, listener: Listener, ip: str) -> Iterator[Port]:
        """Yield the web ports of a listener's address; sites on the same port share it.

        Raises:
            OSError, ValueError: A certificate cannot be used.
        """
        services = list(self._services(listener))
        for port in sorted({each.port for each in services}):
            sites = [each.site for each in services if each.port == port]
            server = HttpServer(
                sites=sites, clock=self._clock, shutdown=self._shutdown, is_limited=self._is_limited
            )
            is_tls = any(each.is_tls for each in services if each.port == port)
            yield Port(
                "https" if is_tls else "http", ip, port, server.serve, self._tls(listener) if is_tls else None
            )

    def _tls(self, listener: Listener) -> TLSContext | None:
        if listener.tls is None:
            return None
        return self._certificates.context(listener.tls, session_id=b"mox-web", alpn=ALPN)

    def _services(self, listener: Listener) -> Iterator[_Service]:
        # More sites come here: each is a name, a usual path, and its two services.
        for service, is_tls in ((listener.account_http, False), (listener.account_https, True)):
            if service is not None and service.enabled and (not is_tls or listener.tls is not None):
                site = Site(
                    name="account",
                    path=service.path or "/",
                    app=self._account,
                    serves_host=lambda host: self._serves_account(listener, host),
                    is_forwarded=service.forwarded,
                )
                yield _Service(service, is_tls, site)

    def _serves_account(self, listener: Listener, host: str) -> bool:
        """Say whether people's sites answer for a host (reference http.md §1)."""
        config = self._source.current
        if is_local_host(host):
            return True
        names = [listener.hostname or config.static.hostname]
        names += [
            domain.client_settings_domain
            for domain in config.domains.values()
            if domain.client_settings_domain
        ]
        return any(parse_domain(name).ascii == host for name in names)
