"""The entry point: global flags, and the families by name."""

import importlib
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from mox.cli.context import Globals

__all__ = ["main"]

# Command -> where it is, and one line for the list; nothing of it is imported before it is used.
_FAMILIES = {
    "arc": ("mox.cli.arc:arc", "Check what earlier handlers of a message have sealed."),
    "backup": ("mox.cli.backup:backup", "Copy configuration and data while the server runs."),
    "checkupdate": ("mox.cli.checkupdate:checkupdate", "Show whether there is a newer version."),
    "clientconfig": ("mox.cli.clientconfig:clientconfig", "Print what people enter in mail programs."),
    "config": ("mox.cli.configuration:config", "Check and describe the configuration."),
    "dane": ("mox.cli.dane:dane", "Look up and make DANE records of TLS certificates."),
    "dkim": ("mox.cli.dkim:dkim", "Sign messages, check signatures, make and look up keys."),
    "dmarc": ("mox.cli.dmarc:dmarc", "Look up DMARC policies, check mail and reports."),
    "dns": ("mox.cli.dns:dns", "Look up DNS records with their DNSSEC status."),
    "dnsbl": ("mox.cli.dnsbl:dnsbl", "Ask DNS block lists, check whether they work."),
    "export": ("mox.cli.exporting:export", "Write an account's mail as Maildir or mbox."),
    "help": ("mox.cli.information:help_command", "Show the help of a command."),
    "junk": ("mox.cli.junk:junk", "Look into what accounts learned of junk, try other settings."),
    "import": ("mox.cli.importing:import_", "Bring mail from elsewhere into an account."),
    "licenses": ("mox.cli.licenses:licenses", "Show the licenses of mox and of all that is in it."),
    "localserve": ("mox.cli.localserve:localserve", "Run a mail server for testing, on this machine only."),
    "loglevels": ("mox.cli.running:loglevels", "Show or change log levels of the running server."),
    "message": ("mox.cli.message:message", "List, show and await messages; show how one is parsed."),
    "mtasts": ("mox.cli.mtasts:mtasts", "Look up the MTA-STS policy of a domain."),
    "queue": ("mox.cli.queue:queue", "Show and steer the outgoing queue."),
    "quickstart": ("mox.cli.quickstart:quickstart", "Set up a mail server on this machine."),
    "rdap": ("mox.cli.rdap:rdap", "Tell how old a domain is."),
    "retrain": ("mox.cli.junk:retrain", "Learn anew what junk is."),
    "sendmail": ("mox.cli.sendmail:sendmail", "Submit a message from standard input, as sendmail does."),
    "serve": ("mox.cli.serve:serve", "Run the mail server."),
    "setaccountpassword": ("mox.cli.running:setaccountpassword", "Set the password of an account."),
    "setadminpassword": ("mox.cli.configuration:setadminpassword", "Set the password of the admin pages."),
    "smtp": ("mox.cli.smtp:smtp", "Show how mail to a domain would travel."),
    "spf": ("mox.cli.spf:spf", "Check who may send mail for a domain."),
    "stop": ("mox.cli.running:stop", "Stop the running server."),
    "tlsrpt": ("mox.cli.tlsrpt:tlsrpt", "Look up who wants TLS reports, read such reports."),
    "verifydata": ("mox.cli.backup:verifydata", "Check that data, or a backup, is whole."),
    "version": ("mox.cli.information:version", "Show the version."),
}


class _Families(click.Group):
    """Imports a family when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_FAMILIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if (found := _FAMILIES.get(cmd_name)) is None:
            return None
        module, _, attribute = found[0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_FAMILIES.items())])


@click.group(cls=_Families, context_settings={"help_option_names": ["--help", "-h"]}, no_args_is_help=True)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="The file mox.toml; by default $MOXCONF, else config/mox.toml. domains.toml is beside it.",
)
@click.option("--log-level", help="error, warn, info, debug, trace, traceauth or tracedata.")
@click.pass_context
def cli(ctx: click.Context, config_file: Path | None, log_level: str | None) -> None:
    """A complete, modern, secure mail server.

    Example: mox localserve
    """
    ctx.obj = Globals(
        config_file=config_file or Path(os.environ.get("MOXCONF") or "config/mox.toml"),
        is_config_given=config_file is not None or bool(os.environ.get("MOXCONF")),
        log_level=log_level,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; ends the process."""
    logging.captureWarnings(capture=True)
    given = sys.argv[1:] if arguments is None else list(arguments)
    if Path(sys.argv[0]).stem == "sendmail" and arguments is None:
        given = ["sendmail", *given]
    try:
        _refuse_setgid(given)
        status = cli.main(args=given, prog_name="mox", standalone_mode=False)
    except click.UsageError as error:
        error.show(sys.stderr)
        sys.exit(2)
    except click.ClickException as error:
        click.echo(f"mox: {error.format_message()}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python must not complain on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def _refuse_setgid(arguments: Sequence[str]) -> None:
    """Let a setgid program do nothing but submit: other commands could show what its group may read."""
    is_setgid = sys.platform != "win32" and os.getgid() != os.getegid()
    if is_setgid and arguments[:1] != ["sendmail"]:
        raise click.ClickException("installed setgid, this program is for sendmail only")
