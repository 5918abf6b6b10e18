"""The ways that mail goes out to other hosts, put together."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from mox.app.ground import Ground
from mox.config import CA, StaticTLS
from mox.outgoing import RoutedDelivery, StsPolicies, TlsResults, own_addresses
from mox.runtime import Clock
from moxkit.dns import Resolver
from moxkit.https import HttpsClient
from moxkit.net import system_roots
from moxkit.smtpclient import Dialer

__all__ = ["Outgoing", "make_outgoing", "trusted_roots"]

# Reports are about a day, and made the day after; what could not be sent by then is of no use.
_KEEP_RESULTS = timedelta(days=14)
_FORGET_EVERY_S = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What delivers, and what it remembers of other hosts."""

    deliverer: RoutedDelivery
    policies: StsPolicies
    results: TlsResults
    clock: Clock

    async def forget_old(self) -> None:
        """Forget what is old, again and again."""
        while True:
            await self.results.forget((self.clock.now() - _KEEP_RESULTS).date())
            await self.clock.sleep(_FORGET_EVERY_S)

    async def close(self) -> None:
        """Close connections that wait, and databases."""
        await self.deliverer.close()
        await self.results.close()
        await self.policies.close()


def make_outgoing(ground: Ground, pool: ThreadPoolExecutor, resolver: Resolver) -> Outgoing:
    """Put it together.

    Raises:
        OSError, ValueError: A file of authorities cannot be used.
        mox.database.DatabaseError: A database cannot be used.
    """
    source, clock, data_dir, static = ground.source, ground.clock, ground.data_dir, ground.static
    roots = trusted_roots(static.tls, source.directory)
    https = HttpsClient(resolver, roots=roots, now=clock.now)
    policies = StsPolicies(directory=data_dir, clock=clock, pool=pool, resolver=resolver, get=https.get)
    results = TlsResults(
        directory=data_dir, clock=clock, pool=pool, is_wanted=lambda: not static.no_outgoing_tls_reports
    )
    deliverer = RoutedDelivery(
        current=lambda: source.current,
        resolver=resolver,
        policies=policies,
        dialer=Dialer(static.hostname, roots, clock.now, local_addresses=own_addresses(static)),
        clock=clock,
        tls_results=results,
    )
    return Outgoing(deliverer, policies, results, clock)


def trusted_roots(tls: StaticTLS | None, directory: Path) -> tuple[x509.Certificate, ...]:
    """Return whom to believe, in outgoing connections.

    Raises:
        OSError, ValueError: A file of authorities cannot be used.
    """
    ca = CA(additional_to_system=True) if tls is None or tls.ca is None else tls.ca
    own = [
        certificate
        for name in ca.cert_files
        for certificate in x509.load_pem_x509_certificates((directory / name).read_bytes())
    ]
    return (*(system_roots() if ca.additional_to_system else ()), *own)
