"""Flags of the queue's commands: which messages are meant, in what order they are shown."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

__all__ = ["IdsArgument", "entry_filter", "order", "retired_filter"]

ResultT = TypeVar("ResultT")

_PERIOD = "`<1h` before in an hour, `>-30m` after half an hour ago, `<now`."


class IdsArgument(click.ParamType[list[int]]):
    """Numbers with commas between; becomes a list."""

    name = "id,..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[int]:
        """Return the numbers, or end with what is wrong."""
        if isinstance(value, list):
            return value
        parts = str(value).split(",")
        if not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
            self.fail(f"{value}: not numbers with commas between", param, ctx)
        return [int(part) for part in parts]


_COMMON = (
    click.option("--ids", type=IdsArgument(), help="Those with these numbers."),
    click.option("--account", help="Those that this account sent."),
    click.option(
        "--from", "from_", metavar="TEXT", help="Part of the sender's address, such as @example.org."
    ),
    click.option("--to", metavar="TEXT", help="Part of the recipient's address."),
    click.option("--transport", help="Those that go this way; `default`: as routes say."),
    click.option("--submitted", metavar="PERIOD", help=f"When it was queued: {_PERIOD}"),
    click.option("--limit", "-n", type=click.IntRange(0, 2**31), help="At most so many."),
)
_ENTRY = (
    *_COMMON,
    click.option("--next-attempt", "nextattempt", metavar="PERIOD", help="When it is due, likewise."),
    click.option("--hold", type=bool, help="Those on hold, or those that are not."),
)
_RETIRED = (
    *_COMMON,
    click.option(
        "--last-activity", "lastactivity", metavar="PERIOD", help="When it was done with, likewise."
    ),
    click.option("--result", type=click.Choice(["success", "failure"]), help="Those that ended so."),
)
_NAMES = (
    "ids",
    "account",
    "from_",
    "to",
    "transport",
    "submitted",
    "limit",
    "nextattempt",
    "hold",
    "lastactivity",
    "result",
)


def _filter(
    options: tuple[Callable[[Any], Any], ...], function: Callable[..., ResultT]
) -> Callable[..., ResultT]:
    @wraps(function)
    def command(*args: Any, **kwargs: Any) -> ResultT:
        wanted = {name.rstrip("_"): kwargs.pop(name) for name in _NAMES if name in kwargs}
        if (result := wanted.pop("result", None)) is not None:
            wanted["success"] = result == "success"
        given = {name: value for name, value in wanted.items() if value is not None}
        return function(*args, wanted=given, **kwargs)

    for option in reversed(options):
        command = option(command)
    return command


def entry_filter(function: Callable[..., ResultT]) -> Callable[..., ResultT]:
    """Give a command the flags that say which messages are meant; it is called with `wanted`."""
    return _filter(_ENTRY, function)


def retired_filter(function: Callable[..., ResultT]) -> Callable[..., ResultT]:
    """Give a command the flags for messages that were done with; it is called with `wanted`."""
    return _filter(_RETIRED, function)


def order(*by: str, is_descending: bool) -> Callable[[Callable[..., ResultT]], Callable[..., ResultT]]:
    """Give a command --sort, --asc and --desc; it is called with `sort` and `descending`."""

    def decorate(function: Callable[..., ResultT]) -> Callable[..., ResultT]:
        function = click.option(
            "--desc/--asc",
            "descending",
            default=is_descending,
            help="The latest or the earliest first.",
            show_default=True,
        )(function)
        return click.option(
            "--sort", type=click.Choice(by), default=by[0], show_default=True, help="By which time."
        )(function)

    return decorate
