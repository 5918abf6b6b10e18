"""Web sites of listeners: which, below which path, for which hosts, and the ports they share."""

from collections.abc import Callable, Iterator

from starlette.types import ASGIApp

from mox.app.addresses import WebEntry, web_entries
from mox.certificates import Certificates, Names
from mox.config import ConfigSource, Listener
from mox.http import ALPN, HttpServer, Site, is_local_host
from mox.listen import Port
from mox.mailhost import MailHost
from mox.runtime import Clock, Shutdown
from mox.webaccount import AccountParts, account_app
from moxkit.domain import parse_domain
from moxkit.net import TLSContext

__all__ = ["WebPorts"]


class WebPorts:
    """Makes the web ports of all listeners."""

    def __init__(
        self,
        *,
        source: ConfigSource,
        certificates: Certificates,
        account: AccountParts,
        challenges: ASGIApp,
        clock: Clock,
        shutdown: Shutdown,
        is_limited: bool,
    ) -> None:
        """Remember the parts.

        Args:
            source: The configuration; hosts are looked up in it at each request.
            certificates: Of listeners.
            account: What the account site works with.
            challenges: What ACME providers look at.
            clock: For limits and durations.
            shutdown: Connections end once it is asked for.
            is_limited: How much one client asks for is limited.
        """
        self._source = source
        self._certificates = certificates
        mail_host = MailHost(current=lambda: source.current)
        # More sites come here; `web_entries` says where each is served.
        self._sites: dict[str, tuple[ASGIApp, Callable[[Listener, str], bool]]] = {
            "account": (account_app(account), self._serves_account),
            "acme": (challenges, lambda _listener, _host: True),
            "autoconfig": (mail_host.settings, lambda _listener, host: mail_host.serves_settings(host)),
            "mta-sts": (mail_host.policy, lambda _listener, host: mail_host.serves_policy(host)),
        }
        self._clock = clock
        self._shutdown = shutdown
        self._is_limited = is_limited

    def ports(self, listener: Listener, ip: str) -> Iterator[Port]:
        """Yield the web ports of a listener's address; sites on the same port share it.

        Raises:
            OSError, ValueError: A certificate cannot be used.
        """
        entries = web_entries(listener)
        for port in sorted({each.port for each in entries}):
            own = [each for each in entries if each.port == port]
            server = HttpServer(
                sites=[self._site(listener, each) for each in own],
                clock=self._clock,
                shutdown=self._shutdown,
                is_limited=self._is_limited,
            )
            tls = self._tls(listener) if any(each.is_tls for each in own) else None
            yield Port("http" if tls is None else "https", ip, port, server.serve, tls)

    def _tls(self, listener: Listener) -> TLSContext | None:
        if listener.tls is None:
            return None
        names = Names(self._hostname(listener), needs_name=True)
        return self._certificates.context(listener.tls, names=names, session_id=b"mox-web", alpn=ALPN)

    def _site(self, listener: Listener, entry: WebEntry) -> Site:
        app, serves_host = self._sites[entry.name]
        return Site(
            name=entry.name,
            path=entry.path,
            app=app,
            serves_host=lambda host: serves_host(listener, host),
            is_forwarded=entry.is_forwarded,
        )

    def _hostname(self, listener: Listener) -> str:
        return parse_domain(listener.hostname or self._source.current.static.hostname).ascii

    def _serves_account(self, listener: Listener, host: str) -> bool:
        """Say whether people's sites answer for a host (reference http.md §1)."""
        config = self._source.current
        if is_local_host(host):
            return True
        names = [each.client_settings_domain for each in config.domains.values()]
        return host == self._hostname(listener) or any(
            parse_domain(name).ascii == host for name in names if name
        )
