"""`mox config dnsrecords`: what to publish for a domain."""

from dataclasses import asdict
from pathlib import Path

import click

from mox.cli.context import Globals, load_or_fail, print_json
from mox.cli.resolving import resolver_options, run_lookup
from mox.config import ConfigSnapshot, DomainConfig, StaticConfig
from moxkit import dkim
from moxkit.dns import DnsError, NotFound, Resolver, Tlsa
from moxkit.domain import Domain, DomainError, parse_domain

__all__ = ["configured_domain", "dkim_keys", "dnsrecords", "host_keys"]


@click.command()
@click.argument("domain")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
@click.pass_obj
def dnsrecords(given: Globals, *, domain: str, as_json: bool, resolver: Resolver) -> None:
    """Print the DNS records for a domain of the configuration, as a zone file with the reason for each.

    Example: mox config dnsrecords mox.example
    """
    from mox.admin import dns_records, zone_text  # noqa: PLC0415  only here

    file = given.found_config
    config = load_or_fail(file)
    name, settings = configured_domain(config, domain)
    groups = dns_records(
        name,
        settings,
        config.static,
        dkim_keys=dkim_keys(settings, file.parent),
        host_keys=host_keys(config.static, file.parent),
        acme_accounts=_acme_accounts(config.static, file.parent),
        is_signed=run_lookup(_is_signed(parse_domain(config.static.hostname), resolver)),
    )
    if as_json:
        print_json([asdict(group) for group in groups])
    else:
        click.echo(zone_text(name, groups), nl=False)


def _acme_accounts(static: StaticConfig, directory: Path) -> dict[str, str]:
    if not static.acme:
        return {}
    from mox.acme import known_account  # noqa: PLC0415  what it needs takes time to load

    data_dir = (directory / static.data_dir).resolve()
    found = {name: known_account(data_dir, name) for name in static.acme}
    return {name: account.uri for name, account in found.items() if account is not None}


async def _is_signed(host: Domain, resolver: Resolver) -> bool:
    try:
        return (await resolver.ips(f"{host.ascii}.")).authentic
    except NotFound as error:
        return error.authentic
    except DnsError:
        click.echo(f"DNS does not say whether {host} is signed; taken for unsigned", err=True)
        return False


def configured_domain(config: ConfigSnapshot, domain: str) -> tuple[str, DomainConfig]:
    """Return the ASCII name of a domain, and its configuration.

    Raises:
        click.ClickException: It has none.
    """
    try:
        name = parse_domain(domain).ascii
    except DomainError as error:
        raise click.ClickException(f"{domain}: {error}") from error
    if name not in config.domains:
        known = ", ".join(config.domains) or "none"
        raise click.ClickException(f"{domain} is not a domain of the configuration; there are: {known}")
    return name, config.domains[name]


def dkim_keys(domain: DomainConfig, directory: Path) -> dict[str, dkim.PrivateKey]:
    """Return the keys of a domain, by selector.

    Raises:
        click.ClickException: One cannot be read.
    """
    keys: dict[str, dkim.PrivateKey] = {}
    for name, selector in (domain.dkim.selectors if domain.dkim is not None else {}).items():
        path = directory / selector.private_key_file
        try:
            keys[name] = dkim.load_private_key(path.read_bytes())
        except OSError as error:
            raise click.ClickException(f"{path}: {error.strerror}") from error
        except dkim.KeyFormatError as error:
            raise click.ClickException(f"{path}: {error}") from error
    return keys


def host_keys(static: StaticConfig, directory: Path) -> list[Tlsa]:
    """Return records of the stable keys of listeners for mail.

    Raises:
        click.ClickException: One cannot be read.
    """
    from mox.admin import host_key_records  # noqa: PLC0415  only here

    names = {
        name: None
        for listener in static.listeners.values()
        if listener.tls is not None and listener.smtp is not None and listener.smtp.enabled
        for name in listener.tls.host_private_key_files
    }
    try:
        return host_key_records((directory / name).read_bytes() for name in names)
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    except ValueError as error:
        raise click.ClickException(f"one of {', '.join(names)} is no private key: {error}") from error
