"""`mox mtasts lookup`."""

import click

from mox.cli.context import print_json
from mox.cli.fetching import https_options
from mox.cli.resolving import DomainArgument, run_lookup
from moxkit.dns import Resolver
from moxkit.domain import Domain
from moxkit.https import HttpsClient
from moxkit.mtasts import Found, lookup as look_up

__all__ = ["mtasts"]


@click.group()
def mtasts() -> None:
    """Look up the MTA-STS policy of a domain: which hosts take its mail, with verified TLS.

    Example: mox mtasts lookup mox.example
    """


@mtasts.command()
@click.argument("domain", type=DomainArgument())
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@https_options
def lookup(domain: Domain, as_json: bool, resolver: Resolver, client: HttpsClient) -> int:
    """Show record and policy of a domain.

    Exit status 0 with a policy, 1 without, 2 if that cannot be known for now.

    Example: mox mtasts lookup mox.example
    """
    found = run_lookup(look_up(resolver, client.get, domain))
    if as_json:
        print_json(_shown(found))
    else:
        dnssec = "with" if found.authentic else "without"
        click.echo(f"record ({dnssec} dnssec): {found.record or '(none)'}")
        if found.text:
            click.echo(f"policy:\n{found.text.rstrip()}")
        if found.problem is not None:
            click.echo(f"no policy counts: {found.problem}: {found.detail}")
    if found.policy is not None:
        return 0
    return 2 if found.is_temporary else 1


def _shown(found: Found) -> dict[str, object]:
    policy = found.policy
    return {
        "record": None if found.record is None else {"id": found.record.id, "text": str(found.record)},
        "authentic": found.authentic,
        "policy": None
        if policy is None
        else {
            "mode": policy.mode,
            "max_age": int(policy.max_age.total_seconds()),
            "mx": list(policy.mx),
            "extensions": dict(policy.extensions),
        },
        "text": found.text,
        "problem": found.problem,
        "detail": found.detail,
    }
