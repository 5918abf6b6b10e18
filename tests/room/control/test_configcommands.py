"""Domains, accounts, addresses and aliases as the command line changes them: in the file, at once, or not."""

from pathlib import Path
from typing import Any

import pytest

from mox.accounts import Identities
from mox.config import DYNAMIC_NAME, ConfigSource
from mox.control import ConfigCommands
from mox.control.server import CommandRefusedError
from mox.store import AccountUnknownError, Store
from moxkit.testing import FakeClock, make_certificate


@pytest.fixture
def commands(source: ConfigSource, identities: Identities, store: Store, clock: FakeClock) -> ConfigCommands:
    async def forget_queued(name: str) -> int:
        return len(name)

    return ConfigCommands(
        source=source, identities=identities, store=store, clock=clock, forget_queued=forget_queued
    )


async def ask(commands: ConfigCommands, name: str, **arguments: Any) -> Any:
    return await commands.table()[name](arguments)


async def test_a_domain_comes_with_its_keys_and_goes_without(
    commands: ConfigCommands, source: ConfigSource, tmp_path: Path
) -> None:
    await ask(commands, "domainadd", domain="new.example", account="sam", localpart="sam")
    domain = source.current.domains["new.example"]
    assert domain.dkim is not None
    files = [tmp_path / selector.private_key_file for selector in domain.dkim.selectors.values()]
    assert all(file.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----") for file in files)
    assert all(file.stat().st_mode & 0o007 == 0 for file in files)
    assert "# The family's." in (tmp_path / DYNAMIC_NAME).read_text()
    with pytest.raises(CommandRefusedError, match=r"in use, remove first: sam@new\.example of account sam"):
        await ask(commands, "domainrm", domain="new.example")
    await ask(commands, "domaindisabled", domain="new.example", disabled=True)
    assert source.current.domains["new.example"].disabled


async def test_keys_of_a_domain_that_is_removed_are_put_aside(
    commands: ConfigCommands, source: ConfigSource, tmp_path: Path
) -> None:
    await ask(commands, "domainadd", domain="new.example", account="mox")
    # It is the postmaster's account, which gets that mail anyway.
    assert list(source.current.accounts["mox"].destinations) == ["mox@mox.example"]
    await ask(commands, "domainrm", domain="new.example")
    assert "new.example" not in source.current.domains
    assert [each.name for each in (tmp_path / "dkim").iterdir()] == ["old"]
    assert len(list((tmp_path / "dkim" / "old").iterdir())) == 2


async def test_a_domain_that_cannot_be_added_leaves_no_keys(commands: ConfigCommands, tmp_path: Path) -> None:
    before = (tmp_path / DYNAMIC_NAME).read_text()
    with pytest.raises(CommandRefusedError, match="there is no account 'sam'"):
        await ask(commands, "domainadd", domain="new.example", account="sam")
    with pytest.raises(CommandRefusedError, match="new example: "):
        await ask(commands, "domainadd", domain="new example", account="mox")
    assert list((tmp_path / "dkim").iterdir()) == []
    assert (tmp_path / DYNAMIC_NAME).read_text() == before


async def test_accounts_and_addresses(commands: ConfigCommands, source: ConfigSource, store: Store) -> None:
    await ask(commands, "accountadd", account="sam", address="sam@mox.example")
    await ask(commands, "addressadd", address="@mox.example", account="sam")
    assert await ask(commands, "accountaddresses", account="sam") == ["@mox.example", "sam@mox.example"]
    assert await ask(commands, "addressaccount", address="sam@mox.example") == "sam"
    await ask(commands, "addressrm", address="@mox.example")
    assert list(source.current.accounts["sam"].destinations) == ["sam@mox.example"]
    # What is only wrong as a whole is told with file and line, and nothing changes.
    with pytest.raises(CommandRefusedError, match=r"domains\.toml"):
        await ask(commands, "addressadd", address="SAM@mox.example", account="mox")
    store.account("mox")
    with pytest.raises(CommandRefusedError, match="there is an account 'mox' already"):
        await ask(commands, "accountadd", account="mox", address="new@mox.example")
    (store.temporary.parent / "accounts" / "old").mkdir()
    with pytest.raises(CommandRefusedError, match="files of an account 'old' that is not configured"):
        await ask(commands, "accountadd", account="old", address="old@mox.example")
    for command in ("accountaddresses", "addressaccount"):
        with pytest.raises(CommandRefusedError, match="no account"):
            await ask(commands, command, account="nobody", address="nobody@mox.example")


async def test_an_address_that_a_key_signs_in_with_stays(
    commands: ConfigCommands, identities: Identities
) -> None:
    certificate = make_certificate("laptop", "ed25519")[0].decode()
    key = await identities.keys.add(address="pat@mox.example", pem=certificate)
    for name, arguments in (
        ("addressrm", {"address": "pat@mox.example"}),
        ("domainrm", {"domain": "mox.example"}),
    ):
        with pytest.raises(CommandRefusedError, match=r"a TLS key signs in with pat@mox\.example"):
            await ask(commands, name, **arguments)
    await identities.keys.remove(key.fingerprint)
    await ask(commands, "addressadd", address="pat2@mox.example", account="pat")
    await ask(commands, "addressrm", address="pat@mox.example")


async def test_aliases(commands: ConfigCommands) -> None:
    members = ["mox@mox.example", "pat@mox.example"]
    await ask(commands, "aliasadd", alias="crew@mox.example", members=members[:1])
    await ask(commands, "aliasaddaddr", alias="crew@mox.example", members=members[1:])
    await ask(commands, "aliasupdate", alias="crew@mox.example", list_members=True)
    assert await ask(commands, "aliaslist", domain="mox.example") == [
        {
            "alias": "crew@mox.example",
            "members": members,
            "post_public": True,
            "list_members": True,
            "allow_msg_from": False,
        }
    ]
    await ask(commands, "aliasrmaddr", alias="crew@mox.example", members=members[:1])
    with pytest.raises(CommandRefusedError, match="would have no members"):
        await ask(commands, "aliasrmaddr", alias="crew@mox.example", members=members[1:])
    await ask(commands, "aliasrm", alias="crew@mox.example")
    assert await ask(commands, "aliaslist", domain="mox.example") == []
    with pytest.raises(CommandRefusedError, match="no domain else"):
        await ask(commands, "aliaslist", domain="else.example")


async def test_an_account_goes_with_all_that_is_its(
    commands: ConfigCommands, source: ConfigSource, store: Store, identities: Identities, tmp_path: Path
) -> None:
    await ask(commands, "accountadd", account="sam", address="sam@mox.example")
    await identities.credentials.set_password("sam", "correct horse battery")
    directory = store.account("sam").files.root.parent
    assert await ask(commands, "accountrm", account="sam") == {"dropped": 3}
    assert "sam" not in source.current.accounts
    assert not identities.credentials.has_password("sam")
    with pytest.raises(AccountUnknownError):
        store.account("sam")
    assert directory.exists()
    with pytest.raises(CommandRefusedError, match="no account 'sam'"):
        await ask(commands, "accountrm", account="sam")
    # Another one of that name has to wait until its files are gone.
    with pytest.raises(CommandRefusedError, match="there are files"):
        await ask(commands, "accountadd", account="sam", address="sam@mox.example")


async def test_a_new_account_has_no_password_of_an_older_one(
    commands: ConfigCommands, identities: Identities
) -> None:
    await identities.credentials.set_password("sam", "of somebody else")
    await ask(commands, "accountadd", account="sam", address="sam@mox.example")
    assert not identities.credentials.has_password("sam")
    # Who has one already keeps it.
    await identities.credentials.set_password("sam", "correct horse battery")
    with pytest.raises(CommandRefusedError):
        await ask(commands, "accountadd", account="sam", address="other@mox.example")
    assert identities.credentials.has_password("sam")


async def test_an_account_that_is_needed_stays(commands: ConfigCommands, source: ConfigSource) -> None:
    with pytest.raises(CommandRefusedError, match=r"Postmaster of mox\.toml needs it"):
        await ask(commands, "accountrm", account="mox")
    await ask(commands, "accountadd", account="sam", address="sam@mox.example")
    await ask(commands, "aliasadd", alias="all@mox.example", members=["sam@mox.example"])
    with pytest.raises(CommandRefusedError, match=r"are members of all@mox\.example"):
        await ask(commands, "accountrm", account="sam")
    assert {"mox", "sam"} <= source.current.accounts.keys()
