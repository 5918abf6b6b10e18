"""`mox config dnsrecords`: what to publish for a domain."""

from dataclasses import asdict
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from mox.cli.context import Globals, load_or_fail, print_json
from mox.cli.resolving import resolver_options, run_lookup
from mox.config import DomainConfig, StaticConfig
from moxkit import dkim
from moxkit.dane import MatchingType, Selector, Usage, make_record
from moxkit.dns import DnsError, NotFound, Resolver, Tlsa
from moxkit.domain import Domain, DomainError, parse_domain

__all__ = ["dnsrecords"]


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
    try:
        name = parse_domain(domain)
    except DomainError as error:
        raise click.ClickException(f"{domain}: {error}") from error
    settings = config.domains.get(str(name), config.domains.get(name.ascii))
    if settings is None:
        known = ", ".join(config.domains) or "none"
        raise click.ClickException(f"{domain} is not a domain of the configuration; there are: {known}")
    groups = dns_records(
        name.ascii,
        settings,
        config.static,
        dkim_keys=_dkim_keys(settings, file.parent),
        host_keys=_host_keys(config.static, file.parent),
        is_signed=run_lookup(_is_signed(parse_domain(config.static.hostname), resolver)),
    )
    if as_json:
        print_json([asdict(group) for group in groups])
    else:
        click.echo(zone_text(name.ascii, groups), nl=False)


async def _is_signed(host: Domain, resolver: Resolver) -> bool:
    try:
        return (await resolver.ips(f"{host.ascii}.")).authentic
    except NotFound as error:
        return error.authentic
    except DnsError:
        click.echo(f"DNS does not say whether {host} is signed; taken for unsigned", err=True)
        return False


def _dkim_keys(domain: DomainConfig, directory: Path) -> dict[str, dkim.PrivateKey]:
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


def _host_keys(static: StaticConfig, directory: Path) -> list[Tlsa]:
    """Return records of the stable keys of listeners for mail; those of elliptic curves first."""
    names = {
        name: None
        for listener in static.listeners.values()
        if listener.tls is not None and listener.smtp is not None and listener.smtp.enabled
        for name in listener.tls.host_private_key_files
    }
    found: list[tuple[bool, Tlsa]] = []
    for name in names:
        path = directory / name
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except OSError as error:
            raise click.ClickException(f"{path}: {error.strerror}") from error
        except ValueError as error:
            raise click.ClickException(f"{path}: no private key: {error}") from error
        spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        record = make_record(Usage.DANE_EE, Selector.SPKI, MatchingType.SHA2_256, spki=spki)
        found.append((isinstance(key, rsa.RSAPrivateKey), record))
    return [record for _, record in sorted(found, key=lambda each: each[0])]
