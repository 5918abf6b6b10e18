"""`mox dane lookup|makerecord|dial|dialmx`."""

import re
from pathlib import Path

import click
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate

from mox.cli.context import print_json
from mox.cli.danedial import dial, dialmx, text_of_record
from mox.cli.resolving import CheckError, resolver_options, run_lookup
from moxkit.dane import (
    Found,
    MatchingType,
    Selector,
    Status,
    Usage,
    find_records,
    make_record,
    parse_matching_type,
    parse_selector,
    parse_usage,
)
from moxkit.dns import Resolver, Tlsa
from moxkit.domain import DomainError, parse_domain

__all__ = ["dane"]

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----")
_MAX_FILE_OCTETS = 1024 * 1024


@click.group()
def dane() -> None:
    """Look up what a host says in DNS about its certificates, make such records, connect by them.

    Example: mox dane makerecord dane-ee spki sha2-256 cert.pem
    """


dane.add_command(dial)
dane.add_command(dialmx)


@dane.command()
@click.argument("host")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
def lookup(host: str, as_json: bool, resolver: Resolver) -> int:
    """Show the TLSA records that bind connections to HOST or HOST:PORT; the port is 25 without.

    Exit status 0 if the host must prove who it is, 1 if it need not, 2 if that cannot be known for now.

    Example: mox dane lookup mx.mox.example
    """
    name, _, port = host.partition(":")
    if port and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise click.BadParameter(f"{host!r} has a bad port", param_hint="HOST")
    try:
        domain = parse_domain(name, allow_underscore=True, allow_trailing_dot=True)
    except DomainError as error:
        raise click.BadParameter(f"{name}: {error}", param_hint="HOST") from error
    found = run_lookup(find_records(resolver, domain, int(port or 25)))
    if as_json:
        print_json(_shown(found))
    else:
        click.echo(f"{found.status}{': ' + found.problem if found.problem else ''}")
        for record in found.records:
            click.echo(f"_{port or 25}._tcp.{found.base}. TLSA {text_of_record(record)}")
        for address in found.addresses:
            click.echo(f"address {address} ({'with' if found.authentic else 'without'} dnssec)")
    match found.status:
        case Status.USABLE:
            return 0
        case Status.TEMPERROR:
            return 2
        case Status.NONE | Status.UNUSABLE:
            return 1


@dane.command()
@click.argument("usage")
@click.argument("selector")
@click.argument("matching_type")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def makerecord(usage: str, selector: str, matching_type: str, file: Path) -> None:
    """Make the TLSA record for the first certificate or key in a PEM file.

    USAGE is pkix-ta, pkix-ee, dane-ta or dane-ee; SELECTOR is cert or spki; MATCHING_TYPE is full, sha2-256
    or sha2-512; or their numbers.

    Example: mox dane makerecord dane-ee spki sha2-256 cert.pem
    """
    try:
        kinds = parse_usage(usage), parse_selector(selector), parse_matching_type(matching_type)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    click.echo(text_of_record(_make(kinds, file)))


def _make(kinds: tuple[Usage, Selector, MatchingType], file: Path) -> Tlsa:
    with file.open("rb") as opened:
        octets = opened.read(_MAX_FILE_OCTETS)
    for block in _PEM.finditer(octets):
        label, pem = block[1].decode(), block[0]
        try:
            if label == "CERTIFICATE":
                return make_record(
                    *kinds, certificate=load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
                )
            if label == "PUBLIC KEY":
                key = load_pem_public_key(pem)
            elif label.endswith("PRIVATE KEY"):
                key = load_pem_private_key(pem, None).public_key()
            else:
                continue
            spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            return make_record(*kinds, spki=spki)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise CheckError(f"{file}: {label.lower()}: {error}") from error
    raise CheckError(f"{file}: no PEM block with a certificate or key")


def _shown(found: Found) -> dict[str, object]:
    return {
        "status": found.status,
        "problem": found.problem,
        "base": None if found.base is None else str(found.base),
        "names": [str(name) for name in found.names],
        "addresses": [str(address) for address in found.addresses],
        "authentic": found.authentic,
        "records": [
            {
                "usage": record.usage,
                "selector": record.selector,
                "matching_type": record.matching_type,
                "data": record.data.hex(),
            }
            for record in found.records
        ],
    }
