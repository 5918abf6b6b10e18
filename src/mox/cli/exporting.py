"""`mox export maildir|mbox`: an account's mail as files or as one archive, without the server (§5.3)."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import click

from mox.cli.context import Globals, load_or_fail, print_json
from mox.cli.movingprogress import MovingProgress
from mox.database import DatabaseError
from mox.moving import (
    Exporter,
    ExportFile,
    ExportFormat,
    ExportRequest,
    Packing,
    pack,
    write_directory,
)
from mox.runtime import SystemClock
from mox.store import StoreError

__all__ = ["export"]

_INDEX = "index.db"
_PAUSE_S = 0.1


@click.group()
def export() -> None:
    """Write an account's mail as Maildir or mbox, with flags, keywords and dates.

    The server may run meanwhile, or not.

    Example: mox export maildir backup mox
    """


def _arguments(function: Callable[..., int]) -> Callable[..., int]:
    for decorate in (
        click.option("--json", "as_json", is_flag=True, help="For scripts: the result, no progress."),
        click.option("--single", is_flag=True, help="Not the mailboxes below MAILBOX."),
        click.option(
            "--archive",
            type=click.Choice([packing.value for packing in Packing]),
            help="Write one file of this kind; - is standard output.",
        ),
        click.argument("mailbox", default=""),
        click.argument("account"),
        click.argument("destination", metavar="DST"),
    ):
        function = decorate(function)
    return function


@export.command()
@_arguments
@click.pass_obj
def maildir(given: Globals, /, **arguments: str | bool | None) -> int:
    """Write mailboxes as Maildirs into the directory DST.

    ACCOUNT is a name, or the directory of an account. Nothing is overwritten.

    Example: mox export maildir backup mox Work
    """
    return _export(given, ExportFormat.MAILDIR, arguments)


@export.command()
@_arguments
@click.pass_obj
def mbox(given: Globals, /, **arguments: str | bool | None) -> int:
    """Write mailboxes as mbox files into the directory DST.

    ACCOUNT is a name, or the directory of an account. Nothing is overwritten.

    Example: mox export mbox --archive tgz mail.tgz mox
    """
    return _export(given, ExportFormat.MBOX, arguments)


def _export(given: Globals, form: ExportFormat, arguments: dict[str, str | bool | None]) -> int:
    destination, archive = str(arguments["destination"]), arguments["archive"]
    request = ExportRequest(form, str(arguments["mailbox"]), is_recursive=not arguments["single"])
    progress = MovingProgress(is_quiet=bool(arguments["as_json"]))
    try:
        account = _directory(given, str(arguments["account"]))
        now = int(SystemClock().now().timestamp())
        with closing(Exporter(account=account, request=request, now=now)) as exporter:
            files = _shown(exporter, progress)
            if archive is None:
                write_directory(files, Path(destination))
            else:
                _write_archive(pack(files, Packing(str(archive))), destination)
    except (StoreError, DatabaseError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.strerror}: {error.filename or destination}") from error
    progress.clear()
    for error_text in exporter.errors:
        progress.line(error_text)
    if arguments["as_json"]:
        print_json({"messages": exporter.done, "problems": exporter.errors})
    else:
        progress.line(f"{exporter.done} exported")
    return 1 if exporter.errors else 0


def _directory(given: Globals, account: str) -> Path:
    if (Path(account) / _INDEX).exists():
        return Path(account)
    file = given.found_config
    directory = file.parent / load_or_fail(file).static.data_dir / "accounts" / account
    if not (directory / _INDEX).exists():
        raise click.ClickException(f"no account {account!r} in {directory.parent}")
    return directory


def _shown(exporter: Exporter, progress: MovingProgress) -> Iterator[ExportFile]:
    """Yield the files, and show how far they are."""
    told_at = 0.0

    def pieces(octets: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal told_at
        for piece in octets:
            yield piece
            if (now := time.monotonic()) > told_at + _PAUSE_S:
                told_at = now
                progress.show(exporter.done, exporter.done / exporter.total if exporter.total else None)

    for file in exporter.files():
        octets = None if file.pieces is None else pieces(file.pieces)
        yield ExportFile(file.name, file.modified_at, octets)


def _write_archive(pieces: Iterator[bytes], destination: str) -> None:
    if destination == "-":
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    with Path(destination).open("xb") as file:
        file.writelines(pieces)
