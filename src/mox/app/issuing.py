"""Who asks for certificates, put together; imported only where there is an ACME provider."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from mox.acme import Acme, KeptCertificates, Session
from mox.app.addresses import web_entries
from mox.app.ground import Ground
from mox.app.outgoing import trusted_roots
from mox.certificates import Certificates, Challenges
from mox.config import ConfigSource
from mox.observe import AcmeMetrics
from mox.runtime import write_file_durably
from moxkit.dns import DnsError, NotFound, Resolver

__all__ = ["kept_certificates", "make_acme"]

_LOOKUP_S = 10.0


def make_acme(
    ground: Ground,
    *,
    certificates: Certificates,
    challenges: Challenges,
    resolver: Resolver,
    counting: AcmeMetrics,
) -> Acme:
    """Put it together, for the listeners whose `certificates` these are.

    Raises:
        OSError, ValueError: A file of authorities cannot be used.
    """
    source, data_dir = ground.source, ground.data_dir
    trust = _trust(source, data_dir)
    acme = Acme(
        snapshot=lambda: source.current,
        sessions={
            name: Session(
                name,
                provider,
                data_dir=data_dir,
                directory=source.directory,
                challenges=challenges,
                trust=trust,
            )
            for name, provider in source.current.static.acme.items()
        },
        data_dir=data_dir,
        clock=ground.clock,
        read_file=certificates.read,
        ways=lambda provider: _ways(source, provider),
        is_in_dns=partial(_is_in_dns, resolver),
        counting=counting,
    )
    certificates.issued_by(acme)
    return acme


def kept_certificates(ground: Ground, counting: AcmeMetrics) -> KeptCertificates:
    """Return the certificates that another process asks for."""
    return KeptCertificates(
        snapshot=lambda: ground.source.current,
        data_dir=ground.data_dir,
        clock=ground.clock,
        counting=counting,
    )


def _trust(source: ConfigSource, data_dir: Path) -> Path:
    """Return a file with the authorities of outgoing TLS; what speaks to providers wants a file."""
    roots = trusted_roots(source.current.static.tls, source.directory)
    path = data_dir / "acme" / "authorities.pem"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    write_file_durably(path, b"".join(root.public_bytes(Encoding.PEM) for root in roots), 0o640)
    return path


def _ways(source: ConfigSource, provider: str) -> Sequence[str]:
    """Name the challenges that a provider's looks find answered: its port is always listened on."""
    own = [
        listener
        for listener in source.current.static.listeners.values()
        if listener.tls is not None and listener.tls.acme == provider
    ]
    has_plain = any(entry.name == "acme" for listener in own for entry in web_entries(listener))
    return ["tls-alpn-01", "http-01"] if has_plain else ["tls-alpn-01"]


async def _is_in_dns(resolver: Resolver, host: str) -> bool:
    """Say whether a host has an address; if that is not known, the provider may know more."""
    try:
        async with asyncio.timeout(_LOOKUP_S):
            await resolver.ips(f"{host}.")
    except NotFound:
        return False
    except (DnsError, TimeoutError):
        return True
    return True
