"""`moxkit.smtpclient` as another program uses it; only type-checked."""

import datetime as dt
import random
from collections.abc import Iterator
from ipaddress import IPv4Address

from moxkit.domain import Domain, parse_domain
from moxkit.net import SocksProxy, TLSInfo, client_context, system_roots, webpki_verdict
from moxkit.sasl import Mechanism, client_exchange
from moxkit.smtp import Extensions, MailFrom, Notify, Path, RcptTo, Reply, parse_path
from moxkit.smtpclient import (
    Credentials,
    Destination,
    DestinationStatus,
    Dialer,
    HostConnection,
    HostFailure,
    Letter,
    NoMechanismError,
    NotBegunError,
    NotSent,
    Refused,
    SmtpClient,
    SmtpError,
    TlsFailure,
    TlsPolicy,
    TlsUse,
    Verification,
    decide_tls,
    find_destination,
    find_host,
    sign_in,
)
from moxkit.testing import FakeResolver


def tell(*_: object) -> None:
    """Stand for what a program does with it."""


def now() -> dt.datetime:
    return dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


async def by_hand() -> list[Reply]:
    roots = system_roots()
    async with await SmtpClient.connect("192.0.2.1", 587, ehlo="me.example", timeout_s=10) as client:
        verdict = webpki_verdict("mx.example", roots, now=now)
        await client.start_tls(client_context(), hostname="mx.example", verdict=verdict)
        info: TLSInfo | None = client.tls
        assert info is not None
        offered: Extensions = client.extensions
        try:
            mechanism: Mechanism = await sign_in(client, Credentials("user", "password"))
            await client.authenticate(mechanism, client_exchange(mechanism, username="user", password="x"))
        except NoMechanismError as error:
            tell(error, offered.mechanisms)
        except SmtpError as error:
            command: str = error.command
            permanent: bool = error.is_permanent
            tell(command, permanent, error.reply.code)
        recipients: list[Path | RcptTo] = [
            parse_path("a@other.example"),
            RcptTo(parse_path("b@other.example")),
        ]
        return await client.deliver(MailFrom(parse_path("me@mox.example")), recipients, [b"Subject: x\r\n"])


def letter() -> Letter:
    def content() -> Iterator[bytes]:
        yield b"Subject: x\r\n"

    recipient = RcptTo(parse_path("you@other.example"), frozenset({Notify.FAILURE}))
    return Letter(MailFrom(None), (recipient,), content, needs_8bit=True)


async def to_anywhere() -> tuple[Reply, ...] | NotSent | None:
    resolver = FakeResolver("")
    domain: Domain = parse_domain("other.example")
    destination: Destination = await find_destination(resolver, domain, shuffle=random.shuffle)
    if destination.status is not DestinationStatus.FOUND:
        return None
    found = await find_host(resolver, destination, destination.hosts[0])
    policy: TlsPolicy | Refused = decide_tls(destination.hosts[0], found=found, sts=None, requires_tls=True)
    if isinstance(policy, Refused):
        reported: tuple[bool, str, str, str] = (
            policy.is_permanent,
            policy.enhanced,
            policy.report,
            policy.text,
        )
        tell(reported)
        return None
    dialer = Dialer(
        "me.example",
        system_roots(),
        now,
        port=25,
        local_addresses=(IPv4Address("192.0.2.9"),),
        proxy=SocksProxy("127.0.0.1", 1080),
    )
    connection: HostConnection | HostFailure = await dialer.dial(
        destination.hosts[0], found.addresses, policy
    )
    failures: tuple[TlsFailure, ...] = connection.failures
    if isinstance(connection, HostFailure):
        tell(connection.enhanced, connection.text, connection.code, failures)
        return None
    try:
        return await connection.send(letter())
    except NotBegunError:
        return None
    finally:
        await connection.close()


async def to_a_smarthost() -> Mechanism | None:
    host = parse_domain("smtp.example")
    policy = TlsPolicy(TlsUse.IMMEDIATE, Verification.WEBPKI, (host,))
    dialer = Dialer("me.example", system_roots(), now, port=465)
    connection = await dialer.dial(host, [IPv4Address("192.0.2.1")], policy)
    if isinstance(connection, HostFailure):
        return None
    return await connection.sign_in(Credentials("user", "password", (Mechanism.SCRAM_SHA_256_PLUS,)))
