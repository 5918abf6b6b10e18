"""`mox checkupdate`."""

import os

import click

import mox
from mox.admin import KnownVersion, UpdatesError, latest_version, parse_version
from mox.cli.context import Globals, load_or_fail, print_json
from mox.cli.resolving import CheckError, DomainArgument, resolver_options, run_lookup
from moxkit.dns import Resolver
from moxkit.domain import Domain, parse_domain

__all__ = ["checkupdate"]


@click.command()
@click.option(
    "--domain", type=DomainArgument(), help="Of whoever publishes versions, not the configured one."
)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
@click.pass_obj
def checkupdate(given: Globals, domain: Domain | None, as_json: bool, resolver: Resolver) -> int:
    """Show whether there is a newer version.

    Exit status 0 if this is the latest, 1 if there is a newer one, 2 if that cannot be known.

    Example: mox checkupdate --json
    """
    known = None
    # Whoever may not read the configuration can look all the same.
    if os.access(given.config_file, os.R_OK):
        static = load_or_fail(given.config_file).static
        known = KnownVersion((given.config_file.parent / static.data_dir).resolve()).read()
        if domain is None and static.updates_domain:
            domain = parse_domain(static.updates_domain)
    if domain is None:
        raise CheckError("UpdatesDomain is not configured; name the domain with --domain")
    try:
        latest = run_lookup(latest_version(resolver, domain))
    except UpdatesError as error:
        raise CheckError(str(error)) from error
    own = parse_version(mox.__version__)
    versions = {"own": str(own), "last_known": None if known is None else str(known), "latest": str(latest)}
    if as_json:
        print_json(versions)
    else:
        click.echo(f"own: {versions['own']}")
        click.echo(f"last known: {versions['last_known'] or '(none)'}")
        click.echo(f"latest: {versions['latest']}")
    return 1 if latest > own else 0
