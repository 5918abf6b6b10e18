"""Whole developer's servers in this process, for tests."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mox.app import ACCOUNT, ADDRESS, PASSWORD, Ground, Server, build, create_localserve
from mox.config import STATIC_NAME, ConfigSource, load_config
from mox.observe import LogLevels
from moxkit.imap import BodySection, ExistsData, Section, Select
from moxkit.imapclient import ImapClient
from moxkit.smtp import MailFrom, Reply, parse_path
from moxkit.smtpclient import SmtpClient
from moxkit.testing import FakeClock

__all__ = ["LocalServer", "free_offset", "local_server"]

_SERVICES = (25, 80, 143, 443, 465, 587, 993)


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A started server, and how to talk to it."""

    server: Server
    offset: int

    async def smtp(self, service: int = 25) -> SmtpClient:
        """Connect to deliver, or with 587 to submit."""
        return await SmtpClient.connect("127.0.0.1", service + self.offset, ehlo="client.example")

    async def imap(self) -> ImapClient:
        """Connect and sign in."""
        client = await ImapClient.connect("127.0.0.1", 143 + self.offset)
        await client.login(ADDRESS, PASSWORD)
        return client

    async def deliver(self, content: bytes, *recipients: str) -> list[Reply]:
        """Hand in a message as other servers do."""
        async with await self.smtp() as client:
            paths = [parse_path(recipient) for recipient in recipients]
            return await client.deliver(MailFrom(parse_path("friend@else.example")), paths, [content])

    async def queued(self, count: int) -> list[dict[str, object]]:
        """Return the queue's entries, when there are so many, and each was tried in vain."""
        while True:
            entries = self.server.queue.entries()
            if len(entries) == count and all(entry["error"] for entry in entries):
                return entries
            await asyncio.sleep(0.005)

    async def inbox(self, count: int) -> list[bytes]:
        """Return the messages in the Inbox, when there are so many."""
        async with await self.imap() as client:
            while True:
                if ExistsData(count) in (await client.run(Select("INBOX"))).untagged:
                    break
                await asyncio.sleep(0.005)
            found = await client.fetch("1:*", BodySection(Section(), peek=True))
            return [octets for each in found if (octets := each.contents[0].octets) is not None]


@asynccontextmanager
async def local_server(
    directory: Path, clock: FakeClock, *, offset: int | None = None, more: str = ""
) -> AsyncIterator[LocalServer]:
    """Write a server's files, with `more` configuration; start it, by default on free ports; stop it."""
    offset = free_offset() if offset is None else offset
    create_localserve(directory, clock=clock, ips=("127.0.0.1",), port_offset=offset)
    file = directory / STATIC_NAME
    file.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
    ground = Ground(
        source=ConfigSource(file, load_config(file), clock),
        data_dir=directory,
        clock=clock,
        levels=LogLevels("warn"),
        # Nobody here has a name, nor mail that was learned from.
        enforces=False,
        local_address=ADDRESS,
    )
    server = build(ground)
    try:
        await server.identities.credentials.set_password(ACCOUNT, PASSWORD)
        await server.start()
        yield LocalServer(server, offset)
    finally:
        await server.stop()


def free_offset() -> int:
    """Find an offset whose ports nobody listens on."""
    for _ in range(100):
        offset = random.SystemRandom().randrange(2000, 31000)
        try:
            for service in _SERVICES:
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", service + offset))
        except OSError:
            continue
        return offset
    raise RuntimeError("no free ports")
