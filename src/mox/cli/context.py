"""What all commands share: global flags, finding the running server, printing JSON."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from mox.config import STATIC_NAME, ConfigError, ConfigSnapshot, load_config

__all__ = ["Globals", "ask_server", "load_or_fail", "print_json"]


@dataclass(frozen=True, slots=True)
class Globals:
    """The global flags.

    Attributes:
        is_config_given: `config_file` is not a default; else a developer's server is looked for, too.
    """

    config_file: Path
    is_config_given: bool
    log_level: str | None

    @property
    def found_config(self) -> Path:
        """The configuration to use: the one given, the usual one, or that of localserve."""
        if not self.is_config_given and not self.config_file.exists():
            from mox.app.localserve import default_directory  # noqa: PLC0415  slow to import, seldom needed

            local = default_directory() / STATIC_NAME
            if local.exists():
                return local
        return self.config_file


def load_or_fail(file: Path) -> ConfigSnapshot:
    """Load a configuration, or end with all its problems."""
    try:
        # Keys may be for root only, and are of no use here.
        return load_config(file, opens_keys=False)
    except ConfigError as error:
        lines = [str(problem) for problem in error.problems]
        raise click.ClickException("\n".join(["the configuration cannot be used:", *lines])) from error


def ask_server(
    given: Globals, command: str, arguments: dict[str, object], *, timeout_s: float | None = 60
) -> Any:
    """Have the running server do something; end with its refusal."""
    from mox.control.client import ControlError, request  # noqa: PLC0415  only where it is needed

    file = given.found_config
    data_dir = file.parent / load_or_fail(file).static.data_dir
    try:
        return request(data_dir, command, arguments, timeout_s=timeout_s)
    except ControlError as error:
        raise click.ClickException(str(error)) from error


def print_json(value: object) -> None:
    """Write a value for scripts."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
