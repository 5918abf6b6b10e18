"""`mox queue retired`: what became of messages that left the queue."""

import click

from mox.cli.context import Globals, ask_server, print_json
from mox.cli.foreigntext import escape_controls
from mox.cli.queuefilters import order, retired_filter

__all__ = ["retired"]


@click.group()
def retired() -> None:
    """Messages that left the queue, kept as long as KeepRetiredMessagePeriod of their account says.

    Example: mox queue retired list
    """


@retired.command("list")
@retired_filter
@order("lastactivity", "queued", is_descending=True)
@click.option("--json", "as_json", is_flag=True, help="For scripts: with all attempts.")
@click.pass_obj
def list_(given: Globals, wanted: dict[str, object], sort: str, descending: bool, as_json: bool) -> None:
    """List messages that were delivered, failed or were dropped; without --limit 1000, at most 10,000.

    Example: mox queue retired list --result failure --last-activity ">-24h"
    """
    found = ask_server(given, "queueretiredlist", {"filter": wanted, "sort": sort, "descending": descending})
    if as_json:
        print_json(found)
        return
    click.echo("retired messages:")
    for entry in found:
        last = entry["attempts"][-1] if entry["attempts"] else {"result": "?", "text": ""}
        line = (
            f"{entry['id']:5} {entry['queued_at']} from:{entry['from'] or '<>'} to:{entry['recipient']} "
            f"{_way(entry)}"
            f'{last["result"]} {entry["last_activity_at"]} attempts {entry["attempt_count"]} "{last["text"]}"'
        )
        click.echo(escape_controls(line))
    if not found:
        click.echo("(none)")


def _way(entry: dict[str, str]) -> str:
    return f"transport:{entry['transport']} " if entry["transport"] else ""


@retired.command("print")
@click.argument("entry_id", metavar="ID", type=click.IntRange(0))
@click.pass_obj
def print_(given: Globals, entry_id: int) -> None:
    """Show one message that left the queue, with all attempts, as JSON.

    Example: mox queue retired print 7
    """
    found = ask_server(given, "queueretiredlist", {"filter": {"ids": [entry_id]}})
    if not found:
        raise click.ClickException(f"no retired message {entry_id}")
    print_json(found[0])
