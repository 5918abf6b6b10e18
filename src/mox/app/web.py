"""Web sites of listeners: which, below which path, for which hosts, and the ports they share."""

import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping

from cryptography.hazmat.primitives.serialization import Encoding
from starlette.types import ASGIApp, Receive, Scope, Send

from mox.app.addresses import WebEntry, is_for_mail, web_entries
from mox.app.ground import Ground
from mox.app.metricssite import metrics_app
from mox.app.outgoing import trusted_roots
from mox.certificates import Certificates, Names
from mox.config import ConfigSource, Listener
from mox.http import ALPN, HttpServer, ProblemError, Rank, Site, is_local_host
from mox.listen import Port, Serve
from mox.mailhost import MailHost
from mox.observe import Metrics
from mox.runtime import Shutdown
from mox.webaccount import AccountParts, account_app
from mox.webserver import WebServer
from moxkit.domain import parse_domain
from moxkit.net import TLSContext

__all__ = ["WebPorts"]


_RANKS = {
    "acme": Rank.SYSTEM,
    "autoconfig": Rank.SYSTEM,
    "mta-sts": Rank.SYSTEM,
    "webserver": Rank.CONFIGURED,
}


class WebPorts:
    """Makes the web ports of all listeners."""

    def __init__(
        self,
        ground: Ground,
        *,
        certificates: Certificates,
        account: AccountParts,
        challenges: ASGIApp,
        metrics: Metrics,
        shutdown: Shutdown,
    ) -> None:
        """Remember the parts.

        Args:
            ground: What they stand on; hosts are looked up in its configuration at each request.
            certificates: Of listeners.
            account: What the account site works with.
            challenges: What ACME providers look at.
            metrics: Numbers, to be shown and to count in.
            shutdown: Connections end once it is asked for.
        """
        self._source = source = ground.source
        self._certificates = certificates
        account_site = account_app(account)
        self._web_server = web_server = WebServer(
            current=lambda: source.current,
            own_sites={"account": account_site},
            make_context=lambda: _context_for_web_servers(source),
        )
        mail_host = MailHost(current=lambda: source.current)
        # More sites come here; `web_entries` says where each is served.
        self._sites: dict[str, tuple[ASGIApp, Callable[[Listener, str], bool]]] = {
            "account": (account_site, self._serves_account),
            "acme": (challenges, _everywhere),
            "nothing": (_nothing, _everywhere),
            "autoconfig": (mail_host.settings, lambda _listener, host: mail_host.serves_settings(host)),
            "metrics": (metrics_app(metrics), _everywhere),
            "webserver": (web_server, lambda _listener, host: web_server.serves_host(host)),
            "mta-sts": (mail_host.policy, lambda _listener, host: mail_host.serves_policy(host)),
        }
        self._metrics = metrics
        self._clock = ground.clock
        self._shutdown = shutdown
        self._is_limited = not ground.is_local

    def ports(self, listener: Listener, ip: str, mail: Mapping[str, Serve]) -> Iterator[Port]:
        """Yield the web ports of a listener's address; sites on the same port share it.

        Args:
            listener: Its configuration.
            ip: Of the address.
            mail: Who serves mail programs on the port of web sites, by protocol (ALPN).

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
                is_limited=self._is_limited and not any(each.is_unlimited for each in own),
                counting=self._metrics.http,
            )
            others = mail if is_for_mail(listener, port) else {}
            tls = self._tls(listener, others) if any(each.is_tls for each in own) else None
            yield Port("http" if tls is None else "https", ip, port, server.serve, tls, others)

    async def close(self) -> None:
        """Close connections to other web servers."""
        await self._web_server.close()

    def _tls(self, listener: Listener, others: Iterable[str]) -> TLSContext | None:
        if listener.tls is None:
            return None
        names = Names(self._hostname(listener), needs_name=True)
        alpn = (*ALPN, *others)
        return self._certificates.context(listener.tls, names=names, session_id=b"mox-web", alpn=alpn)

    def _site(self, listener: Listener, entry: WebEntry) -> Site:
        app, serves_host = self._sites[entry.name]
        return Site(
            name=entry.name,
            path=entry.path,
            app=app,
            serves_host=lambda host: serves_host(listener, host),
            is_forwarded=entry.is_forwarded,
            rank=_RANKS.get(entry.name, Rank.OWN),
            takes_websockets=entry.name == "webserver",
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


def _everywhere(_listener: Listener, _host: str) -> bool:
    return True


def _context_for_web_servers(source: ConfigSource) -> ssl.SSLContext:
    roots = trusted_roots(source.current.static.tls, source.directory)
    return ssl.create_default_context(cadata=b"".join(root.public_bytes(Encoding.DER) for root in roots))


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise ProblemError(404, "There are no web pages here.")
