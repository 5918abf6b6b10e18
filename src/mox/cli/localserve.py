"""`mox localserve`: a mail server for developers."""

import ipaddress
import sys
from pathlib import Path

import click

import mox
from mox.cli.context import Globals, load_or_fail
from mox.config import LOG_LEVELS, STATIC_NAME

__all__ = ["localserve"]


@click.command()
@click.option(
    "--dir", "directory", type=click.Path(path_type=Path), help="Where its files are; made if need be."
)
@click.option("--ip", help="Listen on this address instead of 127.0.0.1 and ::1; only for a new directory.")
@click.option("--init-only", is_flag=True, help="Write the files and exit.")
@click.option(
    "--port-offset",
    type=click.IntRange(0, 64000),
    help="Added to the usual ports, 1000 by default: so several run side by side. Only for a new directory.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Serve SMTP and IMAP with so many processes, as a large server does. Only for a new directory.",
)
@click.option("--enforce", is_flag=True, help="Refuse what a server on the internet would refuse.")
@click.pass_obj
def localserve(
    given: Globals,
    *,
    directory: Path | None,
    ip: str | None,
    init_only: bool,
    port_offset: int | None,
    workers: int | None,
    enforce: bool,
) -> None:
    """Run a mail server for testing, on this machine only: no root, no DNS, no configuration.

    Ports are the usual ones + 1000. Mail to any address is accepted. Each message is judged as on the
    internet, and the judgement is kept with it: see mox message why.

    Example: mox localserve --dir /tmp/mail --port-offset 2000
    """
    from mox.app import banner, create_localserve, default_directory, run_localserve  # noqa: PLC0415  slow
    from mox.config import ConfigError  # noqa: PLC0415  with it
    from mox.database import DatabaseError  # noqa: PLC0415  with it
    from mox.listen import BindError  # noqa: PLC0415  with it
    from mox.observe import LogfmtFormatter, LogLevels, install  # noqa: PLC0415  with it
    from mox.runtime import SystemClock  # noqa: PLC0415  with it

    directory = (directory or default_directory()).absolute()
    clock, is_new = SystemClock(), not directory.exists()
    if not is_new and (ip, port_offset, workers) != (None, None, None):
        raise click.ClickException(
            f"{directory} is there; --ip, --port-offset and --workers are for a new directory, see --dir"
        )
    if given.log_level is not None and given.log_level not in LOG_LEVELS:
        raise click.ClickException(
            f"invalid log level {given.log_level!r}; use one of {', '.join(LOG_LEVELS)}"
        )
    install(LogfmtFormatter())
    levels = LogLevels("warn")
    try:
        if is_new:
            chosen = {"port_offset": port_offset, "workers": workers}
            extra = {name: value for name, value in chosen.items() if value is not None}
            create_localserve(directory, clock=clock, ips=_ips(ip), **extra)
        elif init_only:
            click.echo(f"{directory} is there already; nothing was changed", err=True)
        config = load_or_fail(directory / STATIC_NAME)
        levels.set(given.log_level or config.static.log_level or "debug")

        def ready() -> None:
            click.echo(banner(config, directory, version=mox.__version__, is_new=is_new))

        status = run_localserve(
            directory,
            argv=_argv(given, directory, enforce=enforce),
            clock=clock,
            levels=levels,
            ready=ready,
            init_only=init_only,
            enforces=enforce,
        )
    except (BindError, DatabaseError, ConfigError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or directory}: {error.strerror}") from error
    raise click.exceptions.Exit(status)


def _argv(given: Globals, directory: Path, *, enforce: bool) -> list[str]:
    """Return how each of several processes is started, now that the directory is there."""
    level = [] if given.log_level is None else ["--log-level", given.log_level]
    more = ["--enforce"] if enforce else []
    return [sys.executable, "-m", "mox", *level, "localserve", "--dir", str(directory), *more]


def _ips(ip: str | None) -> tuple[str, ...]:
    if ip is None:
        return ()
    try:
        return (str(ipaddress.ip_address(ip)),)
    except ValueError as error:
        raise click.ClickException(f"{ip!r} is not an IP address") from error
