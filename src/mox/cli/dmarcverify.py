"""`mox dmarc verify`: SPF, DKIM and DMARC of a message, as a server would see it."""

import asyncio
from typing import BinaryIO

import click

from mox.cli.context import print_json
from mox.cli.dmarcmethod import method_option
from mox.cli.foreigntext import escape_controls
from mox.cli.ipargument import IpArgument
from mox.cli.resolving import CheckError, resolver_options, run_lookup
from mox.runtime import SystemClock
from moxkit import dkim, dmarc as kit, spf
from moxkit.dns import Address, Resolver
from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.message import from_address, header_of, parse

__all__ = ["verify"]

_MOST_MESSAGE_OCTETS = 256 << 20


@click.command()
@click.argument("ip", type=IpArgument())
@click.argument("mailfrom")
@click.argument("helo")
@click.option("--file", type=click.File("rb"), default="-", help="The message.  [default: standard input]")
@method_option
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
def verify(
    ip: Address,
    mailfrom: str,
    helo: str,
    *,
    file: BinaryIO,
    method: str,
    as_json: bool,
    resolver: Resolver,
) -> int:
    """Check a message as if it came from this host with this reverse-path: SPF, DKIM, DMARC.

    MAILFROM is an address, or "<>" for the null reverse-path.

    Exit status 0 if DMARC passes, 1 if not, 2 if that cannot be known.

    Example: mox dmarc verify 192.0.2.1 alice@mox.example mail.mox.example < message.eml
    """
    # Files of messages have the line ends of their system; mail has CRLF.
    octets = file.read(_MOST_MESSAGE_OCTETS).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    author = from_address(header_of(parse(octets), octets))
    if author is None:
        raise CheckError("the message has no From field with exactly one address")
    try:
        from_domain = parse_domain(author.domain, allow_underscore=True)
    except DomainError as error:
        raise CheckError(str(error)) from error
    sender = spf.Sender(ip, mailfrom.strip().removeprefix("<").removesuffix(">"), helo)
    by_spf, by_dkim, result = run_lookup(
        _verify(resolver, sender, octets, from_domain, method=kit.Method(method))
    )
    if as_json:
        print_json(_results(by_spf, by_dkim, result))
    else:
        _echo_results(by_spf, by_dkim, result, from_domain)
    match result.status:
        case kit.Status.PASS:
            return 0
        case kit.Status.TEMPERROR:
            return 2
        case _:
            return 1


async def _verify(
    resolver: Resolver, sender: spf.Sender, octets: bytes, from_domain: Domain, *, method: kit.Method
) -> tuple[spf.Result, tuple[dkim.Result, ...], kit.Result]:
    now = SystemClock().now()
    by_spf, by_dkim = await asyncio.gather(
        spf.verify(resolver, sender, now=now), dkim.verify(resolver, octets, now=now)
    )
    return by_spf, by_dkim, await kit.verify(resolver, from_domain, spf=by_spf, dkim=by_dkim, method=method)


def _results(by_spf: spf.Result, by_dkim: tuple[dkim.Result, ...], result: kit.Result) -> dict[str, object]:
    return {
        "spf": {
            "status": by_spf.status,
            "identity": by_spf.identity,
            "domain": None if by_spf.domain is None else by_spf.domain.ascii,
            "problem": by_spf.problem,
        },
        "dkim": [
            {
                "status": each.status,
                "domain": None if each.signature is None else each.signature.domain.ascii,
                "problem": None if each.problem is None else str(each.problem),
            }
            for each in by_dkim
        ],
        "dmarc": {
            "status": result.status,
            "aligned_spf": result.aligned_spf,
            "aligned_dkim": result.aligned_dkim,
            "policy": result.policy,
            "domain": None if result.domain is None else result.domain.ascii,
            "record": None if result.record is None else str(result.record),
            "problem": result.problem,
            "authentic": result.lookup.authentic,
        },
    }


def _echo_results(
    by_spf: spf.Result, by_dkim: tuple[dkim.Result, ...], result: kit.Result, from_domain: Domain
) -> None:
    lines = [f"spf: {by_spf.status} ({by_spf.identity} {by_spf.domain or 'without domain'})"]
    for each in by_dkim:
        signer = "no domain" if each.signature is None else each.signature.domain.ascii
        problem = "" if each.problem is None else f": {each.problem}"
        lines.append(f"dkim: {each.status} ({signer}){problem}")
    if not by_dkim:
        lines.append("dkim: none")
    lines.append(f"dmarc: {result.status} (from {from_domain})")
    if result.domain is not None:
        dnssec = "with dnssec" if result.lookup.authentic else "without dnssec"
        aligned = f"spf {_yes(result.aligned_spf)}, dkim {_yes(result.aligned_dkim)}"
        lines += [
            f"aligned: {aligned}",
            f"policy: {result.policy} (record at _dmarc.{result.domain}, {dnssec})",
        ]
    click.echo("\n".join(map(escape_controls, lines)))
    if result.problem:
        click.echo(f"problem: {escape_controls(result.problem)}")


def _yes(is_true: bool) -> str:
    return "yes" if is_true else "no"
