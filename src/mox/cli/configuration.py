"""`mox config test|describe-static|describe-domains` and `mox setadminpassword`."""

import click

from mox.cli.accounts import account, apppassword, loginattempts
from mox.cli.context import Globals, load_or_fail, print_json
from mox.cli.dnscheck import dnscheck
from mox.cli.dnsrecords import dnsrecords
from mox.cli.domains import address, alias, domain
from mox.cli.hostkeys import ensureacmehostprivatekeys
from mox.cli.servicefile import printservice
from mox.cli.tlspubkey import tlspubkey
from mox.config import ConfigError, DynamicConfig, StaticConfig, SubmitConfig, describe, load_config

__all__ = ["config", "setadminpassword"]


@click.group()
def config() -> None:
    """Check, describe and change the configuration: accounts, and what signs in to them.

    Example: mox config test
    """


for family in (
    account,
    address,
    alias,
    apppassword,
    dnscheck,
    dnsrecords,
    domain,
    ensureacmehostprivatekeys,
    loginattempts,
    printservice,
    tlspubkey,
):
    config.add_command(family)


@config.command()
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def test(given: Globals, as_json: bool) -> None:
    """Check both files, and tell all problems with file and line.

    Example: mox --config /etc/mox/mox.toml config test
    """
    problems = []
    try:
        load_config(given.found_config)
    except ConfigError as error:
        problems = error.problems
    if as_json:
        print_json([{"file": str(p.file), "line": p.line, "problem": p.text} for p in problems])
    else:
        click.echo("\n".join(map(str, problems)) or "config OK", err=bool(problems))
    if problems:
        raise click.exceptions.Exit(1)


@config.command("describe-static")
def describe_static() -> None:
    """Print an example of mox.toml with every key explained.

    Example: mox config describe-static > mox.toml
    """
    click.echo(describe(StaticConfig, title="mox.toml: read once, at the start of the server."), nl=False)


@config.command("describe-domains")
def describe_domains() -> None:
    """Print an example of domains.toml with every key explained.

    Example: mox config describe-domains > domains.toml
    """
    click.echo(describe(DynamicConfig, title="domains.toml: read again when it changes."), nl=False)


@config.command("describe-sendmail")
def describe_sendmail() -> None:
    """Print an example of moxsubmit.toml, the configuration of `mox sendmail`, with every key explained.

    Example: mox config describe-sendmail > /etc/moxsubmit.toml
    """
    click.echo(describe(SubmitConfig, title="moxsubmit.toml: how mox sendmail submits."), nl=False)


@click.command()
@click.pass_obj
def setadminpassword(given: Globals) -> None:
    """Set the password of the admin pages, read from the terminal or standard input.

    Example: mox setadminpassword
    """
    from mox.accounts import MIN_PASSWORD_OCTETS, PasswordInvalidError, hash_password  # noqa: PLC0415  slow
    from mox.cli.password import read_password  # noqa: PLC0415  with it
    from mox.runtime import write_file_durably  # noqa: PLC0415  with it

    file = given.found_config
    name = load_or_fail(file).static.admin_password_file
    if not name:
        raise click.ClickException(f"AdminPasswordFile is not set in {file}; set it first")
    try:
        hashed = hash_password(read_password(MIN_PASSWORD_OCTETS))
    except PasswordInvalidError as error:
        raise click.ClickException(str(error)) from error
    write_file_durably(file.parent / name, hashed.encode() + b"\n", 0o660)
    click.echo("admin password set")
