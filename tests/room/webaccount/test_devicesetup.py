"""What a device is told: the servers of the account's domain, and where Apple's Mail gets a profile."""

from dataclasses import replace

import pytest

from mox.config import AutoconfigService, Listener
from mox.webaccount.devicesetup import _profile_url
from room.webaccount.conftest import World


async def test_servers_and_profile_of_the_account(world: World) -> None:
    told = (await (await world.signed_in()).ask("GET", "/api/device-setup")).json
    assert told["servers"] == [
        {"protocol": "imap", "host": "mx.mox.example", "port": 143, "security": "plain"},
        {"protocol": "submission", "host": "mx.mox.example", "port": 1587, "security": "plain"},
    ]
    assert told["logins"] == ["mox@mox.example", "shop@mox.example"]
    # Whatever the port behind the proxy.
    query = "addresses=mox%40mox.example%2Cshop%40mox.example&name=Mo+Xavier"
    assert told["profile_url"] == f"https://autoconfig.mox.example/profile.mobileconfig?{query}"
    assert told["profile_code"].startswith("data:image/png;base64,iVBOR")


@pytest.mark.parametrize(
    ("site", "begins"),
    [
        (None, ""),
        (AutoconfigService(enabled=False), ""),
        (AutoconfigService(enabled=True), "https://autoconfig.mox.example/profile.mobileconfig?"),
        (
            AutoconfigService(enabled=True, port=1443),
            "https://autoconfig.mox.example:1443/profile.mobileconfig?",
        ),
    ],
)
async def test_a_profile_is_offered_where_it_is_served(
    world: World, site: AutoconfigService | None, begins: str
) -> None:
    config = world.parts.source.current
    listener = Listener(ips=("192.0.2.1",), autoconfig_https=site)
    config = replace(config, static=replace(config.static, listeners={"public": listener}))
    url = _profile_url(config, "mox.example", ("mox@mox.example",), "")
    assert bool(url) is bool(begins)
    assert url.startswith(begins)
    assert _profile_url(config, "mox.example", (), "") == ""
