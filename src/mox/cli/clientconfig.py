"""`mox clientconfig`: what people enter in mail programs."""

from dataclasses import asdict

import click

from mox.cli.context import Globals, load_or_fail, print_json
from mox.cli.dnsrecords import configured_domain
from mox.config import client_settings

__all__ = ["clientconfig"]


@click.command()
@click.argument("domain")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def clientconfig(given: Globals, *, domain: str, as_json: bool) -> None:
    """Print which servers mail programs of people at DOMAIN connect to, the best first.

    Example: mox clientconfig mox.example
    """
    config = load_or_fail(given.found_config)
    _, settings_of = configured_domain(config, domain)
    settings = client_settings(config.static, settings_of)
    servers = [*settings.imap, *settings.submission]
    if as_json:
        print_json([asdict(each) | {"security": each.security.value} for each in servers])
        return
    if not servers:
        raise click.ClickException("no listener serves mail programs: IMAPS and Submissions are not enabled")
    click.echo(f"{'protocol':<12} {'host':<32} {'port':<6} {'security':<9} listener")
    for each in servers:
        note = "  (where networks let only web sites through)" if each.on_https else ""
        where = f"{each.protocol:<12} {each.host:<32} {each.port:<6} {each.security.value:<9}"
        click.echo(f"{where} {each.listener}{note}")
    click.echo(
        "\nThe user name is the address. Best is a TLS client certificate (mox config tlspubkey), then"
    )
    click.echo("SCRAM-SHA-256, with the -PLUS variant if the program has it; PLAIN is fine inside of TLS.")
