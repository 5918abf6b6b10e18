"""`mox tlsrpt lookup|parsereportmsg`."""

import json
from pathlib import Path

import click

from mox.cli.context import print_json
from mox.cli.foreigntext import escape_controls
from mox.cli.reportfiles import read_reports
from mox.cli.resolving import DomainArgument, resolver_options, run_lookup
from moxkit import tlsrpt as kit
from moxkit.dns import Resolver
from moxkit.domain import Domain

__all__ = ["tlsrpt"]


@click.group()
def tlsrpt() -> None:
    """Look up who wants reports about TLS, read such reports (RFC 8460).

    Example: mox tlsrpt lookup mox.example
    """


@tlsrpt.command()
@click.argument("domain", type=DomainArgument())
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
def lookup(domain: Domain, as_json: bool, resolver: Resolver) -> int:
    """Show the TLSRPT record of a domain.

    Exit status 0 for a valid one, 1 without, 2 if that cannot be known for now.

    Example: mox tlsrpt lookup mox.example
    """
    found = run_lookup(kit.lookup(resolver, domain))
    if as_json:
        print_json(
            {
                "status": found.status,
                "text": escape_controls(found.text),
                "rua": [] if found.record is None else list(found.record.rua),
                "problem": found.problem,
                "authentic": found.authentic,
            }
        )
    else:
        dnssec = "with" if found.authentic else "without"
        click.echo(f"record ({dnssec} dnssec): {escape_controls(found.text) or '(none)'}")
        if found.problem:
            click.echo(f"{found.status}: {escape_controls(found.problem)}")
    match found.status:
        case kit.Status.FOUND:
            return 0
        case kit.Status.TEMPERROR:
            return 2
        case kit.Status.NONE | kit.Status.PERMERROR:
            return 1


@tlsrpt.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--json", "as_json", is_flag=True, help="For scripts: all reports in one array.")
def parsereportmsg(files: tuple[Path, ...], as_json: bool) -> int:
    """Show reports as JSON, out of messages or as JSON or gzip files.

    Exit status 0 if all could be read, 1 else.

    Example: mox tlsrpt parsereportmsg report.eml
    """
    reports = list(read_reports(files, _parse_report))
    if as_json:
        print_json([json.loads(kit.encode_report_json(report)) for _, report in reports])
    else:
        for file, report in reports:
            click.echo(f"{file}:\n{kit.encode_report_json(report, indent=2).decode()}")
    return 0 if len(reports) == len(files) else 1


def _parse_report(octets: bytes) -> kit.Report:
    is_file = octets.startswith(b"\x1f\x8b") or octets.lstrip()[:1] == b"{"
    return kit.parse_report(octets) if is_file else kit.parse_report_message(octets)
