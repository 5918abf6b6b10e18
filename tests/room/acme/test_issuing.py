"""What is asked for and when: once, again after failures, before the end; old certificates stay in use."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from mox.acme import Acme, AcmeError
from mox.certificates import KeyType, PrivateKey, key_pem, make_key
from mox.config import (
    ACME,
    TLS,
    ConfigSnapshot,
    DynamicConfig,
    Listener,
    Postmaster,
    StaticConfig,
    WebserverService,
    make_snapshot,
)
from mox.observe import Metrics
from moxkit.testing import FakeClock

HOST, SITE = "mail.mox.example", "www.mox.example"
ECDSA = key_pem(make_key(KeyType.ECDSA))


def snapshot(*, host: str = HOST, site: str = "", **tls: tuple[str, ...]) -> ConfigSnapshot:
    web = WebserverService(enabled=True) if site else None
    return make_snapshot(
        StaticConfig(
            log_level="info",
            hostname=host,
            listeners={
                "public": Listener(
                    ips=("192.0.2.1",),
                    tls=TLS(acme="ca", **tls),  # type: ignore[arg-type]
                    webserver_https=web,
                )
            },
            postmaster=Postmaster(account="me", mailbox="Postmaster"),
            acme={"ca": ACME(directory_url="https://ca.example", contact_email="me@mox.example")},
        ),
        DynamicConfig(domains={}, accounts={}, web_domain_redirects={site: HOST} if site else {}),
    )


class Provider:
    """Issues for ninety days, or fails."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.fails: Exception | None = None
        self.orders: list[tuple[str, str]] = []
        self.is_stopped = False
        self.known = {HOST}

    async def is_in_dns(self, host: str) -> bool:
        return host in self.known

    def order(self, host: str, key: PrivateKey, ways: Sequence[str]) -> bytes:
        self.orders.append((host, ",".join(ways)))
        if self.fails is not None:
            raise self.fails
        name, now = x509.Name([]), self.clock.now()
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=90))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
            .sign(key, hashes.SHA256())
            .public_bytes(Encoding.PEM)
        )

    def stop(self) -> None:
        self.is_stopped = True


@pytest.fixture
def provider(clock: FakeClock) -> Provider:
    return Provider(clock)


Make = Callable[..., Acme]


@pytest.fixture
async def make(tmp_path: Path, clock: FakeClock, provider: Provider) -> AsyncIterator[Make]:
    made: list[Acme] = []

    def one(config: ConfigSnapshot | None = None, metrics: Metrics | None = None) -> Acme:
        current = config or snapshot()
        acme = Acme(
            snapshot=lambda: current,
            sessions={"ca": provider},
            data_dir=tmp_path,
            clock=clock,
            read_file=lambda _name: ECDSA,
            ways=lambda _provider: ["tls-alpn-01", "http-01"],
            is_in_dns=provider.is_in_dns,
            counting=(metrics or Metrics()).acme,
        )
        made.append(acme)
        return acme

    yield one
    for each in made:
        await each.close()


async def run(acme: Acme, clock: FakeClock, provider: Provider, orders: int, after: timedelta) -> None:
    """Let it run for some seconds, when so much time is over; then there have to be so many orders."""
    await clock.advance(after.total_seconds())
    task = asyncio.ensure_future(acme.run())
    # Orders are made in a thread, and keys take their time.
    for _ in range(500):
        await asyncio.sleep(0.01)
        if len(provider.orders) >= orders:
            break
    for _ in range(5):
        await clock.advance(2)
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(provider.orders) == orders


async def test_both_kinds_are_asked_for_once_and_kept(
    make: Make, provider: Provider, clock: FakeClock
) -> None:
    acme = make()
    assert acme.current("ca", HOST) is None
    await run(acme, clock, provider, 2, timedelta(minutes=1))
    assert provider.orders == [(HOST, "tls-alpn-01,http-01")] * 2
    pairs = acme.current("ca", HOST)
    assert pairs is not None
    assert len(pairs) == 2
    assert acme.current("ca", HOST) is pairs
    assert acme.current("ca", "else.example") is None
    assert acme.current("other", HOST) is None
    # Another process finds them.
    assert make().current("ca", HOST) == pairs
    await run(acme, clock, provider, 2, timedelta(days=1))


async def test_it_is_renewed_thirty_days_ahead(make: Make, provider: Provider, clock: FakeClock) -> None:
    acme = make()
    await run(acme, clock, provider, 2, timedelta(minutes=1))
    before = acme.current("ca", HOST)
    await run(acme, clock, provider, 2, timedelta(days=59))
    assert acme.current("ca", HOST) is before
    await run(acme, clock, provider, 4, timedelta(days=2))
    assert acme.current("ca", HOST) != before


async def test_after_a_failure_it_waits_and_the_old_one_stays(
    make: Make, provider: Provider, clock: FakeClock
) -> None:
    acme = make()
    await run(acme, clock, provider, 2, timedelta(minutes=1))
    before = acme.current("ca", HOST)
    provider.orders.clear()
    provider.fails = AcmeError("rateLimited", timedelta(hours=100))
    await run(acme, clock, provider, 2, timedelta(days=61))
    assert acme.current("ca", HOST) is before
    provider.fails = None
    await run(acme, clock, provider, 2, timedelta(hours=99))
    await run(acme, clock, provider, 4, timedelta(hours=1))
    assert acme.current("ca", HOST) != before


async def test_a_crash_of_the_package_is_a_failure_like_others(
    make: Make, provider: Provider, clock: FakeClock
) -> None:
    acme = make()
    provider.fails = AttributeError("surprise")
    await run(acme, clock, provider, 2, timedelta(minutes=1))
    provider.fails = None
    await run(acme, clock, provider, 4, timedelta(minutes=11))
    assert acme.current("ca", HOST) is not None


async def test_keys_of_the_host_are_certified(make: Make, provider: Provider, clock: FakeClock) -> None:
    acme = make(snapshot(host_private_key_files=("ecdsa.pem",)))
    await run(acme, clock, provider, 2, timedelta(minutes=1))
    pairs = acme.current("ca", HOST)
    assert pairs is not None
    assert [key == ECDSA for _, key in pairs] == [True, False]


async def test_a_key_that_is_configured_later_is_certified_at_the_next_start(
    make: Make, provider: Provider, clock: FakeClock
) -> None:
    acme = make()
    await run(acme, clock, provider, 2, timedelta(minutes=1))
    before = acme.current("ca", HOST)
    again = make(snapshot(host_private_key_files=("ecdsa.pem",)))
    assert again.current("ca", HOST) == before
    await run(again, clock, provider, 3, timedelta(minutes=1))
    pairs = again.current("ca", HOST)
    assert pairs is not None
    assert pairs[0][1] == ECDSA
    # And then no more.
    await run(make(snapshot(host_private_key_files=("ecdsa.pem",))), clock, provider, 3, timedelta(minutes=1))


async def test_names_are_counted(make: Make) -> None:
    metrics = Metrics()
    acme = make(metrics=metrics)
    for name in ("", "else.example", "else.example", HOST):
        assert acme.current("ca", name) is None
    text = metrics.text().decode()
    assert "mox_autotls_missing_servername_total 1.0" in text
    assert "mox_autotls_unknown_servername_total 2.0" in text


async def test_a_host_that_is_not_in_dns_is_waited_for(
    make: Make, provider: Provider, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    acme = make()
    provider.known.clear()
    await run(acme, clock, provider, 0, timedelta(minutes=1))
    await run(acme, clock, provider, 0, timedelta(minutes=5))
    # Once for each kind of key.
    assert caplog.text.count("is not in DNS") == 2
    provider.known.add(HOST)
    await run(acme, clock, provider, 2, timedelta(seconds=30))


async def test_a_certificate_that_cannot_be_kept_is_used_all_the_same(
    make: Make, provider: Provider, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "acme").write_text("in the way")
    acme = make()
    await run(acme, clock, provider, 2, timedelta(minutes=1))
    pairs = acme.current("ca", HOST)
    assert pairs is not None
    assert len(pairs) == 2
    assert caplog.text.count("certificate not kept") == 2
    await run(acme, clock, provider, 2, timedelta(hours=1))


async def test_a_web_site_is_asked_for_when_its_first_client_comes_who_waits(
    make: Make, provider: Provider, clock: FakeClock
) -> None:
    acme = make(snapshot(site=SITE))
    provider.known.add(SITE)
    await run(acme, clock, provider, 2, timedelta(minutes=1))
    assert acme.is_missing_some("ca")
    assert not acme.is_missing_some("other")
    waits = acme.awaited("ca", SITE)
    assert waits is not None
    assert acme.awaited("ca", SITE) is waits
    assert [acme.awaited("ca", host) for host in (HOST, "else.example")] == [None, None]
    assert acme.awaited("other", SITE) is None
    await run(acme, clock, provider, 3, timedelta(seconds=2))
    assert waits.done()
    assert acme.current("ca", SITE) is not None
    assert acme.awaited("ca", SITE) is None
    assert not acme.is_missing_some("ca")
    # Of another process it is renewed in time, whether anybody comes or not.
    again = make(snapshot(site=SITE))
    assert not again.is_missing_some("ca")
    await run(again, clock, provider, 6, timedelta(days=61))


@pytest.mark.parametrize("is_in_dns", [False, True])
async def test_who_waits_goes_on_after_a_failure_and_others_do_not_wait(
    make: Make, provider: Provider, clock: FakeClock, *, is_in_dns: bool
) -> None:
    acme = make(snapshot(site=SITE))
    await run(acme, clock, provider, 2, timedelta(minutes=1))
    waits = acme.awaited("ca", SITE)
    assert waits is not None
    if is_in_dns:
        provider.known.add(SITE)
    provider.fails = AcmeError("rateLimited", None)
    await run(acme, clock, provider, 3 if is_in_dns else 2, timedelta(seconds=2))
    assert waits.done()
    assert acme.current("ca", SITE) is None
    assert acme.awaited("ca", SITE) is None
    assert acme.is_missing_some("ca")
    await clock.advance(timedelta(minutes=11))
    assert acme.awaited("ca", SITE) is not None


async def test_at_its_end_nobody_waits(make: Make) -> None:
    acme = make(snapshot(site=SITE))
    waits = acme.awaited("ca", SITE)
    assert waits is not None
    await acme.close()
    assert waits.done()
    assert acme.awaited("ca", SITE) is None


async def test_its_end_ends_what_waits(make: Make, provider: Provider) -> None:
    await make().close()
    assert provider.is_stopped
