"""Configurations for tests, without files."""

from dataclasses import replace

from mox.config.dynamic import AccountConfig, Destination, DomainConfig, DynamicConfig
from mox.config.snapshot import ConfigSnapshot, make_snapshot
from mox.config.static import Listener, Postmaster, StaticConfig

__all__ = ["make"]


def make(
    *,
    domains: dict[str, DomainConfig] | None = None,
    accounts: dict[str, AccountConfig] | None = None,
    static: dict[str, object] | None = None,
) -> ConfigSnapshot:
    """Make a snapshot: domain mox.example, account mox with mox@mox.example, unless told otherwise."""
    basic = StaticConfig(
        log_level="info",
        hostname="mail.mox.example",
        listeners={"local": Listener(ips=("127.0.0.1",))},
        postmaster=Postmaster(account="mox", mailbox="Inbox"),
    )
    dynamic = DynamicConfig(
        domains=domains or {"mox.example": DomainConfig(localpart_catchall_separator="+")},
        accounts=accounts
        or {"mox": AccountConfig(domain="mox.example", destinations={"mox@mox.example": Destination()})},
    )
    return make_snapshot(replace(basic, **(static or {})), dynamic)  # type: ignore[arg-type]  # by the caller's names
