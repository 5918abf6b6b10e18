"""Commands that the running server carries out: stop, loglevels, setaccountpassword."""

import click

from mox.cli.context import Globals, ask_server, print_json

__all__ = ["loglevels", "setaccountpassword", "stop"]


@click.command()
@click.pass_obj
def stop(given: Globals) -> None:
    """Stop the running server; returns when it is asked.

    Example: mox stop
    """
    ask_server(given, "stop", {})
    click.echo("mox stopped")


@click.command()
@click.argument("level", required=False)
@click.argument("package", required=False)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def loglevels(given: Globals, level: str | None, package: str | None, as_json: bool) -> None:
    """Show log levels, or set the default or that of a package until the server stops.

    An empty LEVEL with a PACKAGE clears that package's.

    Example: mox loglevels trace mox.imapserver
    """
    levels = ask_server(given, "loglevels", {"level": level, "package": package})
    if as_json:
        print_json(levels)
    else:
        click.echo("\n".join(f"{name}: {value}" for name, value in levels.items()))


@click.command()
@click.argument("account")
@click.pass_obj
def setaccountpassword(given: Globals, account: str) -> None:
    """Set the password of an account, read from the terminal or standard input.

    ACCOUNT is the name of an account, not an address.

    Example: mox setaccountpassword mox
    """
    from mox.cli.password import read_password  # noqa: PLC0415  only here

    ask_server(given, "setaccountpassword", {"account": account, "password": read_password(8)})
    click.echo("password set")
