"""`mox dns lookup`: records as the server sees them, with their DNSSEC status."""

from collections.abc import Callable, Coroutine
from typing import Any

import click

from mox.cli.context import print_json
from mox.cli.foreigntext import escape_controls
from mox.cli.ipargument import IpArgument
from mox.cli.resolving import CheckError, DomainArgument, resolver_options, run_lookup
from moxkit.dns import Answer, Mx, NotFound, Resolver, Srv, TemporaryFailure, Tlsa

__all__ = ["dns"]

_LOOKUPS: dict[str, Callable[[Resolver, str], Coroutine[Any, Any, Answer[Any]]]] = {
    "mx": lambda resolver, name: resolver.mx(name),
    "cname": lambda resolver, name: resolver.cname(name),
    "ips": lambda resolver, name: resolver.ips(name),
    "a": lambda resolver, name: resolver.a(name),
    "aaaa": lambda resolver, name: resolver.aaaa(name),
    "ns": lambda resolver, name: resolver.ns(name),
    "txt": lambda resolver, name: resolver.txt(name),
    "srv": lambda resolver, name: resolver.srv(name),
    "tlsa": lambda resolver, name: resolver.tlsa(name),
}


@click.group()
def dns() -> None:
    """Look up DNS records with their DNSSEC status.

    Example: mox dns lookup mx mox.example
    """


@dns.command()
@click.argument("kind", metavar="TYPE", type=click.Choice(["ptr", *_LOOKUPS], case_sensitive=False))
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
@click.pass_context
def lookup(ctx: click.Context, kind: str, name: str, as_json: bool, resolver: Resolver) -> int:
    """Show the records of a name.

    TYPE is ptr, mx, cname, ips (a and aaaa), a, aaaa, ns, txt, srv or tlsa; for ptr, NAME is an IP address.
    Exit status 0 with records, 1 without, 2 if that cannot be known for now.

    Example: mox dns lookup tlsa _25._tcp.mail.mox.example
    """
    try:
        answer = run_lookup(_look_up(ctx, resolver, kind, name))
    except NotFound as missing:
        answer = Answer((), missing.authentic, 0)
    except TemporaryFailure as failure:
        raise CheckError(str(failure)) from failure
    # By preference and priority, as they are used; DNS gives them in any order.
    records = sorted(answer.records) if kind in {"mx", "srv"} else answer.records
    if as_json:
        print_json(
            {
                "type": kind,
                "name": name,
                "records": [_fields(record) for record in records],
                "authentic": answer.authentic,
                "ttl": answer.ttl if answer.records else None,
            }
        )
        return 0 if answer.records else 1
    dnssec = "with dnssec" if answer.authentic else "without dnssec"
    if not answer.records:
        click.echo(f"no {kind} records ({dnssec})")
        return 1
    click.echo(f"{kind} records ({len(answer.records)}, {dnssec}):")
    for record in records:
        click.echo(f"- {_line(record)}")
    return 0


def _look_up(
    ctx: click.Context, resolver: Resolver, kind: str, name: str
) -> Coroutine[Any, Any, Answer[Any]]:
    """Return the lookup to run; the name is checked before."""
    if kind == "ptr":
        return resolver.ptr(IpArgument().convert(name, None, ctx))
    return _LOOKUPS[kind](resolver, DomainArgument().convert(name, None, ctx).ascii)


def _line(record: object) -> str:
    match record:
        case Mx(preference, host):
            return f"{preference} {host}"
        case Srv(priority, weight, port, host):
            return f"{priority} {weight} {port} {host}"
        case Tlsa(usage, selector, matching_type, data):
            return f"{usage} {selector} {matching_type} {data.hex()}"
        case _:
            return escape_controls(str(record))


def _fields(record: object) -> object:
    match record:
        case Mx(preference, host):
            return {"preference": preference, "host": host}
        case Srv(priority, weight, port, host):
            return {"priority": priority, "weight": weight, "port": port, "host": host}
        case Tlsa(usage, selector, matching_type, data):
            return {
                "usage": usage,
                "selector": selector,
                "matching_type": matching_type,
                "data": data.hex(),
            }
        case _:
            return escape_controls(str(record))
