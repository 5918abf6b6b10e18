"""The letter of a new version: flagged, in the postmaster's mailbox, with what to do."""

from pathlib import Path

from mox.app import Ground
from mox.app.updating import make_update_check
from mox.config import ConfigSource, DynamicConfig, Listener, Postmaster, StaticConfig, make_snapshot
from mox.observe import LogLevels
from mox.store import Store, list_messages, read_message
from moxkit.testing import FakeClock, FakeResolver


async def test_the_postmaster_is_told(store: Store, clock: FakeClock, tmp_path: Path) -> None:
    static = StaticConfig(
        log_level="info",
        hostname="mail.müller.example",
        listeners={"public": Listener(ips=("192.0.2.1",))},
        postmaster=Postmaster(account="mox", mailbox="Postmaster"),
        check_updates=True,
        updates_domain="versions.example",
    )
    source = ConfigSource(
        tmp_path / "mox.toml", make_snapshot(static, DynamicConfig(domains={}, accounts={})), clock
    )
    resolver = FakeResolver('_updates.versions.example TXT "v=UPDATES0; l=99.1.2"')
    ground = Ground(source=source, data_dir=tmp_path, clock=clock, levels=LogLevels("error"))
    check = make_update_check(ground, resolver=resolver, store=store)
    await check.look()
    await check.look()
    account = store.account("mox")
    [message] = list_messages(account.reader)
    assert (message.mailbox, message.subject, message.flags) == (
        "Postmaster",
        "mox 99.1.2 available",
        "\\Flagged",
    )
    found = read_message(account, message.id)
    assert found is not None
    letter = found[1].decode()
    assert "From: mox <postmaster@mail.xn--mller-kva.example>\r\n" in letter
    assert "There is a new version of mox: 99.1.2." in letter
