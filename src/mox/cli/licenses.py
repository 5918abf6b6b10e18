"""`mox licenses`."""

from importlib.resources import files

import click

from mox.admin import License, installed_licenses
from mox.cli.context import print_json

__all__ = ["licenses"]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts: name, version and terms, without texts.")
def licenses(as_json: bool) -> None:
    """Show the licenses of mox and of all that is in it.

    Example: mox licenses | less
    """
    found = list(installed_licenses())
    if as_json:
        print_json([{"name": each.name, "version": each.version, "terms": each.terms} for each in found])
        return
    for each in found:
        click.echo(_section(each))
    click.echo("# programs in the pages\n")
    click.echo(files("mox.http").joinpath("static/licenses.txt").read_text(encoding="utf-8").strip())


def _section(given: License) -> str:
    terms = f"{given.terms}\n\n" if given.terms else ""
    return f"# {given.name} {given.version}\n\n{terms}" + "\n\n".join(given.texts) + "\n"
