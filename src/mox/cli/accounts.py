"""`mox config account|apppassword|loginattempts`: accounts of the running server, and who signs in."""

import click

from mox.cli.context import Globals, ask_server, print_json

__all__ = ["account", "apppassword", "loginattempts"]

_SERVICES = ("imap", "submission")


@click.group()
def account() -> None:
    """Add, list and remove accounts; let nobody sign in to one, or let them again.

    Example: mox config account disable mox "ask the owner"
    """


@account.command("list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def list_(given: Globals, as_json: bool) -> None:
    """List accounts by name.

    Example: mox config account list
    """
    found = ask_server(given, "accountlist", {})
    if as_json:
        print_json(found)
        return
    for each in found:
        click.echo(each["account"] + ("\t(disabled)" if each["login_disabled"] else ""))


@account.command("add")
@click.argument("name")
@click.argument("address")
@click.pass_obj
def add_account(given: Globals, name: str, address: str) -> None:
    """Add an account with an address at a domain of the server.

    Example: mox config account add pat pat@mox.example
    """
    ask_server(given, "accountadd", {"account": name, "address": address})
    click.echo(f"account added; set a password with: mox setaccountpassword {name}")


@account.command("rm")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove_account(given: Globals, name: str, yes: bool) -> None:
    """Remove an account with all its mail, what waits to be sent for it, and what signs in to it.

    There is no way back but a backup. Sessions of mail programs end by themselves; then its files go.

    Example: mox config account rm pat
    """
    if not yes:
        click.confirm(f"Remove the account {name} and all its mail?", abort=True)
    told = ask_server(given, "accountrm", {"account": name})
    waited = f"; {told['dropped']} queued messages were dropped" if told["dropped"] else ""
    click.echo(f"account removed{waited}")


@account.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def addresses(given: Globals, name: str, as_json: bool) -> None:
    """List the addresses of an account; @domain is all others of a domain.

    Example: mox config account addresses mox
    """
    found = ask_server(given, "accountaddresses", {"account": name})
    if as_json:
        print_json(found)
    else:
        click.echo("\n".join(found))


@account.command()
@click.argument("name")
@click.argument("message")
@click.pass_obj
def disable(given: Globals, name: str, message: str) -> None:
    """Let nobody sign in to an account; whoever has the right password is told MESSAGE.

    Its mail goes on to be received.

    Example: mox config account disable mox "ask the owner"
    """
    if not message:
        raise click.UsageError("the message must not be empty; it tells people why they cannot sign in")
    ask_server(given, "accountdisabled", {"account": name, "text": message})
    click.echo("account disabled")


@account.command()
@click.argument("name")
@click.pass_obj
def enable(given: Globals, name: str) -> None:
    """Let people sign in to an account again.

    Example: mox config account enable mox
    """
    ask_server(given, "accountdisabled", {"account": name, "text": ""})
    click.echo("account enabled")


@click.group()
def apppassword() -> None:
    """Passwords for single devices or programs, limited to services, removed one by one.

    Example: mox config apppassword add mox phone
    """


@apppassword.command("list")
@click.argument("account_name", metavar="ACCOUNT")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def list_apps(given: Globals, account_name: str, as_json: bool) -> None:
    """List the app passwords of an account, without their secrets.

    Example: mox config apppassword list mox
    """
    found = ask_server(given, "apppasswordlist", {"account": account_name})
    if as_json:
        print_json(found)
        return
    for app in found:
        used = app["last_used_at"] or "never"
        click.echo(f"{app['id']}\t{app['name']}\t{' '.join(app['services'])}\tlast used {used}")


@apppassword.command("add")
@click.argument("account_name", metavar="ACCOUNT")
@click.argument("name")
@click.option(
    "--service",
    "services",
    type=click.Choice(_SERVICES),
    multiple=True,
    help="What it is for; by default all.",
)
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def add_app(given: Globals, account_name: str, name: str, services: tuple[str, ...], as_json: bool) -> None:
    """Make a password for one device or program and print it; it cannot be shown again.

    Example: mox config apppassword add mox "printer in the hall" --service submission
    """
    made = ask_server(
        given, "apppasswordadd", {"account": account_name, "name": name, "services": services or _SERVICES}
    )
    if as_json:
        print_json(made)
    else:
        click.echo(made["password"])


@apppassword.command("rm")
@click.argument("account_name", metavar="ACCOUNT")
@click.argument("app_id", metavar="ID", type=int)
@click.pass_obj
def remove_app(given: Globals, account_name: str, app_id: int) -> None:
    """Remove an app password by the number that `list` shows; it signs in nowhere from now on.

    Example: mox config apppassword rm mox 3
    """
    ask_server(given, "apppasswordrm", {"account": account_name, "id": app_id})
    click.echo("app password removed")


@click.command()
@click.argument("account_name", metavar="ACCOUNT", default="")
@click.option("--limit", default=100, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def loginattempts(given: Globals, account_name: str, limit: int, as_json: bool) -> None:
    """Show who tried to sign in to an account, latest first; without ACCOUNT those that name none of ours.

    Equal attempts are one line with their number. Kept for 30 days.

    Example: mox config loginattempts mox
    """
    found = ask_server(given, "loginattempts", {"account": account_name, "limit": limit})
    if as_json:
        print_json(found)
        return
    for each in found:
        how = " ".join(filter(None, (each["mechanism"], each["app_password"], each["fingerprint"])))
        click.echo(
            f"{each['last_at']}\t{each['result']}\t{each['count']}\t{each['address'] or '-'}\t"
            f"{each['service']}\t{how}\t{each['remote_ip']}\t{each['tls'] or 'no TLS'}"
        )
