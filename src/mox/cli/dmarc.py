"""`mox dmarc lookup|checkreportaddrs|parsereportmsg|verify`."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from mox.cli.context import print_json
from mox.cli.dmarcmethod import method_option
from mox.cli.dmarcverify import verify
from mox.cli.foreigntext import escape_controls
from mox.cli.reportfiles import read_reports
from mox.cli.resolving import DomainArgument, resolver_options, run_lookup
from moxkit import dmarc as kit, dmarcreport
from moxkit.dns import Resolver
from moxkit.domain import Domain

__all__ = ["dmarc"]

_json_option = click.option("--json", "as_json", is_flag=True, help="For scripts.")


@click.group()
def dmarc() -> None:
    """Look up DMARC policies, check mail and reports (RFC 9989, RFC 7489).

    Example: mox dmarc lookup mox.example
    """


dmarc.add_command(verify)


@dmarc.command()
@click.argument("domain", type=DomainArgument())
@method_option
@_json_option
@resolver_options
def lookup(domain: Domain, *, method: str, as_json: bool, resolver: Resolver) -> int:
    """Show the record that applies to mail from a domain, which may be that of its organization.

    Exit status 0 with a valid one, 1 without, 2 if that cannot be known for now.

    Example: mox dmarc lookup mox.example
    """
    found = run_lookup(kit.lookup(resolver, domain, method=kit.Method(method)))
    where = None if found.domain is None else found.domain.ascii
    if as_json:
        print_json(
            {
                "domain": where,
                "text": escape_controls(found.text),
                "record": None if found.record is None else str(found.record),
                "failure": found.failure,
                "problem": found.problem,
                "authentic": found.authentic,
            }
        )
    else:
        place = "" if where is None else f" at _dmarc.{where}"
        click.echo(f"record{place} ({_dnssec(found.authentic)}): {escape_controls(found.text) or '(none)'}")
        _echo_problem(found.problem)
    return _status_of(found)


@dmarc.command()
@click.argument("domain", type=DomainArgument())
@method_option
@_json_option
@resolver_options
def checkreportaddrs(domain: Domain, *, method: str, as_json: bool, resolver: Resolver) -> int:
    """Check whether the report addresses in a domain's record want its reports.

    Addresses elsewhere must say so in a record of their own (RFC 9990, section 4).

    Exit status 0 if all do, 1 if one does not, 2 if that cannot be known for now.

    Example: mox dmarc checkreportaddrs mox.example
    """
    found = run_lookup(kit.lookup(resolver, domain, method=kit.Method(method)))
    if found.record is None or found.domain is None:
        click.echo(f"no record: {found.problem or 'none published'}", err=True)
        return _status_of(found)
    uris = [("rua", uri) for uri in found.record.rua] + [("ruf", uri) for uri in found.record.ruf]
    checks = [
        (tag, uri, _check_address(resolver, found.domain, uri, kit.Method(method))) for tag, uri in uris
    ]
    if as_json:
        print_json(
            [
                {
                    "tag": tag,
                    "uri": uri.uri,
                    "accepts": check.accepts,
                    "consent": check.consent,
                    "name": check.name,
                    "problem": check.problem,
                    "authentic": check.authentic,
                }
                for tag, uri, check in checks
            ]
        )
    else:
        for tag, uri, check in checks:
            reason = check.problem or check.consent
            click.echo(f"{tag} {uri}: {'pass' if check.accepts else 'fail'} ({escape_controls(reason)})")
        if not checks:
            click.echo("no report addresses")
    if any(check.consent is kit.Consent.TEMPERROR for *_, check in checks):
        return 2
    return 0 if all(check.accepts for *_, check in checks) else 1


def _check_address(
    resolver: Resolver, domain: Domain, uri: kit.ReportUri, method: kit.Method
) -> kit.ReportAddress:
    if uri.domain is None or uri.address is None:
        return kit.ReportAddress(kit.Consent.MISSING, problem="no mail address")
    return run_lookup(kit.check_report_address(resolver, domain, uri.domain, method=method))


@dmarc.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@_json_option
def parsereportmsg(files: tuple[Path, ...], as_json: bool) -> int:
    """Show aggregate reports, out of messages or as XML, gzip or zip files.

    Exit status 0 if all could be read, 1 else.

    Example: mox dmarc parsereportmsg report.eml
    """
    reports = list(read_reports(files, _parse_report))
    if as_json:
        print_json([asdict(report, dict_factory=_for_json) for _, report in reports])
    else:
        for file, report in reports:
            _echo_report(file, report)
    return 0 if len(reports) == len(files) else 1


def _parse_report(octets: bytes) -> dmarcreport.Report:
    is_file = octets.startswith((b"\x1f\x8b", b"PK")) or octets.lstrip()[:1] == b"<"
    return dmarcreport.parse_report(octets) if is_file else dmarcreport.parse_report_message(octets)


def _for_json(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return {
        name: value.isoformat()
        if isinstance(value, datetime)
        else str(value)
        if name == "source_ip"
        else value
        for name, value in pairs
    }


def _echo_report(file: Path, report: dmarcreport.Report) -> None:
    about, policy = report.metadata, report.policy
    lines = [
        f"{file}:",
        f"period: {about.begin_at:%Y-%m-%d %H:%M:%S} to {about.end_at:%Y-%m-%d %H:%M:%S} UTC",
        f"organization: {about.org_name} <{about.email}> {about.extra_contact_info}".rstrip(),
        f"report id: {about.report_id}",
        *(f"error: {error}" for error in about.errors),
        f"policy: {policy.domain} p={policy.policy} sp={policy.subdomain_policy}"
        f" adkim={policy.dkim_alignment} aspf={policy.spf_alignment}",
        f"records: {len(report.rows)}",
    ]
    for row in report.rows:
        aligned = f"dkim {_passed(row.dkim_aligned)}, spf {_passed(row.spf_aligned)}"
        reasons = "".join(f" ({reason.type} {reason.comment})" for reason in row.reasons)
        lines.append(
            f"- {row.count} from {row.source_ip}, header from {row.header_from}: {row.disposition},"
            f" {aligned}{reasons}"
        )
        lines += [
            f"  dkim {each.result} {each.domain} {each.selector} {each.human_result}" for each in row.dkim
        ]
        lines += [f"  spf {each.result} {each.domain} {each.scope} {each.human_result}" for each in row.spf]
    click.echo("\n".join(escape_controls(line).rstrip() for line in lines))


def _echo_problem(problem: str) -> None:
    if problem:
        click.echo(f"problem: {escape_controls(problem)}")


def _status_of(found: kit.Lookup) -> int:
    if found.failure is kit.Failure.TEMPERROR:
        return 2
    return 0 if found.record is not None else 1


def _passed(is_passed: bool) -> str:
    return "pass" if is_passed else "fail"


def _dnssec(authentic: bool) -> str:
    return "with dnssec" if authentic else "without dnssec"
