"""`mox rdap domainage`."""

import datetime as dt

import click

from mox.cli.context import print_json
from mox.cli.fetching import https_options
from mox.cli.resolving import CheckError, DomainArgument, run_lookup
from mox.runtime import SystemClock
from moxkit.dns import Resolver
from moxkit.domain import Domain
from moxkit.https import HttpsClient
from moxkit.rdap import RdapError, registered_at

__all__ = ["rdap"]


@click.group()
def rdap() -> None:
    """Ask registries about domains. New domains send more junk than old ones.

    Example: mox rdap domainage mox.example
    """


@rdap.command()
@click.argument("domain", type=DomainArgument())
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@https_options
def domainage(domain: Domain, as_json: bool, resolver: Resolver, client: HttpsClient) -> None:
    """Tell how long ago a domain was registered.

    The registries' list is fetched each time. Exit status 2 if nobody knows.

    Example: mox rdap domainage mox.example
    """
    try:
        registered = run_lookup(registered_at(client.get, domain))
    except RdapError as error:
        raise CheckError(str(error)) from error
    age = max(SystemClock().now() - registered, dt.timedelta())
    if as_json:
        print_json({"registered_at": registered.isoformat(), "age_days": age.days})
    else:
        click.echo(format_age(registered, SystemClock().now()))


def format_age(registered: dt.datetime, now: dt.datetime) -> str:
    """Return the years and days since `registered`, as ``31 years, 4 days``."""
    years = max(now.year - registered.year, 0)
    while years and _years_after(registered, years) > now:
        years -= 1
    days = max((now - _years_after(registered, years)).days, 0)
    return f"{years} year{'s' * (years != 1)}, {days} day{'s' * (days != 1)}"


def _years_after(at: dt.datetime, years: int) -> dt.datetime:
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        # The 29th of February has no anniversary in most years.
        return at.replace(year=at.year + years, month=3, day=1)
