"""`mox smtp dial`: every step of a delivery but the message."""

import platform
import random
from collections.abc import Sequence
from dataclasses import dataclass

import click
from cryptography import x509

from mox.cli.fetching import https_options
from mox.cli.resolving import DomainArgument, run_lookup
from mox.cli.steps import Steps
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

__all__ = ["smtp", "tell_connection", "tell_destination", "tell_failures"]


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
    steps = Steps(as_json)
    walk = _Walk(steps, resolver, client, dialer, True if requiretls else None)
    return steps.finish(run_lookup(walk.go(domain, tries_all=tries_all)))


@dataclass
class _Walk:
    """Goes the way of a delivery."""

    steps: Steps
    resolver: Resolver
    client: HttpsClient
    dialer: Dialer
    requires_tls: bool | None

    async def go(self, domain: Domain, *, tries_all: bool) -> int:
        """Return the exit status."""
        destination = await find_destination(self.resolver, domain, shuffle=random.shuffle)
        tell_destination(self.steps, destination)
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

    def _tell_sts(self, found: mtasts.Found) -> None:
        if found.policy is None:
            self.steps.tell("mta-sts", f"none: {found.problem}: {found.detail}", mode=None)
        else:
            mx = ", ".join(found.policy.mx)
            self.steps.tell("mta-sts", f"{found.policy.mode}: {mx or '(no hosts)'}", mode=found.policy.mode)

    async def _try(self, host: Domain, destination: Destination, sts: mtasts.Policy | None) -> bool:
        try:
            found = await find_host(self.resolver, destination, host)
        except DnsError as error:
            self.steps.tell("address", f"{host}: {error}", host=str(host))
            return False
        addresses = [str(address) for address in found.addresses]
        self.steps.tell(
            "address", f"{host}: {', '.join(addresses) or 'none'}", host=str(host), addresses=addresses
        )
        self.steps.tell("dane", f"{host}: {found.status}{': ' + found.problem if found.problem else ''}")
        policy = decide_tls(host, found=found, sts=sts, requires_tls=self.requires_tls)
        if isinstance(policy, Refused):
            self.steps.tell("refused", f"{policy.enhanced} {policy.text}", host=str(host))
            return False
        self.steps.tell("tls", f"{policy.use}, verification: {policy.verification}", host=str(host))
        return await self._connect(host, found, policy)

    async def _connect(self, host: Domain, found: dane.Found, policy: TlsPolicy) -> bool:
        connection = await self.dialer.dial(host, found.addresses, policy)
        tell_failures(self.steps, connection)
        if isinstance(connection, HostFailure):
            self.steps.tell("failed", f"{connection.enhanced} {connection.text}", host=str(host))
            return False
        tell_connection(self.steps, connection)
        await connection.close()
        return True


def tell_destination(steps: Steps, destination: Destination) -> None:
    """Tell where mail for a domain goes."""
    if destination.status is not DestinationStatus.FOUND:
        steps.tell("hosts", destination.problem, status=destination.status)
        return
    hosts = [str(host) for host in destination.hosts]
    how = "itself, without MX" if destination.is_implicit else "by MX"
    dnssec = "with" if destination.authentic else "without"
    if destination.expanded != destination.domain:
        steps.tell("alias", f"{destination.domain} is an alias of {destination.expanded}")
    steps.tell(
        "hosts", f"{', '.join(hosts)} ({how}, {dnssec} dnssec)", hosts=hosts, authentic=destination.authentic
    )


def tell_failures(steps: Steps, connection: HostConnection | HostFailure) -> None:
    """Tell what is wrong with TLS, whether it matters or not."""
    for failure in connection.failures:
        reason = f" ({failure.reason})" if failure.reason else ""
        mattered = "no mail goes this way" if failure.mattered else "told in reports only"
        steps.tell("tls failure", f"{failure.address}: {failure.result_type}{reason}; {mattered}")


def tell_connection(steps: Steps, connection: HostConnection) -> None:
    """Tell whom we are connected to, how, and what is offered."""
    info = connection.tls
    secured = "without TLS" if info is None else f"{info.version} {info.cipher}"
    verified = "verified" if connection.is_verified else "not verified"
    text = f"{connection.host} [{connection.address}], {secured}, {verified}"
    steps.tell("connected", text, host=str(connection.host), tls=None if info is None else info.version)
    offers = list(connection.extensions.parameters)
    steps.tell("offers", " ".join(offers), offers=offers)
