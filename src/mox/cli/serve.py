"""`mox serve`: the mail server of a real machine."""

import os
import sys

import click

from mox.cli.context import Globals

__all__ = ["serve"]


@click.command()
@click.pass_obj
def serve(given: Globals) -> None:
    """Run the mail server of a real machine, in the foreground.

    Started as root it binds the ports, opens keys and certificates, sees to ownership and modes of its files,
    and then runs as the user that the configuration names. Others may start it where they may bind the ports.

    Example: mox --config /home/mox/config/mox.toml serve
    """
    if sys.platform == "win32":
        raise click.ClickException(
            "serve is not available on Windows; mox localserve and the other commands are"
        )
    else:  # noqa: RET506  mypy skips what is not of its platform only in a branch
        _serve(given)


if sys.platform != "win32":

    def _serve(given: Globals) -> None:
        if os.getuid() == 0 and not sys.flags.isolated:
            # Nothing in root's environment or working directory may say what code runs.
            os.execv(sys.executable, _argv())  # noqa: S606  our own program
        from mox.config import ConfigError  # noqa: PLC0415  slow
        from mox.database import DatabaseError  # noqa: PLC0415  with it
        from mox.listen import BindError  # noqa: PLC0415  with it
        from mox.observe import LogfmtFormatter, LogLevels, install  # noqa: PLC0415  with it
        from mox.privilege import PrivilegeError  # noqa: PLC0415  with it
        from mox.runtime import SystemClock  # noqa: PLC0415  with it

        install(LogfmtFormatter())
        levels = LogLevels(given.log_level or "debug")
        file = given.config_file.absolute()
        try:
            if os.getuid() == 0:
                from mox.app.startingasroot import serve_as_root  # noqa: PLC0415  with it

                status = serve_as_root(file, argv=_argv())
            else:
                from mox.app.serving import serve  # noqa: PLC0415  slow

                status = serve(
                    file, argv=_argv(), clock=SystemClock(), levels=levels, log_level=given.log_level
                )
        except ConfigError as error:
            lines = [str(problem) for problem in error.problems]
            raise click.ClickException("\n".join(["the configuration cannot be used:", *lines])) from error
        except (BindError, DatabaseError, PrivilegeError, ValueError) as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            raise click.ClickException(f"{error.filename}: {error.strerror}") from error
        raise click.exceptions.Exit(status)

    def _argv() -> list[str]:
        return [sys.executable, "-I", "-m", "mox", *sys.argv[1:]]
