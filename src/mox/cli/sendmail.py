"""`mox sendmail`, also as a program named sendmail: submits what cron and scripts write."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from cryptography import x509

from mox.config import ConfigError, SubmitConfig, load_submit_config
from mox.runtime import SystemClock
from mox.sendmail import (
    SendmailError,
    keep_failed,
    prepare,
    read_arguments,
    read_client_certificate,
    submit,
)
from moxkit.net import system_roots

__all__ = ["is_setgid", "run_sendmail", "sendmail"]

_CONFIG = Path("/etc/moxsubmit.toml")
_MAX_OCTETS = 100 * 1024 * 1024 + 1


@click.command(
    context_settings={
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
        "help_option_names": ["--help"],
    }
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sendmail(arguments: tuple[str, ...]) -> int:
    """Submit a message from standard input, as the sendmail program of a mail server would.

    Takes recipients, or -t to read them from To, Cc and Bcc; sendmail's other flags are passed over. How to
    submit is in /etc/moxsubmit.toml (or $MOXSUBMIT, unless installed setgid); `mox config describe-sendmail`
    prints an example. A message that cannot be submitted is kept in ~/moxsubmit.failures: exit status 1.

    Example: mox sendmail -t < message
    """
    return run_sendmail(arguments)


def run_sendmail(arguments: Sequence[str]) -> int:
    """Do it; return the exit status."""
    # Whoever runs a setgid program must not choose what it reads.
    file = _CONFIG if is_setgid() else Path(os.environ.get("MOXSUBMIT") or _CONFIG)
    try:
        config = load_submit_config(file)
        certificate = read_client_certificate(config)
        message = prepare(read_arguments(arguments), sys.stdin.buffer.read(_MAX_OCTETS), config)
    except ConfigError as error:
        raise click.ClickException("\n".join(map(str, error.problems))) from error
    except SendmailError as error:
        raise click.ClickException(str(error)) from error
    try:
        roots = _roots(config)
        asyncio.run(submit(message, config, certificate=certificate, roots=roots, now=SystemClock().now))
    except SendmailError as error:
        click.echo(f"sendmail: {error}", err=True)
        try:
            kept = keep_failed(message.content, Path.home())
        except SendmailError as problem:
            raise click.ClickException(str(problem)) from problem
        click.echo(f"sendmail: the message is kept in {kept}", err=True)
        return 1
    return 0


def is_setgid() -> bool:
    """Return whether this program has rights its user has not."""
    return sys.platform != "win32" and os.getgid() != os.getegid()


def _roots(config: SubmitConfig) -> tuple[x509.Certificate, ...]:
    if not config.ca_file:
        return system_roots()
    try:
        return tuple(x509.load_pem_x509_certificates(Path(config.ca_file).read_bytes()))
    except (OSError, ValueError) as error:
        raise SendmailError(f"{config.ca_file}: {error}") from error
