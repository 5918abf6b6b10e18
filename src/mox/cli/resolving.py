"""What commands that look things up share: options for the resolver, exit statuses, running the lookup.

Exit status 0 says that a check passed, 1 that it did not, 2 that it could not be done.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar

import click

from mox.cli.context import Globals, load_or_fail
from mox.config import Resolvers
from moxkit.dns import DnsResolver, parse_name_server
from moxkit.domain import Domain, DomainError, parse_domain

__all__ = ["CheckError", "DomainArgument", "resolver_options", "run_lookup"]

ResultT = TypeVar("ResultT")

_RESOLVER = f"{__name__}.resolver"


class CheckError(click.ClickException):
    """A check could not be done: bad input, or no answer for now."""

    exit_code = 2


class DomainArgument(click.ParamType[Domain]):
    """A domain name in ASCII or Unicode, underscores allowed; becomes a `Domain`."""

    name = "domain"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Domain:
        """Return the domain, or end with what is wrong with it."""
        if isinstance(value, Domain):
            return value
        try:
            return parse_domain(str(value), allow_underscore=True, allow_trailing_dot=True)
        except DomainError as error:
            self.fail(f"{value}: {error}", param, ctx)


def resolver_options(function: Callable[..., ResultT]) -> Callable[..., ResultT]:
    """Give a command the options that say whom to ask; it is called with `resolver`.

    Without them the configuration counts, if there is one, else the machine's.
    """

    @click.option("--dns-server", metavar="IP[:PORT]", help="Ask this resolver, not the configured ones.")
    @click.option(
        "--trust-ad", is_flag=True, help="Believe a resolver elsewhere that says it validated DNSSEC."
    )
    @wraps(function)
    def command(*args: Any, dns_server: str | None, trust_ad: bool, **kwargs: Any) -> ResultT:
        configured = _configured()
        names = configured.servers if dns_server is None else (dns_server,)
        try:
            servers = [parse_name_server(name) for name in names] or None
            resolver = DnsResolver(servers=servers, trust_ad=trust_ad or configured.trust_ad)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--dns-server") from error
        except OSError as error:
            raise CheckError(f"{error}; name one with --dns-server") from error
        click.get_current_context().meta[_RESOLVER] = resolver
        return function(*args, resolver=resolver, **kwargs)

    return command


def run_lookup(lookup: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a lookup to its end, for a command with `resolver_options`."""
    resolver: DnsResolver = click.get_current_context().meta[_RESOLVER]

    async def run() -> ResultT:
        try:
            return await lookup
        finally:
            resolver.close()
            # Its sockets are closed by the loop, once more around.
            await asyncio.sleep(0)

    return asyncio.run(run())


def _configured() -> Resolvers:
    given: Globals = click.get_current_context().find_root().obj
    # Whoever may not read the configuration can look things up all the same.
    if not os.access(given.config_file, os.R_OK):
        return Resolvers()
    return load_or_fail(given.config_file).static.resolvers
