"""`mox config domain|address|alias`: what the running server has mail for, changed at once."""

import click

from mox.cli.context import Globals, ask_server, print_json

__all__ = ["address", "alias", "domain"]

_SWITCH = click.Choice(["true", "false"])


@click.group()
def domain() -> None:
    """Domains of the running server.

    Example: mox config domain add else.example mox
    """


@domain.command("add")
@click.argument("name", metavar="DOMAIN")
@click.argument("account")
@click.argument("localpart", default="")
@click.option("--disabled", is_flag=True, help="Take and send no mail of it yet.")
@click.pass_obj
def add_domain(given: Globals, *, name: str, account: str, localpart: str, disabled: bool) -> None:
    """Add a domain, with keys for DKIM; reports about it go to ACCOUNT.

    With LOCALPART, ACCOUNT is a new account with the address LOCALPART@DOMAIN.

    Example: mox config domain add else.example pat pat
    """
    arguments = {"domain": name, "account": account, "localpart": localpart, "disabled": disabled}
    ask_server(given, "domainadd", arguments)
    click.echo(f"domain added; publish what is printed by: mox config dnsrecords {name}")
    if localpart:
        click.echo(f"set a password with: mox setaccountpassword {account}")


@domain.command("rm")
@click.argument("name", metavar="DOMAIN")
@click.pass_obj
def remove_domain(given: Globals, name: str) -> None:
    """Remove a domain that no account has addresses at.

    Example: mox config domain rm else.example
    """
    ask_server(given, "domainrm", {"domain": name})
    click.echo(f"domain removed; remove its records from DNS: {name}, and names below it")


@domain.command()
@click.argument("name", metavar="DOMAIN")
@click.pass_obj
def disable(given: Globals, name: str) -> None:
    """Take and send no mail of a domain for now; people can still sign in.

    Example: mox config domain disable else.example
    """
    ask_server(given, "domaindisabled", {"domain": name, "disabled": True})
    click.echo("domain disabled")


@domain.command()
@click.argument("name", metavar="DOMAIN")
@click.pass_obj
def enable(given: Globals, name: str) -> None:
    """Take and send mail of a domain again.

    Example: mox config domain enable else.example
    """
    ask_server(given, "domaindisabled", {"domain": name, "disabled": False})
    click.echo("domain enabled")


@click.group()
def address() -> None:
    """Addresses of accounts of the running server; @domain is all others of a domain.

    Example: mox config address add shop@mox.example mox
    """


@address.command("add")
@click.argument("name", metavar="ADDRESS")
@click.argument("account")
@click.pass_obj
def add_address(given: Globals, name: str, account: str) -> None:
    """Give an account an address.

    Example: mox config address add @mox.example mox
    """
    ask_server(given, "addressadd", {"address": name, "account": account})
    click.echo("address added")


@address.command("rm")
@click.argument("name", metavar="ADDRESS")
@click.pass_obj
def remove_address(given: Globals, name: str) -> None:
    """Take an address away from its account, and out of aliases.

    Example: mox config address rm shop@mox.example
    """
    ask_server(given, "addressrm", {"address": name})
    click.echo("address removed")


@address.command("account")
@click.argument("name", metavar="ADDRESS")
@click.pass_obj
def account_of(given: Globals, name: str) -> None:
    """Print the account that has an address.

    Example: mox config address account shop@mox.example
    """
    click.echo(ask_server(given, "addressaccount", {"address": name}))


@click.group()
def alias() -> None:
    """Aliases of the running server: addresses that stand for several.

    Example: mox config alias add crew@mox.example mox@mox.example pat@mox.example
    """


@alias.command("list")
@click.argument("name", metavar="DOMAIN")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
@click.pass_obj
def list_aliases(given: Globals, name: str, as_json: bool) -> None:
    """List the aliases of a domain with their members.

    Example: mox config alias list mox.example
    """
    found = ask_server(given, "aliaslist", {"domain": name})
    if as_json:
        print_json(found)
        return
    for each in found:
        may = [word for word in ("post_public", "list_members", "allow_msg_from") if each[word]]
        click.echo(f"{each['alias']}\t{' '.join(each['members'])}\t{' '.join(may)}")


@alias.command("add")
@click.argument("name", metavar="ALIAS")
@click.argument("members", nargs=-1, required=True)
@click.pass_obj
def add_alias(given: Globals, name: str, members: tuple[str, ...]) -> None:
    """Add an alias that anybody may write to; members are addresses of accounts.

    Example: mox config alias add crew@mox.example mox@mox.example pat@mox.example
    """
    ask_server(given, "aliasadd", {"alias": name, "members": members})
    click.echo("alias added")


@alias.command("update")
@click.argument("name", metavar="ALIAS")
@click.option("--post-public", type=_SWITCH, help="Anybody may write to it; else only members.")
@click.option("--list-members", type=_SWITCH, help="Members see members.")
@click.option("--allow-msg-from", type=_SWITCH, help="Members may write as the alias.")
@click.pass_obj
def update_alias(given: Globals, /, name: str, **switches: str | None) -> None:
    """Change what may be done with an alias.

    Example: mox config alias update crew@mox.example --post-public false
    """
    told = {word: value == "true" for word, value in switches.items() if value is not None}
    if not told:
        raise click.UsageError("say what to change, such as --post-public false")
    ask_server(given, "aliasupdate", {"alias": name, **told})
    click.echo("alias changed")


@alias.command("rm")
@click.argument("name", metavar="ALIAS")
@click.pass_obj
def remove_alias(given: Globals, name: str) -> None:
    """Remove an alias.

    Example: mox config alias rm crew@mox.example
    """
    ask_server(given, "aliasrm", {"alias": name})
    click.echo("alias removed")


@alias.command()
@click.argument("name", metavar="ALIAS")
@click.argument("members", nargs=-1, required=True)
@click.pass_obj
def addaddr(given: Globals, name: str, members: tuple[str, ...]) -> None:
    """Add members to an alias.

    Example: mox config alias addaddr crew@mox.example sam@mox.example
    """
    ask_server(given, "aliasaddaddr", {"alias": name, "members": members})
    click.echo("members added")


@alias.command()
@click.argument("name", metavar="ALIAS")
@click.argument("members", nargs=-1, required=True)
@click.pass_obj
def rmaddr(given: Globals, name: str, members: tuple[str, ...]) -> None:
    """Remove members from an alias; the last one goes with the alias only.

    Example: mox config alias rmaddr crew@mox.example sam@mox.example
    """
    ask_server(given, "aliasrmaddr", {"alias": name, "members": members})
    click.echo("members removed")
