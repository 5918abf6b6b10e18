"""`mox message why|refused`: what was decided about mail, in plain words."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from mox.cli.context import Globals, ask_server, print_json
from mox.cli.foreigntext import escape_controls

__all__ = ["refused", "why"]

_SIGNS = {"good": "+", "bad": "-", "neutral": " "}
_as_json = click.option("--json", "as_json", is_flag=True, help="For scripts.")


@click.command()
@click.argument("account")
@click.argument("message_id", metavar="ID")
@_as_json
@click.pass_obj
def why(given: Globals, account: str, message_id: str, as_json: bool) -> None:
    """Say why a message was accepted, or refused, and what would have changed that.

    ID is a number as `mox message list` shows it, or one like r12 of `mox message refused`.

    Example: mox message why mox 12
    """
    found = ask_server(given, "messagewhy", {"account": account, "id": message_id})
    if as_json:
        print_json(found)
        return
    for line in _lines(found):
        click.echo(escape_controls(line))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    steps = [step for step in found["steps"] if step["check"] != "verdict"]
    verdict = next((step for step in found["steps"] if step["check"] == "verdict"), None)
    at = datetime.fromtimestamp(found["received_at"], UTC)
    client = found["remote_ip"] or "no address"
    yield f"{at:%Y-%m-%d %H:%M:%S} from <{found['envelope_from'] or ''}> [{client}]"
    if found["envelope_to"]:
        yield f"to {found['envelope_to']}" + (f", now in {found['mailbox']}" if "mailbox" in found else "")
    if "reply" in found:
        yield f"answered {found['reply']}"
    if not steps:
        yield "no check was made: it did not come by SMTP"
        return
    yield ""
    for step in steps:
        end = "  <- decided" if step.get("decided") else ""
        yield f"{_SIGNS.get(step.get('outlook', ''), ' ')} {step['check']:14} {step.get('text', '')}{end}"
    if verdict is None:
        return
    yield ""
    is_refused = verdict["result"] == "refuse"
    word = "refused" if "reply" in found else "would be refused" if is_refused else "accepted"
    yield f"{word}, reason {verdict['reason']}"
    for text in verdict["nearest"]:
        yield f"  {text}"


@click.command()
@click.argument("account")
@click.option("--limit", default=50, show_default=True, help="At most so many.")
@_as_json
@click.pass_obj
def refused(given: Globals, account: str, limit: int, as_json: bool) -> None:
    """List mail that was refused, newest first; `mox message why` tells more of each.

    Example: mox message refused mox
    """
    found = ask_server(given, "messagerefused", {"account": account, "limit": limit})
    if as_json:
        print_json(found)
        return
    for each in found:
        at = datetime.fromtimestamp(each["received_at"], UTC)
        kept = "" if each["kept_id"] is None else f" (kept as {each['kept_id']})"
        text = f"{each['id']:>5} {at:%Y-%m-%d %H:%M:%S} {each['reason']:20} {each['envelope_from']}"
        click.echo(escape_controls(f"{text} -> {each['envelope_to']}: {each['subject']}{kept}"))
    if not found:
        click.echo("(none)")
