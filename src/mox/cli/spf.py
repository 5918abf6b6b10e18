"""`mox spf check|lookup|parse`."""

import click

from mox.cli.context import print_json
from mox.cli.foreigntext import escape_controls
from mox.cli.ipargument import IpArgument
from mox.cli.resolving import DomainArgument, resolver_options, run_lookup
from mox.runtime import SystemClock
from moxkit import spf as kit
from moxkit.dns import Address, Resolver
from moxkit.domain import Domain

__all__ = ["spf"]


@click.group()
def spf() -> None:
    """Check who may send mail for a domain (SPF, RFC 7208).

    Example: mox spf check mox.example 192.0.2.1
    """


@spf.command()
@click.argument("domain", type=DomainArgument())
@click.argument("ip", type=IpArgument())
@click.option(
    "--mail-from", default="postmaster", show_default=True, help="Address, or a localpart at DOMAIN."
)
@click.option("--helo", help="What the client says in EHLO.  [default: DOMAIN]")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
def check(
    domain: Domain, ip: Address, *, mail_from: str, helo: str | None, as_json: bool, resolver: Resolver
) -> int:
    """Check whether a host may send mail for a domain.

    Exit status 0 if it passes, 1 if not, 2 if that cannot be known for now.

    Example: mox spf check mox.example 192.0.2.1 --mail-from alice
    """
    address = mail_from if "@" in mail_from else f"{mail_from}@{domain.ascii}"
    sender = kit.Sender(ip, address, domain.ascii if helo is None else helo)
    result = run_lookup(kit.check_host(resolver, sender, domain, now=SystemClock().now()))
    if as_json:
        print_json(
            {
                "status": result.status,
                "domain": domain.ascii,
                "mechanism": result.mechanism,
                "problem": result.problem,
                "explanation": result.explanation,
                "authentic": result.authentic,
            }
        )
    else:
        click.echo(f"status: {result.status} ({_dnssec(result.authentic)})")
        for name in ("mechanism", "problem", "explanation"):
            if text := getattr(result, name):
                click.echo(f"{name}: {text}")
    match result.status:
        case kit.Status.PASS:
            return 0
        case kit.Status.TEMPERROR:
            return 2
        case _:
            return 1


@spf.command()
@click.argument("domain", type=DomainArgument())
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
def lookup(domain: Domain, as_json: bool, resolver: Resolver) -> int:
    """Show the record of a domain.

    Exit status 0 for a valid one, 1 without, 2 if that cannot be known for now.

    Example: mox spf lookup mox.example
    """
    found = run_lookup(kit.lookup(resolver, domain))
    if as_json:
        print_json(
            {
                "status": found.status,
                "text": escape_controls(found.text),
                "record": None if found.record is None else _fields(found.record),
                "problem": found.problem,
                "authentic": found.authentic,
            }
        )
    else:
        click.echo(f"record ({_dnssec(found.authentic)}): {escape_controls(found.text) or '(none)'}")
        if found.problem:
            click.echo(f"{found.status}: {found.problem}")
    match found.status:
        case kit.LookupStatus.FOUND:
            return 0
        case kit.LookupStatus.TEMPERROR:
            return 2
        case kit.LookupStatus.NONE | kit.LookupStatus.PERMERROR:
            return 1


@spf.command()
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="For scripts: the parts of the record.")
def parse(text: str, as_json: bool) -> int:
    """Check the syntax of a record; silent if it is valid.

    Exit status 0 for a valid one, 1 else.

    Example: mox spf parse "v=spf1 mx -all"
    """
    try:
        record = kit.parse_record(text)
    except kit.RecordError as error:
        raise click.ClickException(f"invalid record: {error}") from error
    if as_json:
        print_json(_fields(record))
    return 0


def _fields(record: kit.Record) -> dict[str, object]:
    return {
        "directives": [
            {"qualifier": directive.qualifier, "mechanism": str(directive.mechanism)}
            for directive in record.directives
        ],
        "redirect": None if record.redirect is None else str(record.redirect),
        "exp": None if record.explanation is None else str(record.explanation),
        "modifiers": {modifier.name: str(modifier.value) for modifier in record.modifiers},
    }


def _dnssec(authentic: bool) -> str:
    return "with dnssec" if authentic else "without dnssec"
