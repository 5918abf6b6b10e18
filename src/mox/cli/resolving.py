"""What commands that look things up share: options for the resolver, exit statuses, running the lookup.

Exit status 0 says that a check passed, 1 that it did not, 2 that it could not be done.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from ipaddress import ip_address
from typing import Any, TypeVar

import click

from moxkit.dns import DnsResolver, NameServer
from moxkit.domain import Domain, DomainError, parse_domain

__all__ = ["CheckError", "DomainArgument", "resolver_options", "run_lookup"]

ResultT = TypeVar("ResultT")


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
    """Give a command the options that say whom to ask; it is called with `resolver`."""

    @click.option(
        "--dns-server",
        metavar="IP[:PORT]",
        help="Ask this resolver, not those of the machine's configuration.",
    )
    @click.option(
        "--trust-ad", is_flag=True, help="Believe a resolver elsewhere that says it validated DNSSEC."
    )
    @wraps(function)
    def command(*args: Any, dns_server: str | None, trust_ad: bool, **kwargs: Any) -> ResultT:
        servers = None if dns_server is None else [_name_server(dns_server)]
        try:
            resolver = DnsResolver(servers=servers, trust_ad=trust_ad)
        except OSError as error:
            raise CheckError(f"{error}; name one with --dns-server") from error
        return function(*args, resolver=resolver, **kwargs)

    return command


def run_lookup(lookup: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run a lookup to its end."""
    return asyncio.run(lookup)


def _name_server(text: str) -> NameServer:
    try:
        return NameServer(str(ip_address(text.strip("[]"))))
    except ValueError:
        pass
    host, _, port = text.rpartition(":")
    try:
        if port.isascii() and port.isdecimal() and 0 < int(port) < 65536:
            return NameServer(str(ip_address(host.strip("[]"))), int(port))
    except ValueError:
        pass
    raise click.BadParameter(f"{text!r} is no IP address with or without port", param_hint="--dns-server")
