"""`mox config dnscheck`: whether the world sees a domain as it should."""

from collections.abc import Sequence
from dataclasses import asdict

import click
from cryptography import x509

from mox.cli.context import Globals, load_or_fail, print_json
from mox.cli.dnsrecords import configured_domain, dkim_keys, host_keys
from mox.cli.fetching import https_options
from mox.cli.resolving import run_lookup
from mox.runtime import SystemClock
from moxkit.dns import Resolver
from moxkit.domain import parse_domain
from moxkit.https import HttpsClient
from moxkit.smtpclient import Dialer

__all__ = ["dnscheck"]


@click.command()
@click.argument("domain")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@https_options
@click.pass_obj
def dnscheck(
    given: Globals,
    *,
    domain: str,
    as_json: bool,
    resolver: Resolver,
    client: HttpsClient,
    roots: Sequence[x509.Certificate],
) -> int:
    """Check DNS for a domain of the configuration, and what answers at the names it leads to.

    Each check is a line; below it what has to be mended (error) or may be meant so (warning). Exit status 0
    without errors, else 1.

    Example: mox config dnscheck mox.example
    """
    from mox.admin import Means, Subject, check_domain  # noqa: PLC0415  only here

    file = given.found_config
    config = load_or_fail(file)
    name, settings = configured_domain(config, domain)
    now = SystemClock().now
    subject = Subject(
        name=parse_domain(name),
        config=settings,
        static=config.static,
        dkim_keys=dkim_keys(settings, file.parent),
        host_keys=host_keys(config.static, file.parent),
    )
    means = Means(
        resolver=resolver,
        get=client.get,
        dialer=Dialer(subject.host.ascii, roots, now, timeout_s=10),
        now=now(),
    )
    reports = run_lookup(check_domain(subject, means))
    if as_json:
        print_json([asdict(each) for each in reports])
    else:
        for each in reports:
            click.echo(f"{'ok   ' if each.is_fine else '#    '} {each.check}")
            for kind, texts in (("error", each.errors), ("warning", each.warnings)):
                for text in texts:
                    click.echo(f"      {kind}: {text}")
    return 1 if any(each.errors for each in reports) else 0
