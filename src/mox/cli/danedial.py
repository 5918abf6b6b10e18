"""`mox dane dial|dialmx`: connections that DANE verifies, to look at and to talk over."""

import asyncio
import platform
import random
from pathlib import Path

import click

from mox.cli.fetching import read_roots
from mox.cli.piping import pipe, wants_pipe
from mox.cli.resolving import DomainArgument, resolver_options, run_lookup
from mox.cli.smtp import tell_connection, tell_destination, tell_failures
from mox.cli.steps import Steps
from mox.runtime import SystemClock
from moxkit.dane import Found, Judgement, Status, Usage, dane_verdict, find_records, parse_usage
from moxkit.dns import DnsError, Resolver, Tlsa
from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.net import ImplicitTLS, LineConn, TLSError, client_context, connect
from moxkit.smtpclient import (
    DestinationStatus,
    Dialer,
    HostFailure,
    TlsPolicy,
    TlsUse,
    Verification,
    find_destination,
    find_host,
)

__all__ = ["dial", "dialmx", "text_of_record"]

_DIAL_S = 30.0
_PUBLIC = frozenset({Usage.PKIX_TA, Usage.PKIX_EE})


def text_of_record(record: Tlsa) -> str:
    """Return a record as zone files have it."""
    return f"{record.usage} {record.selector} {record.matching_type} {record.data.hex()}"


class _UsagesArgument(click.ParamType[frozenset[Usage]]):
    name = "usages"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[Usage]:
        if isinstance(value, frozenset):
            return value
        try:
            return frozenset(parse_usage(each.strip()) for each in str(value).split(","))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.argument("address", metavar="HOST:PORT")
@click.option(
    "--usages",
    type=_UsagesArgument(),
    default="pkix-ta,pkix-ee,dane-ta,dane-ee",
    show_default=True,
    help="Of records that count.",
)
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM file of authorities to believe instead of the system's, for the pkix usages.",
)
@click.option("--json", "as_json", is_flag=True, help="For scripts; nothing is passed on.")
@resolver_options
def dial(
    address: str, usages: frozenset[Usage], ca_file: Path | None, *, as_json: bool, resolver: Resolver
) -> int:
    """Connect to HOST:PORT by TLS, and let its TLSA records decide whether it is the right one.

    With a terminal or a pipe on standard input, what is written there goes to the host, and its answers to
    standard output; the steps are told on standard error then.

    Exit status 0 if the host is verified, 1 if not, 2 if that cannot be known for now.

    Example: mox dane dial imap.mox.example:993
    """
    name, _, port = address.rpartition(":")
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise click.BadParameter(f"{address!r} is not host:port", param_hint="HOST:PORT")
    try:
        host = parse_domain(name, allow_underscore=True, allow_trailing_dot=True)
    except DomainError as error:
        raise click.BadParameter(f"{name}: {error}", param_hint="HOST:PORT") from error
    talks = not as_json and wants_pipe()
    steps = Steps(as_json, to_stderr=talks)
    walk = _dial(steps, resolver, host, int(port), usages=usages, ca_file=ca_file, talks=talks)
    return steps.finish(run_lookup(walk))


async def _dial(
    steps: Steps,
    resolver: Resolver,
    host: Domain,
    port: int,
    *,
    usages: frozenset[Usage],
    ca_file: Path | None,
    talks: bool,
) -> int:
    found = await find_records(resolver, host, port, usages=usages)
    _tell_records(steps, host, port, found)
    if found.status is not Status.USABLE:
        return 2 if found.status is Status.TEMPERROR else 1
    # Asked for only if somebody asks: a machine without authorities can do DANE.
    roots = read_roots(ca_file) if any(record.usage in _PUBLIC for record in found.records) else ()
    judgements: list[Judgement] = []
    verdict = dane_verdict(
        found.records, names=found.names, now=SystemClock().now, roots=roots, on_judged=judgements.append
    )
    tls = ImplicitTLS(client_context(), str(found.base or host), verdict)
    for address in found.addresses:
        try:
            conn = await connect(str(address), port, timeout=_DIAL_S, tls=tls)
        except TLSError as error:
            detail = judgements[-1].detail if judgements else ""
            steps.tell("failed", f"{host} [{address}]: {detail or error}", host=str(host))
            return 1
        except OSError as error:
            steps.tell("failed", f"{host} [{address}]: {str(error) or 'no answer'}", host=str(host))
            continue
        info, record = conn.tls, judgements[-1].record
        secured = "" if info is None else f"{info.version} {info.cipher}, "
        shown = "" if record is None else text_of_record(record)
        text = f"{host} [{address}], {secured}verified with {shown}"
        steps.tell("connected", text, host=str(host), record=shown)
        await _talk(conn, talks=talks)
        return 0
    return 2


@click.command()
@click.argument("domain", type=DomainArgument())
@click.argument("desthost", type=DomainArgument(), required=False)
@click.option("--ehlo-hostname", default=platform.node, help="Our name; by default this machine's.")
@click.option("--port", default=25, show_default=True, help="Of the mail hosts.")
@click.option("--json", "as_json", is_flag=True, help="For scripts; nothing is passed on.")
@resolver_options
def dialmx(
    domain: Domain,
    desthost: Domain | None,
    ehlo_hostname: str,
    port: int,
    *,
    as_json: bool,
    resolver: Resolver,
) -> int:
    """Connect to a mail host of DOMAIN as a delivery does, if DANE verifies it; or to DESTHOST alone.

    Hosts without DNSSEC or TLSA records are passed over. With a terminal or a pipe on standard input, SMTP
    goes on from there, after EHLO; the steps are told on standard error then.

    Exit status 0 if a host is verified, 1 if none is, 2 if that cannot be known for now.

    Example: mox dane dialmx mox.example
    """
    talks = not as_json and wants_pipe()
    steps = Steps(as_json, to_stderr=talks)
    dialer = Dialer(ehlo_hostname, (), SystemClock().now, port=port, timeout_s=_DIAL_S)
    return steps.finish(run_lookup(_dialmx(steps, resolver, dialer, domain, desthost, talks=talks)))


async def _dialmx(
    steps: Steps,
    resolver: Resolver,
    dialer: Dialer,
    domain: Domain,
    desthost: Domain | None,
    *,
    talks: bool,
) -> int:
    destination = await find_destination(resolver, domain, shuffle=random.shuffle)
    tell_destination(steps, destination)
    if destination.status is not DestinationStatus.FOUND:
        return 2 if destination.status is DestinationStatus.TEMPERROR else 1
    hosts = destination.hosts
    if desthost is not None:
        if desthost not in hosts:
            steps.tell("passed over", f"{desthost} is not a mail host of {domain}", host=str(desthost))
            return 1
        hosts = (desthost,)
    is_temporary = False
    for host in hosts:
        try:
            found = await find_host(resolver, destination, host)
        except DnsError as error:
            steps.tell("address", f"{host}: {error}", host=str(host))
            is_temporary = True
            continue
        _tell_records(steps, host, 25, found)
        is_temporary = is_temporary or found.status is Status.TEMPERROR
        if found.status is not Status.USABLE:
            steps.tell("passed over", f"{host}: dane does not verify it", host=str(host))
            continue
        policy = TlsPolicy(TlsUse.REQUIRED, Verification.DANE, found.names, found)
        connection = await dialer.dial(host, found.addresses, policy)
        tell_failures(steps, connection)
        if isinstance(connection, HostFailure):
            steps.tell("failed", f"{connection.enhanced} {connection.text}", host=str(host))
            continue
        tell_connection(steps, connection)
        if talks:
            await _talk(connection.detach(), talks=True)
        else:
            await connection.close()
        return 0
    return 2 if is_temporary else 1


def _tell_records(steps: Steps, host: Domain, port: int, found: Found) -> None:
    addresses = [str(address) for address in found.addresses]
    steps.tell("address", f"{host}: {', '.join(addresses) or 'none'}", host=str(host), addresses=addresses)
    problem = f": {found.problem}" if found.problem else ""
    steps.tell("dane", f"{host}: {found.status}{problem}", host=str(host), status=found.status)
    for record in found.records:
        text = f"_{port}._tcp.{found.base}. TLSA {text_of_record(record)}"
        steps.tell("record", text, record=text_of_record(record))


async def _talk(conn: LineConn, *, talks: bool) -> None:
    if talks:
        try:
            await pipe(conn)
        except ConnectionError as error:
            click.echo(f"{'ended':<12} {error}", err=True)
    conn.close()
    # What is written leaves in the loop's next turns.
    await asyncio.sleep(0)
