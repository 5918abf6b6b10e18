"""`mox config ensureacmehostprivatekeys`: keys that stay the same when certificates are renewed."""

import click

from mox.cli.context import Globals, load_or_fail

__all__ = ["ensureacmehostprivatekeys"]


@click.command()
@click.pass_obj
def ensureacmehostprivatekeys(given: Globals) -> None:
    """Write keys for listeners with ACME, so that DANE records stay true when certificates are renewed.

    Keys of certificates that are in use are taken, others are made. Only files are written; what to put into
    mox.toml is printed.

    Example: mox config ensureacmehostprivatekeys
    """
    from mox.admin import ensure_host_keys  # noqa: PLC0415  only here
    from mox.runtime import SystemClock  # noqa: PLC0415  with it

    file = given.found_config
    static = load_or_fail(file).static
    try:
        made = ensure_host_keys(
            static,
            directory=file.parent,
            data_dir=(file.parent / static.data_dir).resolve(),
            now=SystemClock().now(),
        )
    except (OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    if not made:
        click.echo("all listeners with ACME have both keys, or there are none; nothing was done")
        return
    for each in made:
        click.echo(f"[Listeners.{each.listener}.TLS]")
        click.echo("HostPrivateKeyFiles = [")
        for name in each.files:
            note = "  # of the certificate that is in use" if name in each.taken else ""
            click.echo(f'    "{name}",{note}')
        click.echo("]\n")
    click.echo(
        f"Put this into {file}, and start the server again: certificates are made for these keys then.\n"
        "Publish the TLSA records that are printed by: mox config dnsrecords DOMAIN"
    )
