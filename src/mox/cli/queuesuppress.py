"""`mox queue suppress`: addresses that an account's mail is not sent to any more."""

from datetime import datetime
from typing import Any

import click

from mox.cli.context import Globals, ask_server, print_json
from mox.cli.foreigntext import escape_controls

__all__ = ["suppress"]

_as_json = click.option("--json", "as_json", is_flag=True, help="For scripts.")
_of_account = click.option("--account", default="", help="Of this account alone.")


@click.group()
def suppress() -> None:
    """Addresses that nothing is sent to, since they refused mail for good or a person said so.

    Example: mox queue suppress list
    """


def _show(entry: dict[str, Any]) -> None:
    since = datetime.fromisoformat(entry["added_at"])
    how = "manual" if entry["is_manual"] else "refused"
    text = f"{entry['account']:15} {since:%Y-%m-%d} {how:8} {entry['address']}  {entry['reason']}"
    click.echo(escape_controls(text))


@suppress.command("list")
@_of_account
@_as_json
@click.pass_obj
def list_(given: Globals, account: str, as_json: bool) -> None:
    """List them: account, since when, who said so, address, reason.

    Example: mox queue suppress list --account mox
    """
    found = ask_server(given, "queuesuppresslist", {"account": account})
    if as_json:
        print_json(found)
        return
    for entry in found:
        _show(entry)
    if not found:
        click.echo("(none)")


@suppress.command()
@click.argument("account")
@click.argument("address")
@click.option("--reason", default="added on the command line", help="For whoever wonders later.")
@click.pass_obj
def add(given: Globals, account: str, address: str, reason: str) -> None:
    """Send nothing more of an account to an address, with whatever subaddress, dots and case.

    Example: mox queue suppress add mox user@example.org --reason "asked us to stop"
    """
    ask_server(given, "queuesuppressadd", {"account": account, "address": address, "reason": reason})
    click.echo("address added")


@suppress.command()
@click.argument("account")
@click.argument("address")
@click.pass_obj
def remove(given: Globals, account: str, address: str) -> None:
    """Send to an address again.

    Example: mox queue suppress remove mox user@example.org
    """
    ask_server(given, "queuesuppressremove", {"account": account, "address": address})
    click.echo("address removed")


@suppress.command()
@click.argument("address")
@_of_account
@_as_json
@click.pass_obj
def lookup(given: Globals, address: str, account: str, as_json: bool) -> int:
    """Say whether something is sent to an address, and if not, why; the exit status is 1 if it is.

    Example: mox queue suppress lookup user@example.org
    """
    found = ask_server(given, "queuesuppresslookup", {"account": account, "address": address})
    if as_json:
        print_json(found)
    elif found:
        for entry in found:
            _show(entry)
    else:
        click.echo("not present")
    return 0 if found else 1
