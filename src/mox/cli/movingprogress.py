"""How far moving mail is: a line that changes on a terminal, now and then a line elsewhere."""

import sys

import click

from mox.cli.foreigntext import escape_controls

__all__ = ["MovingProgress"]

_EVERY = 1000
_WIDTH = 30


class MovingProgress:
    """Shows progress; `line` things in between do not disturb it."""

    def __init__(self, *, is_quiet: bool = False) -> None:
        self._is_quiet = is_quiet
        self._is_terminal = sys.stderr.isatty()
        self._is_shown = False
        self._told = 0

    def show(self, messages: int, share: float | None, what: str = "") -> None:
        """Show how many messages there are, and which share of all is done if that is known."""
        if self._is_quiet:
            return
        if self._is_terminal:
            bar = ""
            if share is not None:
                full = round(min(1.0, share) * _WIDTH)
                bar = f"[{'#' * full}{'-' * (_WIDTH - full)}] {min(1.0, share):4.0%}  "
            click.echo(f"\r\x1b[K{bar}{messages:,} messages {what}", err=True, nl=False)
            self._is_shown = True
        elif messages // _EVERY > self._told:
            self._told = messages // _EVERY
            click.echo(f"{self._told * _EVERY}...", err=True)

    def line(self, text: str) -> None:
        """Write a line of its own."""
        self.clear()
        if not self._is_quiet:
            click.echo(escape_controls(text), err=True)

    def clear(self) -> None:
        """Remove what is shown."""
        if self._is_shown:
            click.echo("\r\x1b[K", err=True, nl=False)
            self._is_shown = False
