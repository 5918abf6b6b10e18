"""Files that have a system start the server: for systemd, OpenRC and FreeBSD's rc."""

import shlex
from collections.abc import Sequence
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

__all__ = ["ServiceManager", "service_file"]


class ServiceManager(StrEnum):
    """Who starts services."""

    SYSTEMD = "systemd"
    OPENRC = "openrc"
    FREEBSD = "freebsd"


_FILES = {
    ServiceManager.SYSTEMD: "mox.service",
    ServiceManager.OPENRC: "mox.openrc",
    ServiceManager.FREEBSD: "mox.rc",
}


def service_file(
    manager: ServiceManager, *, program: Sequence[str], config_file: Path, data_dir: Path
) -> str:
    """Return the text of a service file.

    Args:
        manager: Whose.
        program: How mox is called; the first is an absolute path.
        config_file: `mox.toml`, absolute.
        data_dir: Absolute.

    Raises:
        ValueError: A path has a character that these files cannot hold.
    """
    directory = config_file.parent.parent
    values = {
        "@MOX@": " ".join(program),
        "@CONFIG@": str(config_file),
        "@CONFIG_DIRECTORY@": str(config_file.parent),
        "@DATA_DIRECTORY@": str(data_dir),
        "@DIRECTORY@": str(directory),
    }
    for value in (*program, str(config_file), str(data_dir)):
        # Each of the three has its own rules for quotes; paths without need for any are good for all.
        if shlex.quote(value) != value or "%" in value:
            raise ValueError(f"{value!r} has a character that service files cannot hold; use a plain path")
    text = files("mox.admin").joinpath("services", _FILES[manager]).read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(name, value)
    return text
