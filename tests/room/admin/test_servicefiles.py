"""Service files: filled in, and shut in as they should be."""

import re
from pathlib import Path

import pytest

from mox.admin import ServiceManager, service_file

_PROGRAM = ("/opt/mox/bin/python", "-I", "-m", "mox")


def make(manager: ServiceManager, config: str = "/home/mox/config/mox.toml") -> str:
    return service_file(manager, program=_PROGRAM, config_file=Path(config), data_dir=Path("/home/mox/data"))


@pytest.mark.parametrize("manager", list(ServiceManager))
def test_all_is_filled_in(manager: ServiceManager) -> None:
    text = make(manager)
    assert not re.search(r"@[A-Z_]+@", text)
    assert "/opt/mox/bin/python -I -m mox" in text or 'command="/opt/mox/bin/python -I -m mox"' in text
    assert "--config /home/mox/config/mox.toml serve" in text


def test_the_unit_of_systemd_shuts_the_server_in() -> None:
    text = make(ServiceManager.SYSTEMD)
    settings = dict(line.split("=", 1) for line in text.splitlines() if re.match(r"[A-Z]\w+=", line))
    assert settings["ReadWritePaths"] == "/home/mox/config /home/mox/data"
    assert settings["WorkingDirectory"] == "/home/mox"
    assert (settings["Type"], settings["NotifyAccess"]) == ("notify", "all")
    assert settings["NoNewPrivileges"] == "yes"
    assert "CAP_SYS_ADMIN" not in settings["CapabilityBoundingSet"]
    # Each would keep it from working.
    assert not {"MemoryDenyWriteExecute", "RestrictSUIDSGID", "PrivateUsers", "User"} & settings.keys()


@pytest.mark.parametrize("config", ["/home/my mail/mox.toml", "/home/%h/mox.toml", "/home/a\nb/mox.toml"])
def test_a_path_that_would_need_quotes_is_refused(config: str) -> None:
    with pytest.raises(ValueError, match="use a plain path"):
        make(ServiceManager.SYSTEMD, config)
