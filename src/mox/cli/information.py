"""`mox version` and `mox help`."""

import platform

import click

import mox
from mox.cli.context import print_json

__all__ = ["help_command", "version"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def version(as_json: bool) -> None:
    """Show the version of mox, of Python, and the platform.

    Example: mox version
    """
    system = f"{platform.system().lower()}/{platform.machine()}"
    if as_json:
        print_json({"version": mox.__version__, "python": platform.python_version(), "platform": system})
    else:
        click.echo(f"mox {mox.__version__}\nPython {platform.python_version()} {system}")


@click.command("help")
@click.argument("words", nargs=-1)
@click.pass_context
def help_command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of a command.

    Example: mox help message wait
    """
    parent = ctx.find_root()
    command: click.Command = parent.command
    for word in words:
        found = command.get_command(parent, word) if isinstance(command, click.Group) else None
        if found is None:
            raise click.UsageError(f"no command {' '.join(words)!r}", parent)
        command, parent = found, click.Context(found, info_name=word, parent=parent)
    click.echo(command.get_help(parent))
