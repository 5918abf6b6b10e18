"""What commands that fetch documents share: options for HTTPS."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar

import click
from cryptography import x509

from mox.cli.resolving import CheckError, resolver_options
from mox.runtime import SystemClock
from moxkit.dns import Resolver
from moxkit.https import HttpsClient
from moxkit.net import system_roots

__all__ = ["https_options", "read_roots"]

ResultT = TypeVar("ResultT")


def https_options(function: Callable[..., ResultT]) -> Callable[..., ResultT]:
    """Give a command the options of lookups and of fetching; it is called with `resolver` and `client`.

    One that has a parameter `roots` gets the authorities to believe there.
    """
    wants_roots = "roots" in signature(function).parameters

    @click.option(
        "--ca-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="PEM file of authorities to believe instead of the system's.",
    )
    @click.option("--https-port", default=443, show_default=True, help="Where https addresses lead.")
    @resolver_options
    @wraps(function)
    def command(
        *args: Any, resolver: Resolver, ca_file: Path | None, https_port: int, **kwargs: Any
    ) -> ResultT:
        roots = read_roots(ca_file)
        client = HttpsClient(resolver, roots=roots, now=SystemClock().now, user_agent="mox", port=https_port)
        if wants_roots:
            kwargs["roots"] = roots
        return function(*args, resolver=resolver, client=client, **kwargs)

    return command


def read_roots(file: Path | None) -> tuple[x509.Certificate, ...]:
    """Return the authorities to believe: those of a file, or the system's.

    Raises:
        CheckError: There are none.
    """
    if file is None:
        roots = system_roots()
        problem = "this machine has no certificates of authorities; name some with --ca-file"
    else:
        try:
            roots = tuple(x509.load_pem_x509_certificates(file.read_bytes()))
        except ValueError as error:
            raise CheckError(f"{file}: not a file of certificates: {error}") from error
        problem = f"{file}: no certificate"
    if not roots:
        raise CheckError(problem)
    return roots
