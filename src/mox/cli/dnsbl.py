"""`mox dnsbl check|checkhealth`."""

import click

from mox.cli.context import print_json
from mox.cli.ipargument import IpArgument
from mox.cli.resolving import DomainArgument, resolver_options, run_lookup
from moxkit import dnsbl as kit
from moxkit.dns import Address, Resolver
from moxkit.domain import Domain

__all__ = ["dnsbl"]


@click.group()
def dnsbl() -> None:
    """Ask DNS block lists, and check whether they work (RFC 5782).

    Example: mox dnsbl check bl.example.net 192.0.2.1
    """


@dnsbl.command()
@click.argument("zone", type=DomainArgument())
@click.argument("ip", type=IpArgument())
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
def check(zone: Domain, ip: Address, as_json: bool, resolver: Resolver) -> int:
    """Check whether an address is on a list.

    Exit status 0 if it is not, 1 if it is, 2 if that cannot be known for now.

    Example: mox dnsbl check bl.example.net 192.0.2.1
    """
    result = run_lookup(kit.lookup(resolver, zone, ip))
    if as_json:
        print_json(
            {
                "status": result.status,
                "codes": [str(code) for code in result.codes],
                "explanation": result.explanation,
                "problem": result.problem,
                "authentic": result.authentic,
            }
        )
    else:
        codes = f" ({', '.join(map(str, result.codes))})" if result.codes else ""
        click.echo(f"status: {result.status}{codes}")
        for text in (result.explanation, result.problem):
            if text:
                click.echo(text)
    match result.status:
        case kit.Status.PASS:
            return 0
        case kit.Status.FAIL:
            return 1
        case kit.Status.TEMPERROR:
            return 2


@dnsbl.command()
@click.argument("zone", type=DomainArgument())
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
def checkhealth(zone: Domain, as_json: bool, resolver: Resolver) -> int:
    """Check whether a list has its test entries, and does not list everything.

    Exit status 0 if it is healthy, 1 if not, 2 if that cannot be known for now.

    Example: mox dnsbl checkhealth bl.example.net
    """
    health = run_lookup(kit.check_health(resolver, zone))
    if as_json:
        print_json(
            {
                "status": health.status,
                "problem": health.problem,
                "serves_ip6": health.serves_ip6,
                "authentic": health.authentic,
            }
        )
    else:
        click.echo(f"{health.status}: {health.problem}" if health.problem else health.status.value)
    match health.status:
        case kit.HealthStatus.HEALTHY:
            return 0
        case kit.HealthStatus.UNHEALTHY:
            return 1
        case kit.HealthStatus.TEMPERROR:
            return 2
