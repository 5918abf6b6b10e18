"""`mox message list|show|wait` for testers, and `mox message parse`."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from mox.cli.context import Globals, ask_server, print_json
from mox.cli.messagewhy import refused, why

__all__ = ["message"]


@click.group()
def message() -> None:
    """List, show and await messages of a running server; show how a message is parsed.

    Example: mox message wait --to alice@example.org --timeout 10
    """


def _filters(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which messages are meant; they arrive as `filters`."""
    options = (
        click.option("--json", "as_json", is_flag=True, help="For scripts."),
        click.option("--subject", help="Text in the subject."),
        click.option("--from", help="Text in the From header or the envelope's sender."),
        click.option("--to", help="Text in the To header or the envelope's recipient."),
        click.option("--account", default="mox", show_default=True, help="Whose messages."),
    )
    for option in options:
        function = option(function)
    return function


def _given() -> Globals:
    given: Globals = click.get_current_context().obj
    return given


def _line(shown: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(shown["received_at"], UTC).strftime("%Y-%m-%d %H:%M:%S")
    to = shown["envelope_to"] or shown["to"]
    return f"{shown['id']:6} {at} {shown['mailbox']:<10} {shown['from']} -> {to}: {shown['subject']}"


@message.command("list")
@click.option("--limit", default=50, show_default=True, help="At most so many.")
@_filters
def list_(as_json: bool, limit: int, **filters: str | None) -> None:
    """List messages, newest first.

    Example: mox message list --subject invoice
    """
    found = ask_server(_given(), "messagelist", {**filters, "limit": limit})
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(map(_line, found)) or "(none)")


@message.command()
@click.argument("message_id", type=int)
@click.option("--account", default="mox", show_default=True, help="Whose message.")
@click.option("--json", "as_json", is_flag=True, help="For scripts: with envelope and decisions.")
@click.pass_obj
def show(given: Globals, message_id: int, account: str, as_json: bool) -> None:
    """Write a message as it is stored, every octet.

    Example: mox message show 7
    """
    found = ask_server(given, "messageshow", {"account": account, "id": message_id})
    if as_json:
        print_json(found)
    else:
        sys.stdout.buffer.write(found["octets"].encode("latin-1"))


@message.command()
@click.option("--timeout", default=30.0, show_default=True, help="Seconds to wait at most.")
@_filters
def wait(as_json: bool, timeout: float, **filters: str | None) -> None:
    """Wait for a message to arrive and show it; one that is there already will do.

    Exit status 1 if none comes in time.

    Example: mox message wait --to alice@example.org --subject "Your code" --json
    """
    found = ask_server(_given(), "messagewait", {**filters, "timeout": timeout}, timeout_s=timeout + 10)
    if as_json:
        print_json(found)
    else:
        click.echo(_line(found))


@message.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--smtputf8", is_flag=True, help="Accept UTF-8 in header fields without a note.")
def parse(file: Path, smtputf8: bool) -> None:
    """Show the MIME structure of a message in a file, as JSON.

    Example: mox message parse mail.eml
    """
    from moxkit import message as kit  # noqa: PLC0415  only here

    octets = file.read_bytes()
    root = kit.parse(octets)

    def shown(part: kit.Part) -> dict[str, object]:
        inner = (part.message,) if part.message is not None else part.parts
        return {
            "type": f"{part.type}/{part.subtype}",
            "params": part.params,
            "encoding": part.cte,
            "header": [part.header_start, part.header_end],
            "body": [part.body_start, part.body_end],
            "lines": part.lines,
            "problems": list(part.problems),
            "parts": [shown(each) for each in inner],
        }

    headers = kit.header_of(root, octets)
    tree = shown(root)
    tree["subject"], tree["message_id"] = headers.text("subject"), kit.message_id(headers)
    if not smtputf8 and not bytes(octets[: root.header_end]).isascii():
        tree["needs_smtputf8"] = True
    print_json(tree)


message.add_command(why)
message.add_command(refused)
