"""A configuration with two accounts, and who knows their people."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.accounts import Accounts, Identities
from mox.config import DYNAMIC_NAME, STATIC_NAME, ConfigSource, load_config
from moxkit.testing import FakeClock

STATIC = """LogLevel = "info"
Hostname = "mail.mox.example"
[Postmaster]
Account = "mox"
Mailbox = "Postmaster"
[Listeners.local]
IPs = ["127.0.0.1"]
"""
DYNAMIC = """# The family's.
[Domains."mox.example"]
[Accounts.mox]
Domain = "mox.example"
Destinations = { "mox@mox.example" = {} }
[Accounts.pat]
Domain = "mox.example"
Destinations = { "pat@mox.example" = {} }
"""


@pytest.fixture
async def identities(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor, source: ConfigSource
) -> AsyncIterator[Identities]:
    identities = Identities(
        directory=tmp_path,
        clock=clock,
        pool=pool,
        addresses=Accounts(current=lambda: source.current),
        hostname="mx.example",
        enables_cram_md5=lambda: False,
    )
    yield identities
    await identities.close()


@pytest.fixture
def source(tmp_path: Path, clock: FakeClock) -> ConfigSource:
    (tmp_path / STATIC_NAME).write_text(STATIC, encoding="utf-8")
    (tmp_path / DYNAMIC_NAME).write_text(DYNAMIC, encoding="utf-8")
    return ConfigSource(tmp_path / STATIC_NAME, load_config(tmp_path / STATIC_NAME), clock)
