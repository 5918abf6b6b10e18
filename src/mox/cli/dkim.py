"""`mox dkim gened25519|genrsa|lookup|sign|txt|verify`."""

import sys
from collections.abc import Sequence
from typing import IO

import click

from mox.cli.context import print_json
from mox.cli.foreigntext import escape_controls
from mox.cli.messagefile import read_message
from mox.cli.resolving import CheckError, DomainArgument, resolver_options, run_lookup
from mox.runtime import SystemClock
from moxkit import dkim as kit
from moxkit.dns import Resolver
from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.message import from_address, header_of, parse

__all__ = ["dkim"]

# Where a zone file breaks the text of a record; the strings are joined again by who asks (RFC 6376 §3.6.2.2).
_STRING = 100


@click.group()
def dkim() -> None:
    """Sign messages, check signatures, make and look up keys (DKIM, RFC 6376).

    Example: mox dkim verify mail.eml
    """


@dkim.command()
def gened25519() -> None:
    """Make an Ed25519 key and write it to standard output.

    Many receivers still know RSA only: sign with one key of each kind.

    Example: mox dkim gened25519 > s1.pem
    """
    _write_key(kit.generate_ed25519(), "Ed25519")


@dkim.command()
@click.option(
    "--bits", default=2048, show_default=True, type=click.IntRange(2048, 4096), help="Size of the key."
)
def genrsa(bits: int) -> None:
    """Make an RSA key and write it to standard output.

    Example: mox dkim genrsa > s2.pem
    """
    _write_key(kit.generate_rsa(bits), f"RSA {bits}")


def _write_key(key: kit.PrivateKey, kind: str) -> None:
    # Text before the first line of PEM is a comment (RFC 7468 §2).
    click.echo(f"Note: {kind} private key for DKIM. Keep it secret; `mox dkim txt` tells what to publish.\n")
    click.echo(kit.encode_private_key(key), nl=False)


@dkim.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--selector", metavar="NAME", help="Of the key, for the name of the record.")
@click.option("--domain", metavar="NAME", help="For the name of the record.")
def txt(file: IO[bytes], selector: str | None, domain: str | None) -> None:
    """Show the DNS record to publish for a private key, read from standard input.

    Example: mox dkim txt --selector s1 --domain mox.example < s1.pem
    """
    record = str(kit.public_record(_load_key(file), flags=("s",)))
    strings = [record[at : at + _STRING] for at in range(0, len(record), _STRING)]
    name = f"{selector or '<selector>'}._domainkey.{domain or '<your.domain>'}."
    click.echo(f"{name} TXT " + " ".join(f'"{string}"' for string in strings))


@dkim.command()
@click.argument("selector", type=DomainArgument())
@click.argument("domain", type=DomainArgument())
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
def lookup(selector: Domain, domain: Domain, as_json: bool, resolver: Resolver) -> int:
    """Show the public key of a selector.

    Exit status 0 for a valid record, 1 without, 2 if that cannot be known for now.

    Example: mox dkim lookup s1 mox.example
    """
    found = run_lookup(kit.lookup(resolver, selector, domain))
    status = "found" if found.problem is None else str(found.problem.status)
    fields = None if found.record is None else _record_fields(found.record)
    if as_json:
        print_json(
            {
                "status": status,
                "problem": None if found.problem is None else found.problem.kind,
                "text": escape_controls(found.text),
                "authentic": found.authentic,
                "record": fields,
            }
        )
    else:
        click.echo(f"status: {status}{'' if found.problem is None else f' ({found.problem})'}")
        click.echo(f"record: {escape_controls(found.text) or '(none)'}")
        click.echo(f"dnssec-signed: {'yes' if found.authentic else 'no'}")
        for name, value in (fields or {}).items():
            click.echo(f"{name}: {value if not isinstance(value, list) else ', '.join(value)}")
    return 0 if found.problem is None else _status([found.problem.status])


def _record_fields(record: kit.Record) -> dict[str, object]:
    size = "revoked" if record.is_revoked else f"{len(record.public_key)} octets"
    try:
        key = kit.load_public_key(record)
    except kit.KeyFormatError as error:
        size += "" if record.is_revoked else f", {error}"
    else:
        size = f"{bits} bits" if (bits := getattr(key, "key_size", None)) else size
    return {
        "key-type": escape_controls(record.key_type),
        "key": size,
        "hashes": list(map(escape_controls, record.hashes)) or ["any"],
        "services": list(map(escape_controls, record.services)),
        "flags": list(map(escape_controls, record.flags)),
        "notes": escape_controls(record.notes),
    }


@dkim.command()
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
def verify(file: IO[bytes], as_json: bool, resolver: Resolver) -> int:
    """Check the signatures of a message in a file, "-" for standard input.

    Exit status 0 if one passes, 1 if none does, 2 if that cannot be known for now.

    Example: mox dkim verify mail.eml
    """
    results = run_lookup(kit.verify(resolver, read_message(file), now=SystemClock().now()))
    shown = [_result_fields(result) for result in results]
    if as_json:
        print_json(shown)
    elif not shown:
        click.echo("no signatures")
    else:
        for fields in shown:
            click.echo("".join(f"{name}: {value}\n" for name, value in fields.items() if value is not None))
    return _status([result.status for result in results])


def _result_fields(result: kit.Result) -> dict[str, object]:
    signature, problem = result.signature, result.problem
    return {
        "status": str(result.status),
        "problem": None if problem is None else str(problem.kind),
        "reason": None if problem is None else escape_controls(str(problem)),
        "domain": None if signature is None else signature.domain.ascii,
        "selector": None if signature is None else signature.selector.ascii,
        "algorithm": None if signature is None else signature.algorithm,
        "dnssec-signed": "yes" if result.authentic else "no",
        "record": None if result.record is None else escape_controls(str(result.record)),
        "header": escape_controls(result.field.replace(b"\r\n", b"").decode("utf-8", "replace")),
    }


def _status(statuses: Sequence[kit.Status]) -> int:
    if kit.Status.PASS in statuses:
        return 0
    return 2 if kit.Status.TEMPERROR in statuses else 1


@dkim.command()
@click.argument("file", type=click.File("rb"))
@click.option("--domain", type=DomainArgument(), help="Who signs.  [default: the domain of From]")
@click.option(
    "--selector", "selectors", multiple=True, required=True, help="Of the key; once for each --key."
)
@click.option(
    "--key",
    "key_files",
    type=click.File("rb"),
    multiple=True,
    required=True,
    help="File with a private key; once for each --selector.",
)
def sign(
    file: IO[bytes], domain: Domain | None, selectors: tuple[str, ...], key_files: tuple[IO[bytes], ...]
) -> None:
    """Write a message with signatures put before it to standard output; lines end with CRLF.

    Example: mox dkim sign --selector s1 --key s1.pem --selector s2 --key s2.pem mail.eml
    """
    if len(selectors) != len(key_files):
        raise click.UsageError("as many --selector as --key are needed")
    octets = read_message(file)
    try:
        keys = [
            kit.SigningKey(
                selector=parse_domain(selector, allow_underscore=True), private_key=_load_key(key_file)
            )
            for selector, key_file in zip(selectors, key_files, strict=True)
        ]
        fields = kit.sign(octets, domain=domain or _author_domain(octets), keys=keys, now=SystemClock().now())
    except DomainError as error:
        raise CheckError(f"bad selector: {error}") from error
    except kit.SignError as error:
        raise CheckError(f"cannot sign: {error}") from error
    sys.stdout.buffer.write(fields + octets)


def _author_domain(octets: bytes) -> Domain:
    author = from_address(header_of(parse(octets), octets))
    if author is None:
        raise CheckError("there is no From with one address to tell the domain; give --domain")
    return parse_domain(author.domain, allow_underscore=True)


def _load_key(file: IO[bytes]) -> kit.PrivateKey:
    try:
        return kit.load_private_key(file.read())
    except kit.KeyFormatError as error:
        raise CheckError(f"{file.name}: {error}") from error
