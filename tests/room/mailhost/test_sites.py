"""What mail programs and mail servers are answered, host by host, and what is refused."""

import plistlib
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from mox.config import (
    MTASTS,
    TLS,
    AccountConfig,
    ClientService,
    ConfigSnapshot,
    Destination,
    DomainConfig,
    DynamicConfig,
    KeyCert,
    Listener,
    Postmaster,
    SecureService,
    StaticConfig,
    make_snapshot,
)
from mox.http import Site
from mox.http.problems import Problems
from mox.http.routing import Router
from mox.mailhost import POLICY_PATH, SETTINGS_PATHS, MailHost
from mox.mailhost.autodiscover import RequestError, requested_address
from moxkit.mtasts import parse_policy
from moxkit.testing import FakeClock

PUBLIC = Listener(
    ips=("192.0.2.1",),
    tls=TLS(key_certs=(KeyCert(cert_file="c", key_file="k"),)),
    imaps=SecureService(enabled=True, enabled_on_https=True),
    imap=ClientService(enabled=True, port=1143),
    submissions=SecureService(enabled=True),
)
POLICY = MTASTS(policy_id="1", mode="enforce", max_age=timedelta(days=1), mx=("*.mx.bücher.example",))
REQUEST = """<?xml version="1.0"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">
<Request><EMailAddress>{}</EMailAddress>
<AcceptableResponseSchema>http://schemas.microsoft.com/exchange/</AcceptableResponseSchema></Request>
</Autodiscover>"""


def snapshot(listener: Listener = PUBLIC) -> ConfigSnapshot:
    return make_snapshot(
        StaticConfig(
            log_level="info",
            hostname="mail.mox.example",
            listeners={"public": listener},
            postmaster=Postmaster(account="me", mailbox="Postmaster"),
        ),
        DynamicConfig(
            domains={
                "mox.example": DomainConfig(mtasts=replace(POLICY, mx=())),
                "bücher.example": DomainConfig(mtasts=POLICY, client_settings_domain="post.bücher.example"),
                "plain.example": DomainConfig(),
                "reports.example": DomainConfig(),
            },
            accounts={
                "me": AccountConfig(
                    domain="mox.example",
                    destinations={
                        f"me@{name}": Destination()
                        for name in ("mox.example", "bücher.example", "plain.example")
                    },
                )
            },
        ),
    )


@pytest.fixture
def config() -> list[ConfigSnapshot]:
    return [snapshot()]


@pytest.fixture
async def client(config: list[ConfigSnapshot], clock: FakeClock) -> AsyncIterator[httpx.AsyncClient]:
    host = MailHost(current=lambda: config[0])
    sites = [
        Site(name="autoconfig", path=path, app=host.settings, serves_host=host.serves_settings)
        for path in SETTINGS_PATHS
    ]
    sites.append(Site(name="mta-sts", path=POLICY_PATH, app=host.policy, serves_host=host.serves_policy))
    answering = Problems(Router(sites, clock=clock, limiter=None))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answering({**scope, "state": {}}, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as made:
        yield made


def text(element: ET.Element, path: str) -> str:
    found = element.find(path)
    assert found is not None, path
    return found.text or ""


@pytest.mark.parametrize(
    "url",
    [
        "https://autoconfig.mox.example/mail/config-v1.1.xml?emailaddress=me%40mox.example",
        "https://mail.mox.example/mail/config-v1.1.xml?emailaddress=me%40mox.example",
        "https://mox.example/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=me%40mox.example",
    ],
)
async def test_thunderbird_is_told_all_servers_the_best_first(client: httpx.AsyncClient, url: str) -> None:
    answer = await client.get(url)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/xml")
    root = ET.fromstring(answer.text)
    assert (root.tag, root.get("version")) == ("clientConfig", "1.1")
    [provider] = root.findall("emailProvider")
    assert provider.get("id") == text(provider, "domain") == "mox.example"
    servers = [
        (each.tag, each.get("type"), text(each, "hostname"), text(each, "port"), text(each, "socketType"))
        for each in provider
        if each.tag.endswith("Server")
    ]
    assert servers == [
        ("incomingServer", "imap", "mail.mox.example", "993", "SSL"),
        ("incomingServer", "imap", "mail.mox.example", "1143", "STARTTLS"),
        ("incomingServer", "imap", "mail.mox.example", "443", "SSL"),
        ("outgoingServer", "smtp", "mail.mox.example", "465", "SSL"),
    ]
    assert text(provider, "incomingServer/username") == "me@mox.example"
    assert text(provider, "incomingServer/authentication") == "password-cleartext"


async def test_without_an_address_the_host_says_the_domain(client: httpx.AsyncClient) -> None:
    answer = await client.get("https://autoconfig.xn--bcher-kva.example/mail/config-v1.1.xml")
    root = ET.fromstring(answer.text)
    assert text(root, "emailProvider/domain") == "xn--bcher-kva.example"
    assert text(root, "emailProvider/incomingServer/hostname") == "post.xn--bcher-kva.example"
    assert text(root, "emailProvider/outgoingServer/username") == "%EMAILADDRESS%"


async def test_microsoft_is_told_the_best_servers(client: httpx.AsyncClient) -> None:
    for path in ("/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml"):
        answer = await client.post(
            f"https://mail.mox.example{path}", content=REQUEST.format("Me@plain.example")
        )
        assert answer.status_code == 200
        space = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
        protocols = [
            {each.tag.removeprefix(space): each.text for each in protocol}
            for protocol in ET.fromstring(answer.text).iter(f"{space}Protocol")
        ]
        assert [(each["Type"], each["Server"], each["Port"], each["SSL"]) for each in protocols] == [
            ("IMAP", "mail.mox.example", "993", "on"),
            ("SMTP", "mail.mox.example", "465", "on"),
        ]
        assert {each["LoginName"] for each in protocols} == {"Me@plain.example"}


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [
        ("GET", "", 405),
        ("POST", "no xml", 400),
        ("POST", "<Autodiscover/>", 400),
        ("POST", REQUEST.format("me@else.example"), 400),
        ("POST", REQUEST.format("me@reports.example"), 400),
        ("POST", REQUEST.format("nobody"), 400),
        ("POST", REQUEST.format("x" * 17_000), 413),
    ],
)
async def test_what_is_no_request_is_refused(
    client: httpx.AsyncClient, method: str, body: str, status: int
) -> None:
    url = "https://mail.mox.example/autodiscover/autodiscover.xml"
    assert (await client.request(method, url, content=body)).status_code == status


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE a [<!ENTITY e "me@mox.example">]><Autodiscover><Request><EMailAddress>&e;</EMailAddress>'
        b"</Request></Autodiscover>",
        b"<a>" * 100,
        b"\xff\xfe\x00",
        REQUEST.format("x" * 400).encode(),
        b"<Autodiscover><Request><EMailAddress>me@mox.example</EMailAddress>",
    ],
)
def test_xml_that_wants_too_much_is_no_request(document: bytes) -> None:
    with pytest.raises(RequestError):
        requested_address(document)


async def test_apple_gets_a_profile_that_replaces_the_earlier_one(client: httpx.AsyncClient) -> None:
    url = "https://mail.mox.example/profile.mobileconfig?addresses=me%40mox.example,me%40plain.example&name=M%20E"
    answer = await client.get(url)
    assert answer.headers["content-disposition"] == (
        'attachment; filename="email-account-me-at-mox-example.mobileconfig"'
    )
    found = plistlib.loads(answer.content)
    assert found == plistlib.loads((await client.get(url)).content)
    assert found["PayloadIdentifier"] == "example.mox.me.email"
    [account] = found["PayloadContent"]
    assert account["EmailAccountName"] == "M E"
    assert account["EmailAddress"] == "me@mox.example,me@plain.example"
    assert (account["IncomingMailServerHostName"], account["IncomingMailServerPortNumber"]) == (
        "mail.mox.example",
        993,
    )
    assert (account["OutgoingMailServerPortNumber"], account["OutgoingMailServerUseSSL"]) == (465, True)
    assert account["OutgoingMailServerUsername"] == "me@mox.example"
    assert account["PayloadUUID"] != found["PayloadUUID"]


async def test_a_qr_code_leads_to_the_profile(client: httpx.AsyncClient) -> None:
    query = "?addresses=me%40mox.example&name=Me"
    answer = await client.get(f"https://mail.mox.example/profile.mobileconfig.qrcode.png{query}")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", answer.content[16:24])
    assert width == height > 150


@pytest.mark.parametrize("path", ["/profile.mobileconfig", "/profile.mobileconfig.qrcode.png"])
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("?addresses=me", 400),
        ("?addresses=me@else.example", 400),
        ("?addresses=me@mox.example," + ",".join(["a@mox.example"] * 30), 400),
        ("?addresses=me@mox.example&name=a%00b", 400),
        ("?addresses=me%0a@mox.example", 400),
        (f"?addresses={'m' * 330}@mox.example", 400),
        ("?addresses=" + ",".join([f"{'m' * 300}@mox.example"] * 2), 0),
    ],
)
async def test_profiles_are_only_for_addresses_here(
    client: httpx.AsyncClient, path: str, query: str, status: int
) -> None:
    # A code for so much would take long to draw, and no camera reads it; the profile can be had.
    expected = status or (400 if path.endswith(".png") else 200)
    assert (await client.get(f"https://mail.mox.example{path}{query}")).status_code == expected


async def test_a_policy_is_that_of_the_domain(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"https://mta-sts.mox.example{POLICY_PATH}")
    assert answer.headers["content-type"].startswith("text/plain")
    policy = parse_policy(answer.content)
    assert (str(policy.mode), policy.mx, policy.max_age) == (
        "enforce",
        ("mail.mox.example",),
        timedelta(days=1),
    )
    other = parse_policy((await client.get(f"https://mta-sts.xn--bcher-kva.example{POLICY_PATH}")).content)
    assert other.mx == ("*.mx.xn--bcher-kva.example",)


@pytest.mark.parametrize(
    "host", ["mta-sts.plain.example", "mta-sts.else.example", "mox.example", "autoconfig.mox.example"]
)
async def test_other_hosts_have_none(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get(f"https://{host}{POLICY_PATH}")).status_code == 404


@pytest.mark.parametrize("host", ["else.example", "autoconfig.else.example", "reports.example"])
async def test_settings_are_told_at_our_names_only(client: httpx.AsyncClient, host: str) -> None:
    answer = await client.get(f"https://{host}/mail/config-v1.1.xml?emailaddress=me@mox.example")
    assert answer.status_code == 404


async def test_a_server_without_ports_for_programs_says_so(
    client: httpx.AsyncClient, config: list[ConfigSnapshot]
) -> None:
    config[0] = snapshot(replace(PUBLIC, submissions=None))
    answer = await client.get("https://mox.example/mail/config-v1.1.xml?emailaddress=me@mox.example")
    assert answer.status_code == 400
    assert "no servers for mail programs" in answer.text
