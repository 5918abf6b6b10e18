"""`mox queue`: what waits to be delivered, and how to steer it."""

import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import click

from mox.cli.context import Globals, ask_server, print_json
from mox.cli.foreigntext import escape_controls
from mox.cli.queuefilters import entry_filter, order
from mox.cli.queuehistory import retired
from mox.cli.queueholdrules import holdrules
from mox.cli.queuesuppress import suppress
from mox.config import format_duration
from mox.runtime import SystemClock

__all__ = ["queue"]

_Filter = dict[str, object]

_as_json = click.option("--json", "as_json", is_flag=True, help="For scripts.")
_all = click.option("--all", "is_all", is_flag=True, help="All messages are meant; needed without a filter.")


@click.group()
def queue() -> None:
    """Show and steer the outgoing queue.

    A message to several recipients has a number for each of them. Without a filter, all are meant.

    Example: mox queue list
    """


@queue.command("list")
@entry_filter
@order("nextattempt", "queued", is_descending=False)
@_as_json
@click.pass_obj
def list_(given: Globals, wanted: _Filter, sort: str, descending: bool, as_json: bool) -> None:
    """List what waits to be delivered; without --limit the first 1000, never more than 10,000.

    Example: mox queue list --to @example.org --sort queued --desc
    """
    found = ask_server(given, "queuelist", {"filter": wanted, "sort": sort, "descending": descending})
    if as_json:
        print_json(found)
        return
    click.echo("messages:")
    now = SystemClock().now()
    for entry in found:
        click.echo(_line(entry, now))
    if not found:
        click.echo("(none)")


def _line(entry: Mapping[str, Any], now: datetime) -> str:
    last = "-" if entry["last_attempt_at"] is None else _distance(entry["last_attempt_at"], now)
    parts = [
        f"{entry['id']:5} {entry['queued_at']}",
        f"from:{entry['from'] or '<>'} to:{entry['recipient']}",
        f"next {_distance(entry['due_at'], now)} last {last}",
        *(["hold"] if entry["hold"] else []),
        *([f"transport:{entry['transport']}"] if entry["transport"] else []),
        *([f'error "{entry["error"]}"'] if entry["error"] else []),
    ]
    return escape_controls(" ".join(parts))


def _distance(at: str, now: datetime) -> str:
    """Write how far away a time is: `7m30s` to come, `-10s` ago."""
    seconds = round((datetime.fromisoformat(at) - now).total_seconds())
    return ("-" if seconds < 0 else "") + format_duration(timedelta(seconds=abs(seconds)))


def _report(result: Mapping[str, int], what: str, *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    click.echo(f"{result['changed']} message(s) {what}")
    if result["under_way"]:
        click.echo(f"{result['under_way']} message(s) left alone: they are being delivered just now")


@queue.command()
@entry_filter
@_as_json
@click.pass_obj
def hold(given: Globals, wanted: _Filter, as_json: bool) -> None:
    """Put messages on hold: they are not attempted until released. An attempt under way goes on.

    Example: mox queue hold --account mox
    """
    result = ask_server(given, "queueholdset", {"filter": wanted, "hold": True}, timeout_s=None)
    _report(result, "changed", as_json=as_json)


@queue.command()
@entry_filter
@_as_json
@click.pass_obj
def unhold(given: Globals, wanted: _Filter, as_json: bool) -> None:
    """Release messages from hold; those that are due are attempted at once.

    Example: mox queue unhold --ids 7,8
    """
    result = ask_server(given, "queueholdset", {"filter": wanted, "hold": False}, timeout_s=None)
    _report(result, "changed", as_json=as_json)


@queue.command()
@entry_filter
@click.option("--now", "from_now", is_flag=True, help="Count from now, not from when each is due.")
@click.argument("duration")
@_as_json
@click.pass_obj
def schedule(given: Globals, wanted: _Filter, from_now: bool, duration: str, as_json: bool) -> None:
    """Put off the next attempts by a DURATION like 1h30m; `--now 0` has them made at once.

    A negative one comes after two dashes: `mox queue schedule --ids 7 -- -1h`.

    Example: mox queue schedule --to @example.org --now 0
    """
    arguments = {"filter": wanted, "duration": duration, "now": from_now}
    result = ask_server(given, "queueschedule", arguments, timeout_s=None)
    _report(result, "rescheduled", as_json=as_json)


@queue.command()
@entry_filter
@click.argument("value", metavar="yes|no|default", type=click.Choice(["yes", "no", "default"]))
@_as_json
@click.pass_obj
def requiretls(given: Globals, wanted: _Filter, value: str, as_json: bool) -> None:
    """Set whether TLS is required for the next attempts (RFC 8689).

    `yes` is as with REQUIRETLS: verified TLS on every hop, or not at all. `no` is as with TLS-Required: No:
    the message matters more than who may read it. `default` does what the destination's policies say.

    Example: mox queue requiretls --ids 7 yes
    """
    result = ask_server(given, "queuerequiretls", {"filter": wanted, "value": value}, timeout_s=None)
    _report(result, "changed", as_json=as_json)


@queue.command()
@entry_filter
@click.argument("name", metavar="NAME")
@_as_json
@click.pass_obj
def transport(given: Globals, wanted: _Filter, name: str, as_json: bool) -> None:
    """Choose the way out for the next attempts by a NAME of Transports in the configuration.

    `default` has routes decide again.

    Example: mox queue transport --to @example.org smarthost
    """
    arguments: dict[str, object] = {"filter": wanted, "transport": name}
    result = ask_server(given, "queuetransport", arguments, timeout_s=None)
    _report(result, "changed", as_json=as_json)


@queue.command()
@entry_filter
@_all
@_as_json
@click.pass_obj
def fail(given: Globals, wanted: _Filter, is_all: bool, as_json: bool) -> None:
    """Give up on messages; their senders get a notification, as if delivery had failed.

    Those being delivered just now are left alone.

    Example: mox queue fail --to @example.org
    """
    result = ask_server(given, "queuefail", {"filter": wanted, "all": is_all}, timeout_s=None)
    _report(result, "failed", as_json=as_json)


@queue.command()
@entry_filter
@_all
@_as_json
@click.pass_obj
def drop(given: Globals, wanted: _Filter, is_all: bool, as_json: bool) -> None:
    """Remove messages; nobody is told.

    Those being delivered just now are left alone.

    Example: mox queue drop --ids 7,8
    """
    result = ask_server(given, "queuedrop", {"filter": wanted, "all": is_all}, timeout_s=None)
    _report(result, "dropped", as_json=as_json)


@queue.command()
@click.argument("entry_id", metavar="ID", type=click.IntRange(0))
@click.pass_obj
def dump(given: Globals, entry_id: int) -> None:
    """Write a message as it is sent, every octet.

    Example: mox queue dump 7
    """
    sys.stdout.buffer.write(ask_server(given, "queuedump", {"id": entry_id}).encode("latin-1"))


queue.add_command(holdrules)
queue.add_command(suppress)
queue.add_command(retired)
