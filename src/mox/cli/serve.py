"""`mox serve`: not in this version; says so, and what there is instead."""

import sys

import click

__all__ = ["serve"]


@click.command()
def serve() -> None:
    """Run the mail server of a real machine.

    Example: mox serve
    """
    if sys.platform == "win32":
        raise click.ClickException(
            "serve is not available on Windows; mox localserve and the other commands are"
        )
    raise click.ClickException("this version has no serve yet; mox localserve runs a server for testing")
