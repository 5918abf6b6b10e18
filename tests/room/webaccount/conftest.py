"""The account site with two accounts, and browsers that keep cookies, all in memory."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from starlette.types import ASGIApp, Message

from mox.accounts import Accounts, Identities
from mox.config import (
    DYNAMIC_NAME,
    STATIC_NAME,
    AccountConfig,
    Alias,
    AutoconfigService,
    ClientService,
    ConfigSource,
    Destination,
    DomainConfig,
    DynamicConfig,
    Listener,
    Postmaster,
    StaticConfig,
    load_config,
    write_documented,
)
from mox.filtering import Classifiers
from mox.http import Site
from mox.http.problems import Problems
from mox.http.routing import Router
from mox.http.safety import Safety
from mox.moving import Imports, stage_in_thread
from mox.moving.job import Job, Told
from mox.queue import Attempted, Queue, QueuedMessage, Result
from mox.store import Quota, Store
from mox.webaccount import AccountParts, account_app
from moxkit.testing import FakeClock

PASSWORDS = {"mox": "a good password", "pat": "another password"}


class HastyClock(FakeClock):
    """Time passes at once for who waits."""

    async def sleep(self, seconds: float) -> None:
        self.jump(seconds)


class Nowhere:
    """Delivers nothing."""

    async def deliver(self, message: QueuedMessage, content: Path) -> Mapping[int, Result]:
        raise NotImplementedError

    async def finished(
        self, message: QueuedMessage, attempted: Sequence[Attempted], content: Path
    ) -> None: ...


@dataclass
class HeldStager:
    """Reads archives in a thread; while it is held, it waits before it begins."""

    free: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, job: Job, tell: Callable[[Told], None]) -> None:
        await self.free.wait()
        await stage_in_thread(job, tell)


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body) if self.body else None

    @property
    def cookies(self) -> list[str]:
        return [value for name, value in self.headers if name == "set-cookie"]


@dataclass
class Browser:
    """Keeps cookies and the token for changes, as a page does."""

    app: ASGIApp
    ip: str = "192.0.2.1"
    scheme: str = "https"
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        octets: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask with a JSON body, or with octets."""
        sent = {"host": "localhost", "user-agent": "Browser/1"}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.csrf:
            sent["x-mox-csrf"] = self.csrf
        if body is not None:
            octets, sent["content-type"] = json.dumps(body).encode(), "application/json"
        reply = await request(self.app, self, method, path, octets, {**sent, **(headers or {})})
        for cookie in reply.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
            if "Max-Age=0" in cookie:
                del self.cookies[name]
        return reply

    async def login(self, account: str = "mox", password: str = "") -> Reply:
        token = (await self.ask("POST", "/api/login/prepare")).json["login_token"]
        given = password or PASSWORDS[account]
        address = account if "@" in account else f"{account}@mox.example"
        reply = await self.ask(
            "POST", "/api/login", {"login_token": token, "username": address, "password": given}
        )
        self.csrf = reply.json.get("csrf", "")
        return reply


async def request(
    app: ASGIApp, browser: Browser, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> Reply:
    plain, _, query = path.partition("?")
    scope = {
        "type": "http",
        "http_version": "2",
        "method": method,
        "scheme": browser.scheme,
        "path": unquote(plain),
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "client": (browser.ip, 1),
        "server": ("192.0.2.25", 443),
        "state": {"tls": None},
    }
    sent: list[Message] = []

    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        # The browser stays.
        return messages.pop() if messages else await asyncio.Future[Message]()

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    received = [(name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
    return Reply(sent[0]["status"], received, b"".join(each.get("body", b"") for each in sent[1:]))


@dataclass
class World:
    """The site, and what is behind it."""

    app: ASGIApp
    parts: AccountParts
    clock: FakeClock
    stager: HeldStager

    def browser(self, **with_: Any) -> Browser:
        return Browser(self.app, **with_)

    async def signed_in_again(self, browser: Browser) -> Browser:
        """Sign a browser in once more, with the password that it has now."""
        if (await browser.ask("GET", "/api/session")).status != 200:
            await self.parts.identities.credentials.set_password("mox", PASSWORDS["mox"])
            browser = await self.signed_in()
        return browser

    async def signed_in(self, account: str = "mox") -> Browser:
        browser = self.browser()
        assert (await browser.login(account)).status == 200
        return browser


@pytest.fixture
async def world(tmp_path: Path, pool: ThreadPoolExecutor) -> AsyncIterator[World]:
    clock = HastyClock()
    (tmp_path / STATIC_NAME).write_text(write_documented(_static()))
    (tmp_path / DYNAMIC_NAME).write_text(write_documented(_dynamic()))
    source = ConfigSource(tmp_path / STATIC_NAME, load_config(tmp_path / STATIC_NAME), clock)
    accounts = Accounts(current=lambda: source.current)
    identities = Identities(
        directory=tmp_path,
        clock=clock,
        pool=pool,
        addresses=accounts,
        hostname="mx.mox.example",
        enables_cram_md5=lambda: False,
    )
    store = Store(
        directory=tmp_path, clock=clock, pool=pool, quota=lambda name: Quota(octets=10**9 * (name == "mox"))
    )
    queue = Queue(directory=tmp_path, clock=clock, pool=pool, deliverer=Nowhere())
    stager = HeldStager()
    stager.free.set()
    imports = Imports(store=store, clock=clock, stager=stager)
    classifiers = Classifiers(store=store, settings=lambda name: source.current.accounts[name].junk_filter)
    for name, password in PASSWORDS.items():
        await identities.credentials.set_password(name, password)
    parts = AccountParts(
        identities=identities,
        accounts=accounts,
        source=source,
        store=store,
        queue=queue,
        imports=imports,
        classifiers=classifiers,
        clock=clock,
        version="1.2.3",
    )
    site = Site(name="account", path="/", app=account_app(parts), serves_host=lambda _host: True)
    yield World(Safety(Problems(Router([site], clock=clock, limiter=None))), parts, clock, stager)
    await imports.close()
    await classifiers.close()
    await queue.close()
    await store.close()
    await identities.close()


def _static() -> StaticConfig:
    return StaticConfig(
        log_level="info",
        user="0",
        hostname="mx.mox.example",
        admin_password_file="adminpasswd",
        listeners={
            "local": Listener(
                ips=("127.0.0.1",),
                imap=ClientService(enabled=True, no_require_starttls=True),
                submission=ClientService(enabled=True, port=1587, no_require_starttls=True),
                autoconfig_https=AutoconfigService(enabled=True, port=81, non_tls=True),
            )
        },
        postmaster=Postmaster(account="mox", mailbox="Inbox"),
    )


def _dynamic() -> DynamicConfig:
    members = ("mox@mox.example", "pat@mox.example")
    return DynamicConfig(
        domains={
            "mox.example": DomainConfig(
                localpart_catchall_separator="+",
                aliases={"crew": Alias(addresses=members, list_members=True, allow_msg_from=True)},
            )
        },
        accounts={
            "mox": AccountConfig(
                domain="mox.example",
                full_name="Mo Xavier",
                destinations={
                    "mox@mox.example": Destination(),
                    "shop@mox.example": Destination(mailbox="Shop"),
                },
            ),
            "pat": AccountConfig(domain="mox.example", destinations={"pat@mox.example": Destination()}),
        },
    )
