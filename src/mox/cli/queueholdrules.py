"""`mox queue holdrules`: which new messages are put on hold."""

import click

from mox.cli.context import Globals, ask_server, print_json
from mox.cli.foreigntext import escape_controls

__all__ = ["holdrules"]

_as_json = click.option("--json", "as_json", is_flag=True, help="For scripts.")


@click.group()
def holdrules() -> None:
    """Rules that put new messages on hold.

    Example: mox queue holdrules list
    """


@holdrules.command("list")
@_as_json
@click.pass_obj
def list_(given: Globals, as_json: bool) -> None:
    """List the rules.

    Example: mox queue holdrules list
    """
    found = ask_server(given, "queueholdruleslist", {})
    if as_json:
        print_json(found)
        return
    names = ("account", "sender_domain", "recipient_domain")
    for rule in found:
        fields = " ".join(f"{name.replace('_', '-')}:{rule[name]}" for name in names if rule[name])
        click.echo(escape_controls(f"{rule['id']:5} {fields or 'everything'}"))
    if not found:
        click.echo("(none)")


@holdrules.command()
@click.option("--account", default="", help="Messages that this account sends.")
@click.option("--sender-domain", default="", help="Messages with a sender at this domain.")
@click.option("--recipient-domain", default="", help="Messages to this domain.")
@_as_json
@click.pass_obj
def add(given: Globals, account: str, sender_domain: str, recipient_domain: str, as_json: bool) -> None:
    """Put messages on hold that have all of this, those in the queue and new ones; without flags, all.

    Example: mox queue holdrules add --recipient-domain example.org
    """
    arguments: dict[str, object] = {
        "account": account,
        "sender_domain": sender_domain,
        "recipient_domain": recipient_domain,
    }
    rule = ask_server(given, "queueholdrulesadd", arguments, timeout_s=None)
    if as_json:
        print_json(rule)
    else:
        click.echo(f"hold rule {rule['id']} added, {rule['held']} message(s) put on hold")


@holdrules.command()
@click.argument("rule_id", metavar="ID", type=click.IntRange(0))
@click.pass_obj
def remove(given: Globals, rule_id: int) -> None:
    """Remove a rule by the number that `list` shows. What it held stays on hold: see `mox queue unhold`.

    Example: mox queue holdrules remove 1
    """
    ask_server(given, "queueholdrulesremove", {"id": rule_id})
    click.echo("hold rule removed")
