"""Reading the files that commands about reports are given; a broken one does not stop the rest."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import click

__all__ = ["read_reports"]

ReportT = TypeVar("ReportT")

_MOST_OCTETS = 32 << 20  # more than any parser of reports takes


def read_reports(files: Iterable[Path], parse: Callable[[bytes], ReportT]) -> Iterator[tuple[Path, ReportT]]:
    """Yield each file with its report; say on standard error what is wrong with one that cannot be read.

    Args:
        files: Their names.
        parse: Raises `ValueError` for what is no report.
    """
    for file in files:
        try:
            with file.open("rb") as opened:
                report = parse(opened.read(_MOST_OCTETS))
        except (OSError, ValueError) as error:
            click.echo(f"{file}: {error}", err=True)
        else:
            yield file, report
