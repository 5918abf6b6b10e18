"""Accounts, keys, app passwords and attempts as the command line sees them."""

from pathlib import Path
from typing import Any

import pytest

from mox.accounts import Attempt, Identities, Result, Service
from mox.config import DYNAMIC_NAME, ConfigSource
from mox.control import IdentityCommands
from mox.control.server import CommandRefusedError
from moxkit.testing import make_certificate

CERTIFICATE = make_certificate("laptop", "ed25519")[0].decode()


@pytest.fixture
def commands(identities: Identities, source: ConfigSource) -> IdentityCommands:
    return IdentityCommands(identities=identities, source=source)


async def run(commands: IdentityCommands, command: str, /, **arguments: object) -> Any:
    return await commands.table()[command](arguments)


async def test_sets_passwords_of_accounts_there_are(
    commands: IdentityCommands, identities: Identities
) -> None:
    await run(commands, "setaccountpassword", account="mox", password="long enough")
    assert identities.credentials.has_password("mox")
    for account, password in (("nobody", "long enough"), ("mox", "short")):
        with pytest.raises(CommandRefusedError) as refused:
            await run(commands, "setaccountpassword", account=account, password=password)
        assert password not in str(refused.value)


async def test_shuts_an_account_and_opens_it(
    commands: IdentityCommands, source: ConfigSource, tmp_path: Path
) -> None:
    await run(commands, "accountdisabled", account="mox", text="ask the owner")
    assert await run(commands, "accountlist") == [
        {"account": "mox", "login_disabled": "ask the owner"},
        {"account": "pat", "login_disabled": ""},
    ]
    kept = (tmp_path / DYNAMIC_NAME).read_text(encoding="utf-8")
    assert kept.startswith("# The family's.")
    assert "ask the owner" in kept
    await run(commands, "accountdisabled", account="mox", text="")
    assert source.current.accounts["mox"].login_disabled == ""
    with pytest.raises(CommandRefusedError, match="no account"):
        await run(commands, "accountdisabled", account="nobody", text="x")
    with pytest.raises(CommandRefusedError):
        await run(commands, "accountdisabled", account="mox", text="two\nlines")


async def test_keys_from_adding_to_removing(commands: IdentityCommands) -> None:
    key = await run(commands, "tlspubkeyadd", address="mox@mox.example", pem=CERTIFICATE, name="desk")
    assert (key["account"], key["name"], key["type"], key["no_imap_preauth"]) == (
        "mox",
        "desk",
        "ed25519",
        False,
    )
    assert await run(commands, "tlspubkeylist") == [key]
    assert await run(commands, "tlspubkeylist", account="pat") == []
    shown = await run(commands, "tlspubkeyget", fingerprint=key["fingerprint"])
    assert bytes.fromhex(shown["certificate"])
    await run(commands, "tlspubkeyrm", fingerprint=key["fingerprint"])
    for name in ("tlspubkeyget", "tlspubkeyrm"):
        with pytest.raises(CommandRefusedError, match="no such key"):
            await run(commands, name, fingerprint=key["fingerprint"])
    with pytest.raises(CommandRefusedError, match="no address"):
        await run(commands, "tlspubkeyadd", address="x@else.example", pem=CERTIFICATE)


async def test_app_passwords_from_making_to_removing(commands: IdentityCommands) -> None:
    made = await run(commands, "apppasswordadd", account="mox", name="phone", services=["imap"])
    secret = made.pop("password")
    assert len(secret) == 24
    assert await run(commands, "apppasswordlist", account="mox") == [made]
    with pytest.raises(CommandRefusedError, match="no app password"):
        await run(commands, "apppasswordrm", account="pat", id=made["id"])
    await run(commands, "apppasswordrm", account="mox", id=made["id"])
    assert await run(commands, "apppasswordlist", account="mox") == []
    for services in ([], ["fax"]):
        with pytest.raises(CommandRefusedError):
            await run(commands, "apppasswordadd", account="mox", name="x", services=services)


async def test_attempts_of_an_account_and_of_nobody(
    commands: IdentityCommands, identities: Identities
) -> None:
    for account in ("mox", ""):
        attempt = Attempt(Service.IMAP, "PLAIN", Result.BAD_CREDENTIALS, "192.0.2.1", account=account)
        identities.attempts.note(attempt)
    for account in ("mox", ""):
        (found,) = await run(commands, "loginattempts", account=account)
        assert (found["account"], found["result"], found["count"]) == (account, "badcreds", 1)
