"""`mox arc verify`."""

from typing import IO

import click

from mox.cli.context import print_json
from mox.cli.foreigntext import escape_controls
from mox.cli.messagefile import read_message
from mox.cli.resolving import resolver_options, run_lookup
from mox.runtime import SystemClock
from moxkit import arc as kit, dkim
from moxkit.dns import Resolver

__all__ = ["arc"]


@click.group()
def arc() -> None:
    """Check what earlier handlers of a message have sealed (ARC, RFC 8617).

    Example: mox arc verify mail.eml
    """


@arc.command()
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@resolver_options
def verify(file: IO[bytes], as_json: bool, resolver: Resolver) -> int:
    """Check the chain of a message in a file, "-" for standard input.

    Whether the sealers can be trusted is another question. Exit status 0 if the chain passes, 1 if it fails
    or there is none, 2 if that cannot be known for now.

    Example: mox arc verify mail.eml
    """
    result = run_lookup(kit.verify(resolver, read_message(file), now=SystemClock().now()))
    problem = result.problem
    if as_json:
        print_json(
            {
                "status": str(result.status),
                "problem": None if problem is None else str(problem.kind),
                "reason": None if problem is None else escape_controls(str(problem)),
                "oldest-pass": result.oldest_pass,
                "authentic": result.authentic,
                "sets": [_set_fields(each) for each in result.sets],
            }
        )
    else:
        click.echo(
            f"status: {result.status}" + ("" if problem is None else f" ({escape_controls(str(problem))})")
        )
        if result.status is kit.Status.PASS:
            click.echo(f"oldest-pass: {result.oldest_pass}")
            click.echo(f"dnssec-signed: {'yes' if result.authentic else 'no'}")
        for each in result.sets:
            click.echo("\n" + "\n".join(f"{name}: {value}" for name, value in _set_fields(each).items()))
    if result.status is kit.Status.PASS:
        return 0
    cause = None if problem is None else problem.cause
    return 2 if cause is not None and cause.status is dkim.Status.TEMPERROR else 1


def _set_fields(each: kit.ArcSet) -> dict[str, object]:
    return {
        "instance": each.instance,
        "sealer": each.seal.signature.domain.ascii,
        "signer": each.message_signature.domain.ascii,
        "validation": str(each.seal.validation),
        "results": escape_controls(each.authentication_results),
    }
