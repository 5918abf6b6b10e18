"""A sign-in desk on a database of its own."""

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mox.accounts import Identities, Service, ServiceDesk, Visit
from moxkit.testing import FakeClock


@dataclass
class Book:
    """Whose login addresses are, and who is shut out; tests change it."""

    owners: dict[str, str] = field(
        default_factory=lambda: {"mox@mox.example": "mox", "pat@mox.example": "pat"}
    )
    disabled: dict[str, str] = field(default_factory=dict)

    def account_for_login(self, address: str) -> str | None:
        return self.owners.get(address)

    def login_disabled(self, account: str) -> str:
        return self.disabled.get(account, "")


@dataclass
class Desk:
    """A desk, its database, and connections that come to it."""

    identities: Identities
    book: Book
    clock: FakeClock

    def at(self, service: Service) -> ServiceDesk:
        return ServiceDesk(desk=self.identities.sign_in, service=service, clock=self.clock)

    def visit(self, ip: str = "192.0.2.1", service: Service = Service.IMAP) -> Visit:
        return self.at(service).visit(remote_ip=ip, local_ip="192.0.2.25", allows_plaintext=False)


@pytest.fixture
async def desk(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> AsyncIterator[Desk]:
    book = Book()
    identities = Identities(
        directory=tmp_path,
        clock=clock,
        pool=pool,
        addresses=book,
        hostname="mx.example",
        enables_cram_md5=lambda: True,
    )
    yield Desk(identities, book, clock)
    await identities.close()
