"""Addresses to be bound beforehand are those that the built server listens on, no more and no fewer."""

from dataclasses import replace
from pathlib import Path

import pytest

from mox.app import ADDRESS, Ground, build
from mox.app.addresses import listen_addresses
from mox.app.localserve import create_localserve
from mox.config import (
    STATIC_NAME,
    AutoconfigService,
    ClientService,
    ConfigSource,
    MetricsService,
    SecureService,
    WebserverService,
    WebService,
    load_config,
)
from mox.observe import LogLevels
from moxkit.testing import FakeClock


@pytest.mark.parametrize("has_tls", [True, False])
@pytest.mark.parametrize("ports", ["own", "usual"])
async def test_they_are_those_that_are_listened_on(
    tmp_path: Path, clock: FakeClock, ports: str, *, has_tls: bool
) -> None:
    create_localserve(tmp_path / "d", clock=clock)
    snapshot = load_config(tmp_path / "d" / STATIC_NAME)
    listener = snapshot.static.listeners["local"]
    if ports == "usual":
        listener = replace(
            listener,
            submission=ClientService(enabled=True),
            submissions=SecureService(enabled=True),
            imap=ClientService(enabled=False),
            imaps=SecureService(enabled=True, enabled_on_https=True),
            account_http=WebService(enabled=True, port=81),
            account_https=WebService(enabled=True),
            autoconfig_https=AutoconfigService(enabled=True),
            webserver_http=WebserverService(enabled=True),
            webserver_https=WebserverService(enabled=True, port=8443),
            metrics_http=MetricsService(enabled=True),
            mtasts_https=AutoconfigService(enabled=True, port=8081, non_tls=True),
        )
    if not has_tls:
        listener = replace(listener, tls=None)
    static = replace(snapshot.static, listeners={"local": listener})
    source = ConfigSource(tmp_path / "d" / STATIC_NAME, replace(snapshot, static=static), clock)
    ground = Ground(
        source=source,
        data_dir=tmp_path / "d",
        clock=clock,
        levels=LogLevels("error"),
        local_address=ADDRESS,
    )
    server = build(ground)
    if has_tls and ports == "usual":
        on_https = [set(each.by_protocol) for each in server._ports if each.port == 443]
        assert on_https == [{"imap"}] * len(listener.ips)
    listened = [(each.service, each.ip, each.port) for each in server._ports]
    bound = [(each.service, each.ip, each.port) for each in listen_addresses(static)]
    await server.stop()
    assert sorted(bound) == sorted(listened)
    assert len(set(bound)) == len(bound) > 2
