"""Whom lookups ask: the flag, else the configuration."""

from pathlib import Path

import pytest

from moxkit.testing import serve_zone
from room.cli.commandline import Run

ZONE = "mx.example A 192.0.2.1\n_25._tcp.mx.example TLSA 3 1 1 " + "ab" * 32
CONFIG = """LogLevel = "info"
Hostname = "mail.mox.example"
[Postmaster]
Account = "mox"
Mailbox = "Postmaster"
[Listeners.local]
IPs = ["127.0.0.1"]
[Resolvers]
Servers = ["{server}"]
"""
DOMAINS = """[Domains."mox.example"]
[Accounts.mox]
Domain = "mox.example"
Destinations = {{ "mox@mox.example" = {{}} }}
""".replace("{{", "{").replace("}}", "}")


def test_configured_resolver_is_asked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "domains.toml").write_text(DOMAINS, encoding="utf-8")
    with serve_zone(ZONE, authentic=True) as dns:
        config = tmp_path / "mox.toml"
        config.write_text(CONFIG.format(server=dns), encoding="utf-8")
        assert run("--config", str(config), "dane", "lookup", "mx.example").status == 0
        config.write_text(CONFIG.format(server="127.0.0.1:x"), encoding="utf-8")
        refused = run("--config", str(config), "config", "test")
        assert "127.0.0.1:x' is no IP address with or without port" in refused.err


@pytest.mark.parametrize("server", ["x", "127.0.0.1:0", "127.0.0.1:99999", "", "::1:x", "[::1"])
def test_bad_server_is_wrong_usage(run: Run, server: str) -> None:
    refused = run("dane", "lookup", "mx.example", "--dns-server", server)
    assert (refused.status, "--dns-server" in refused.err) == (2, True)
