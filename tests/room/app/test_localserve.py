"""The files of a developer's server, and what it says at the start."""

import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from mox.app import ADMIN_PASSWORD, PASSWORD, banner, create_localserve, default_directory
from mox.config import ConfigSnapshot, load_config
from moxkit.testing import FakeClock

FILES = {
    "adminpasswd",
    "dkim.localserve.privatekey.pkcs8.pem",
    "domains.toml",
    "localhost.crt",
    "localhost.key",
    "mox.toml",
}


def listener_of(config: ConfigSnapshot) -> dict[str, int | None]:
    """Return the enabled services of the only listener, with their ports."""
    [listener] = config.static.listeners.values()
    names = ("smtp", "submission", "submissions", "imap", "imaps")
    return {name: service.port for name in names if (service := getattr(listener, name)) and service.enabled}


def test_all_files_are_there_and_make_a_good_configuration(tmp_path: Path, clock: FakeClock) -> None:
    directory = tmp_path / "deep" / "new"
    create_localserve(directory, clock=clock)
    assert {file.name for file in directory.iterdir()} == FILES
    config = load_config(directory / "mox.toml")
    [listener] = config.static.listeners.values()
    assert listener.ips == ("127.0.0.1", "::1")
    assert listener_of(config) == {
        "smtp": 1025,
        "submission": 1587,
        "submissions": 1465,
        "imap": 1143,
        "imaps": 1993,
    }
    assert ADMIN_PASSWORD not in (directory / "adminpasswd").read_text()
    if sys.platform != "win32":
        # Keys and passwords are nobody else's.
        modes = {stat.S_IMODE(file.stat().st_mode) & 0o007 for file in (directory, *directory.iterdir())}
        assert modes == {0}


def test_addresses_and_ports_can_be_chosen(tmp_path: Path, clock: FakeClock) -> None:
    create_localserve(tmp_path / "new", clock=clock, ips=("127.0.0.9",), port_offset=0)
    config = load_config(tmp_path / "new" / "mox.toml")
    assert config.static.listeners["local"].ips == ("127.0.0.9",)
    assert listener_of(config)["smtp"] == 25


def test_an_existing_directory_is_left_alone(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(FileExistsError):
        create_localserve(tmp_path, clock=clock)
    assert list(tmp_path.iterdir()) == []


class BrokenClock(FakeClock):
    """A clock that does not tell the time: something that fails in the middle."""

    def now(self) -> NoReturn:
        raise OSError("no time")


def test_nothing_is_left_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no time"):
        create_localserve(tmp_path / "new", clock=BrokenClock())
    assert not (tmp_path / "new").exists()


def test_default_directory_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    assert default_directory() == tmp_path / "mox-localserve"
    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, "")
    assert default_directory().name == "mox-localserve"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> ConfigSnapshot:
    directory = tmp_path_factory.mktemp("banner") / "local"
    create_localserve(directory, clock=FakeClock())
    return load_config(directory / "mox.toml")


def test_banner_names_all_that_is_served(config: ConfigSnapshot, tmp_path: Path) -> None:
    text = banner(config, tmp_path, version="1.2", is_new=True)
    for url in (
        "smtp://localhost:1025 ",
        "smtp://localhost:1587 ",
        "smtps://localhost:1465 ",
        "imap://localhost:1143 ",
        "imaps://localhost:1993 ",
    ):
        assert url in text
    assert "mox 1.2 " in text
    assert f" {PASSWORD}\n" in text
    assert f"{tmp_path} (new)" in text
    assert "(from an earlier run)" in banner(config, tmp_path, version="1.2", is_new=False)


def test_banner_names_only_what_is_enabled(config: ConfigSnapshot, tmp_path: Path) -> None:
    listener = config.static.listeners["local"]
    assert listener.imap is not None
    less = replace(
        listener, ips=("::1",), imap=replace(listener.imap, enabled=False), imaps=None, submissions=None
    )
    # Its name is the owner's business.
    static = replace(config.static, listeners={"mine": less})
    text = banner(replace(config, static=static), tmp_path, version="1.2", is_new=False)
    assert "smtp://[::1]:1025 " in text
    assert "imap" not in text
    assert "smtps" not in text


def test_banner_names_the_port_of_a_service_that_names_none(config: ConfigSnapshot, tmp_path: Path) -> None:
    listener = config.static.listeners["local"]
    assert listener.imap is not None
    changed = replace(listener, imap=replace(listener.imap, port=None))
    static = replace(config.static, listeners={"local": changed})
    assert "imap://localhost:143 " in banner(
        replace(config, static=static), tmp_path, version="1", is_new=False
    )
