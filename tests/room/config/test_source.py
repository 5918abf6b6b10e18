"""The configuration in force: reloaded when it is good, kept when it is not, changed with its comments."""

import dataclasses
import os
from pathlib import Path

import pytest

from mox.config import (
    DYNAMIC_NAME,
    STATIC_NAME,
    AccountConfig,
    ConfigError,
    ConfigSource,
    Destination,
    DynamicConfig,
    load_config,
)
from moxkit.testing import FakeClock

STATIC = """LogLevel = "info"
Hostname = "mail.mox.example"
Postmaster = { Account = "mox", Mailbox = "Inbox" }
Listeners.local.IPs = ["127.0.0.1"]
"""
DYNAMIC = """# Our domains.
[Domains."mox.example"]
# Because of tradition.
LocalpartCatchallSeparator = "+"

# Our people.
[Accounts.mox]
Domain = "mox.example"   # the only one
[Accounts.mox.Destinations."mox@mox.example"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / STATIC_NAME).write_text(STATIC)
    (tmp_path / DYNAMIC_NAME).write_text(DYNAMIC)
    return tmp_path / DYNAMIC_NAME


@pytest.fixture
def source(file: Path, clock: FakeClock) -> ConfigSource:
    static = file.with_name(STATIC_NAME)
    return ConfigSource(static, load_config(static), clock)


def replace_text(file: Path, text: str) -> None:
    file.write_text(text)
    # Time stamps of two writes may be the same.
    stat = file.stat()
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000))


def test_takes_over_a_changed_file_after_a_moment(source: ConfigSource, file: Path, clock: FakeClock) -> None:
    before = source.current
    replace_text(file, DYNAMIC + '[Domains."two.example"]\n')
    assert source.current is before
    clock.jump(1)
    assert set(source.current.domains) == {"mox.example", "two.example"}
    assert "two.example" not in before.domains


@pytest.mark.parametrize("text", ["[", "[Accounts.mox]\n", "", 'Typo = "x"\n' + DYNAMIC])
def test_keeps_the_old_one_when_the_new_one_is_wrong(
    source: ConfigSource, file: Path, clock: FakeClock, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    before = source.current
    replace_text(file, text)
    for _ in range(3):
        clock.jump(1)
        assert source.current is before
    assert "configuration not reloaded, the old one stays" in caplog.messages
    count = len(caplog.messages)
    clock.jump(10)
    assert source.current is before
    assert len(caplog.messages) == count
    replace_text(file, DYNAMIC + "\n")
    clock.jump(1)
    assert source.current is not before


def test_a_file_that_vanishes_changes_nothing(source: ConfigSource, file: Path, clock: FakeClock) -> None:
    before = source.current
    file.unlink()
    clock.jump(1)
    assert source.current is before


def with_account(config: DynamicConfig) -> DynamicConfig:
    added = AccountConfig(domain="mox.example", destinations={"new@mox.example": Destination()})
    return dataclasses.replace(config, accounts={**config.accounts, "new": added})


def test_a_change_keeps_comments_and_order(source: ConfigSource, file: Path) -> None:
    changed = source.change(with_account)
    assert changed is source.current
    assert changed.addresses["new@mox.example"].account == "new"
    text = file.read_text()
    for line in DYNAMIC.splitlines():
        assert line in text
    assert load_config(file.with_name(STATIC_NAME)).dynamic == changed.dynamic


def test_a_change_that_is_wrong_changes_nothing(source: ConfigSource, file: Path) -> None:
    before = source.current
    with pytest.raises(ConfigError):
        source.change(lambda config: dataclasses.replace(config, accounts={}))
    assert file.read_text() == DYNAMIC
    assert source.current is before


def test_a_change_begins_with_what_the_file_holds_now(source: ConfigSource, file: Path) -> None:
    replace_text(file, DYNAMIC + '[Domains."two.example"]\n')
    changed = source.change(with_account)
    assert "two.example" in changed.domains


@pytest.mark.parametrize("text", ["[", "", "[Accounts.mox]\n"])
def test_a_change_never_replaces_a_file_with_mistakes(source: ConfigSource, file: Path, text: str) -> None:
    replace_text(file, text)
    with pytest.raises(ConfigError):
        source.change(with_account)
    assert file.read_text() == text


def test_a_change_makes_the_file_shorter_when_it_has_to(source: ConfigSource, file: Path) -> None:
    source.change(with_account)
    without = source.change(
        lambda config: dataclasses.replace(config, accounts={"mox": config.accounts["mox"]})
    )
    assert set(without.accounts) == {"mox"}
    assert load_config(file.with_name(STATIC_NAME)).dynamic == without.dynamic
