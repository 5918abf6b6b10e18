"""`mox smtp dial`: every step of a delivery but the message."""

import platform
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import click
from cryptography import x509

from mox.cli.context import print_json
from mox.cli.fetching import https_options
from mox.cli.resolving import DomainArgument, run_lookup
from mox.runtime import SystemClock
from moxkit import dane, mtasts
from moxkit.dns import DnsError, Resolver
from moxkit.domain import Domain
from moxkit.https import HttpsClient
from moxkit.smtpclient import (
    Destination,
    DestinationStatus,
    Dialer,
    HostConnection,
    HostFailure,
    Refused,
    TlsPolicy,
    decide_tls,
    find_destination,
    find_host,
)

__all__ = ["smtp"]


@click.group()
def smtp() -> None:
    """Show how mail to a domain would travel.

    Example: mox smtp dial mox.example
    """


@smtp.command()
@click.argument("domain", type=DomainArgument())
@click.option("--port", default=25, show_default=True, help="Of the mail hosts.")
@click.option("--ehlo", default=platform.node, help="Our name; by default this machine's.")
@click.option("--all", "tries_all", is_flag=True, help="Go on after the first host that would do.")
@click.option("--requiretls", is_flag=True, help="As for a message that must not go without verified TLS.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@https_options
def dial(
    domain: Domain,
    port: int,
    ehlo: str,
    *,
    tries_all: bool,
    requiretls: bool,
    as_json: bool,
    resolver: Resolver,
    client: HttpsClient,
    roots: Sequence[x509.Certificate],
) -> int:
    """Do all that a delivery to DOMAIN does but send a message, and tell each step.

    Hosts by MX, what MTA-STS and DANE ask for, the connection, TLS, what the host offers.

    Exit status 0 if mail would go, 1 if not, 2 if that cannot be known for now.

    Example: mox smtp dial mox.example
    """
    dialer = Dialer(ehlo, roots, SystemClock().now, port=port)
    walk = _Walk(resolver, client, dialer, requires_tls=True if requiretls else None, is_quiet=as_json)
    status = run_lookup(walk.go(domain, tries_all=tries_all))
    if as_json:
        print_json({"status": status, "steps": walk.steps})
    return status


@dataclass
class _Walk:
    """Goes the way of a delivery.

    Attributes:
        steps: What was seen, in order.
    """

    resolver: Resolver
    client: HttpsClient
    dialer: Dialer
    requires_tls: bool | None
    is_quiet: bool
    steps: list[dict[str, object]] = field(default_factory=list)

    def tell(self, step: str, text: str, **details: object) -> None:
        """Note a step; a person sees it at once."""
        self.steps.append({"step": step, "text": text, **details})
        if not self.is_quiet:
            click.echo(f"{step:<12} {text}")

    async def go(self, domain: Domain, *, tries_all: bool) -> int:
        """Return the exit status."""
        destination = await find_destination(self.resolver, domain, shuffle=random.shuffle)
        self._tell_destination(destination)
        if destination.status is not DestinationStatus.FOUND:
            return 2 if destination.status is DestinationStatus.TEMPERROR else 1
        found = await mtasts.lookup(self.resolver, self.client.get, domain)
        self._tell_sts(found)
        if found.is_temporary:
            return 2
        reached = False
        for host in destination.hosts:
            reached = await self._try(host, destination, found.policy) or reached
            if reached and not tries_all:
                break
        return 0 if reached else 1

    def _tell_destination(self, destination: Destination) -> None:
        if destination.status is not DestinationStatus.FOUND:
            self.tell("hosts", destination.problem, status=destination.status)
            return
        hosts = [str(host) for host in destination.hosts]
        how = "itself, without MX" if destination.is_implicit else "by MX"
        dnssec = "with" if destination.authentic else "without"
        if destination.expanded != destination.domain:
            self.tell("alias", f"{destination.domain} is an alias of {destination.expanded}")
        self.tell("hosts", f"{', '.join(hosts)} ({how}, {dnssec} dnssec)", hosts=hosts)

    def _tell_sts(self, found: mtasts.Found) -> None:
        if found.policy is None:
            self.tell("mta-sts", f"none: {found.problem}: {found.detail}", mode=None)
        else:
            mx = ", ".join(found.policy.mx)
            self.tell("mta-sts", f"{found.policy.mode}: {mx or '(no hosts)'}", mode=found.policy.mode)

    async def _try(self, host: Domain, destination: Destination, sts: mtasts.Policy | None) -> bool:
        try:
            found = await find_host(self.resolver, destination, host)
        except DnsError as error:
            self.tell("address", f"{host}: {error}", host=str(host))
            return False
        addresses = [str(address) for address in found.addresses]
        self.tell("address", f"{host}: {', '.join(addresses) or 'none'}", host=str(host), addresses=addresses)
        self.tell("dane", f"{host}: {found.status}{': ' + found.problem if found.problem else ''}")
        policy = decide_tls(host, found=found, sts=sts, requires_tls=self.requires_tls)
        if isinstance(policy, Refused):
            self.tell("refused", f"{policy.enhanced} {policy.text}", host=str(host))
            return False
        self.tell("tls", f"{policy.use}, verification: {policy.verification}", host=str(host))
        return await self._connect(host, found, policy)

    async def _connect(self, host: Domain, found: dane.Found, policy: TlsPolicy) -> bool:
        connection = await self.dialer.dial(host, found.addresses, policy)
        for failure in connection.failures:
            reason = f" ({failure.reason})" if failure.reason else ""
            mattered = "no mail goes this way" if failure.mattered else "told in reports only"
            self.tell("tls failure", f"{failure.address}: {failure.result_type}{reason}; {mattered}")
        if isinstance(connection, HostFailure):
            self.tell("failed", f"{connection.enhanced} {connection.text}", host=str(host))
            return False
        self._tell_connection(host, connection)
        await connection.close()
        return True

    def _tell_connection(self, host: Domain, connection: HostConnection) -> None:
        info = connection.tls
        secured = "without TLS" if info is None else f"{info.version} {info.cipher}"
        verified = "verified" if connection.is_verified else "not verified"
        text = f"{host} [{connection.address}], {secured}, {verified}"
        self.tell("connected", text, host=str(host), tls=None if info is None else info.version)
        offers = list(connection.extensions.parameters)
        self.tell("offers", " ".join(offers), offers=offers)
