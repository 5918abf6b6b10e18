"""`mox backup` and `mox verifydata`: copies of an installation, and whether one is whole."""

from pathlib import Path

import click

from mox.cli.context import Globals, load_or_fail, print_json

__all__ = ["backup", "verifydata"]


@click.command()
@click.argument("destination", type=click.Path(path_type=Path))
@click.option(
    "--previous",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="An earlier backup on the same disk as DESTINATION: what did not change is linked from it.",
)
@click.option("--verbose", is_flag=True, help="Tell what is being copied.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def backup(given: Globals, *, destination: Path, previous: Path | None, verbose: bool, as_json: bool) -> int:
    """Copy configuration and data to the new directory DESTINATION, while the server runs or not.

    On the disk of the data, messages are not copied but linked, which takes no room. Run it as root or as the
    server's user. To restore: stop the server, put the directories config and data of the backup in place of
    those of the server, check with verifydata, start.

    Example: mox backup /backup/monday --previous /backup/sunday
    """
    from mox.admin import BackupRequest, make_backup  # noqa: PLC0415  only here

    file = given.found_config
    data_dir = file.parent / load_or_fail(file).static.data_dir
    request = BackupRequest(
        config_dir=file.parent.absolute(),
        data_dir=data_dir.absolute(),
        destination=destination.absolute(),
        previous=None if previous is None else previous.absolute(),
    )
    try:
        result = make_backup(request, lambda text: click.echo(text, err=True) if verbose else None)
    except FileExistsError as error:
        raise click.ClickException(f"{destination} is there already; name a new directory") from error
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    if as_json:
        print_json(
            {
                "accounts": result.accounts,
                "messages": result.messages,
                "copied_octets": result.copied_octets,
                "problems": result.problems,
            }
        )
    else:
        for problem in result.problems:
            click.echo(f"error: {problem}", err=True)
        click.echo(
            f"{destination}: {result.accounts} accounts, {result.messages:,} messages, "
            f"{result.copied_octets / 1e6:,.1f} MB copied"
        )
    return 1 if result.problems else 0


@click.command()
@click.argument("data_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--fix", is_flag=True, help="Move files that belong to no message to DATA_DIR/moved.")
@click.option("--verbose", is_flag=True, help="Tell what is being looked at.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def verifydata(*, data_dir: Path, fix: bool, verbose: bool, as_json: bool) -> int:
    """Check that a data directory is whole: databases, messages and their files, counts, threads.

    DATA_DIR is the directory data of a backup, or of a server that does not run. The exit status is 1 if
    something is wrong.

    Example: mox verifydata /backup/monday/data
    """
    from mox.admin import verify_data  # noqa: PLC0415  only here

    try:
        result = verify_data(
            data_dir, fix=fix, tell=lambda text: click.echo(text, err=True) if verbose else None
        )
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error
    if as_json:
        print_json(
            {
                "databases": result.databases,
                "accounts": result.accounts,
                "problems": result.problems,
                "moved": [str(path) for path in result.moved],
            }
        )
    else:
        for path in result.moved:
            click.echo(f"moved: {path}", err=True)
        for problem in result.problems:
            click.echo(f"error: {problem}", err=True)
        if not result.problems:
            click.echo(f"{data_dir}: OK, {result.databases} databases of {result.accounts} accounts")
    return 1 if result.problems else 0
