"""`mox config printservice`: a file that has the system start the server."""

import sys

import click

from mox.cli.context import Globals, load_or_fail

__all__ = ["printservice"]

_KINDS = ("systemd", "openrc", "freebsd")


@click.command()
@click.option(
    "--for", "kind", type=click.Choice(_KINDS), default="systemd", show_default=True, help="Who starts it."
)
@click.pass_obj
def printservice(given: Globals, *, kind: str) -> None:
    """Print a service file for this installation: its interpreter, configuration and data.

    Example: mox --config /home/mox/config/mox.toml config printservice > /etc/systemd/system/mox.service
    """
    from mox.admin import ServiceManager, service_file  # noqa: PLC0415  only here

    config_file = given.config_file.absolute()
    data_dir = (config_file.parent / load_or_fail(config_file).static.data_dir).resolve()
    try:
        text = service_file(
            ServiceManager(kind),
            program=(sys.executable, "-I", "-m", "mox"),
            config_file=config_file,
            data_dir=data_dir,
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(text, nl=False)
