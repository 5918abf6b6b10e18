"""Servers of ours for domains of their own, in one process, that send to each other; for tests."""

import hashlib
import random
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mox.app import Ground, Server, build
from mox.config import (
    DKIM,
    DYNAMIC_NAME,
    STATIC_NAME,
    TLS,
    AccountConfig,
    ClientService,
    ConfigSource,
    Destination,
    DomainConfig,
    DynamicConfig,
    KeyCert,
    Listener,
    Postmaster,
    Selector,
    SMTPService,
    StaticConfig,
    load_config,
    write_documented,
)
from mox.observe import LogLevels
from mox.outgoing import RoutedDelivery, StsPolicies, TlsResults
from mox.store import list_messages, read_message
from moxkit.dkim import encode_private_key, generate_ed25519, public_record
from moxkit.https import HttpsError, Response, Stage
from moxkit.net import client_context
from moxkit.sasl import Mechanism, client_exchange
from moxkit.smtp import MailFrom, Reply, parse_path
from moxkit.smtpclient import Dialer, SmtpClient
from moxkit.testing import FakeClock, FakeResolver, make_certificate

__all__ = ["OwnServer"]

_PASSWORD = "moxmoxmox"


class OwnServer:
    """A server for one domain, with the account `me`; others come by the test's clock and resolver."""

    def __init__(self, directory: Path, domain: str, *, clock: FakeClock, resolver: FakeResolver) -> None:
        """Write its files, and what DNS says of it."""
        self.domain, self.hostname, self.address = domain, f"mx.{domain}", f"me@{domain}"
        self.smtp, self.submission = _free_ports(2)
        self._directory, self._clock, self._resolver = directory, clock, resolver
        self._stack = AsyncExitStack()
        certificate, key = make_certificate(self.hostname)
        dkim = generate_ed25519()
        directory.mkdir()
        for name, octets in {
            "server.crt": certificate,
            "server.key": key,
            "dkim.pem": encode_private_key(dkim),
            STATIC_NAME: write_documented(self._static()).encode(),
            DYNAMIC_NAME: write_documented(self._dynamic()).encode(),
        }.items():
            (directory / name).write_bytes(octets)
        public = x509.load_pem_x509_certificate(certificate).public_key()
        digest = hashlib.sha256(
            public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        ).hexdigest()
        for line in (
            f"{domain} MX 10 {self.hostname}",
            f"{self.hostname} A 127.0.0.1",
            f"_25._tcp.{self.hostname} TLSA 3 1 1 {digest}",
            f'{domain} TXT "v=spf1 ip4:127.0.0.1 -all"',
            f'_dmarc.{domain} TXT "v=DMARC1; p=reject"',
            f'key._domainkey.{domain} TXT "{public_record(dkim)}"',
        ):
            resolver.add(line)

    def _static(self) -> StaticConfig:
        return StaticConfig(
            data_dir="data",
            log_level="error",
            user="0",
            hostname=self.hostname,
            admin_password_file="adminpasswd",
            listeners={
                "local": Listener(
                    ips=("127.0.0.1",),
                    tls=TLS(key_certs=(KeyCert(cert_file="server.crt", key_file="server.key"),)),
                    smtp=SMTPService(enabled=True, port=self.smtp, first_time_sender_delay=timedelta()),
                    submission=ClientService(enabled=True, port=self.submission, no_require_starttls=True),
                )
            },
            postmaster=Postmaster(account="me", mailbox="Postmaster"),
        )

    def _dynamic(self) -> DynamicConfig:
        selector = Selector(private_key_file="dkim.pem")
        return DynamicConfig(
            domains={self.domain: DomainConfig(dkim=DKIM(selectors={"key": selector}, sign=("key",)))},
            accounts={
                "me": AccountConfig(
                    domain=self.domain,
                    destinations={self.address: Destination()},
                    keep_retired_message_period=timedelta(days=30),
                )
            },
        )

    async def start(self, *, others_port: int) -> Server:
        """Start it, on what it kept; mail hosts of other domains listen on that port."""
        clock, data = self._clock, self._directory / "data"
        source = ConfigSource(
            self._directory / STATIC_NAME, load_config(self._directory / STATIC_NAME), clock
        )
        data.mkdir(exist_ok=True)
        pool = self._stack.enter_context(ThreadPoolExecutor(4))
        policies = StsPolicies(directory=data, clock=clock, pool=pool, resolver=self._resolver, get=_nowhere)
        results = TlsResults(directory=data, clock=clock, pool=pool)
        deliverer = RoutedDelivery(
            current=lambda: source.current,
            resolver=self._resolver,
            policies=policies,
            dialer=Dialer(self.hostname, (), clock.now, port=others_port),
            clock=clock,
            tls_results=results,
        )
        for each in (policies, results, deliverer):
            self._stack.push_async_callback(each.close)
        ground = Ground(source=source, data_dir=data, clock=clock, levels=LogLevels("error"))
        self.server = build(ground, deliverer=deliverer, resolver=self._resolver)
        self._stack.push_async_callback(self.server.stop)
        await self.server.identities.credentials.set_password("me", _PASSWORD)
        await self.server.start()
        return self.server

    async def stop(self) -> None:
        """Stop it; it can be started again."""
        await self._stack.aclose()

    async def submit(self, to: Sequence[str], subject: str, *, requires_tls: bool = False) -> list[Reply]:
        """Hand in a message as its user does, over TLS."""
        content = f"From: Me <{self.address}>\r\nSubject: {subject}\r\n\r\nhello\r\n".encode()
        async with await SmtpClient.connect("127.0.0.1", self.submission, ehlo="client.example") as client:
            await client.start_tls(client_context(), hostname=self.hostname)
            exchange = client_exchange(Mechanism.PLAIN, username=self.address, password=_PASSWORD)
            await client.authenticate(Mechanism.PLAIN, exchange)
            mail_from = MailFrom(parse_path(self.address), requires_tls=requires_tls)
            return await client.deliver(mail_from, [parse_path(each) for each in to], [content])

    def mail(self) -> list[tuple[str, bytes]]:
        """Return the messages of its account, with their mailboxes, the oldest first."""
        account = self.server.store.account("me")
        ids = sorted(each.id for each in list_messages(account.reader))
        read = [read_message(account, id_) for id_ in ids]
        return [(each[0].mailbox, each[1]) for each in read if each is not None]


async def _nowhere(url: str, *, max_octets: int) -> Response:
    raise HttpsError(Stage.CONNECT, url)


def _free_ports(count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    return found
