"""DNS records of a domain: which, in which order, and when not."""

from datetime import timedelta

import pytest

from mox.admin import DnsRecord, dns_records, sending_addresses, zone_text
from mox.config import (
    ACME,
    MTASTS,
    TLS,
    AutoconfigService,
    DomainConfig,
    HostTLSRPT,
    KeyCert,
    Listener,
    Postmaster,
    ReportAddress,
    SecureService,
    SMTPService,
    SocksTransport,
    StaticConfig,
    Transport,
)
from moxkit import dkim
from moxkit.dns import Tlsa

HOST_KEY = Tlsa(3, 1, 1, bytes(range(32)))
KEY = dkim.generate_ed25519()
REPORTS = ReportAddress(localpart="reports", account="mox", mailbox="Reports")
FULL = DomainConfig(
    client_settings_domain="mail.mox.example",
    dmarc=REPORTS,
    tlsrpt=REPORTS,
    mtasts=MTASTS(policy_id="20300101", mode="enforce", max_age=timedelta(days=1)),
)


def static(hostname: str = "mx.host.example", **more: object) -> StaticConfig:
    tls = TLS(key_certs=(KeyCert(cert_file="c", key_file="k"),))
    listener = Listener(
        ips=("192.0.2.1", "2001:db8::1", "127.0.0.1"),
        tls=tls,
        smtp=SMTPService(enabled=True),
        submissions=SecureService(enabled=True),
        imaps=SecureService(enabled=True),
        autoconfig_https=AutoconfigService(enabled=True),
    )
    return StaticConfig(
        hostname=hostname,
        log_level="info",
        admin_password_file="x",
        listeners=more.pop("listeners", {"public": listener}),  # type: ignore[arg-type]  # a test's own
        postmaster=Postmaster(account="mox", mailbox="Inbox"),
        **more,  # type: ignore[arg-type]  # likewise
    )


def records(
    name: str = "mox.example",
    domain: DomainConfig = FULL,
    of: StaticConfig | None = None,
    *,
    is_signed: bool = True,
    keys: dict[str, dkim.PrivateKey] | None = None,
) -> list[DnsRecord]:
    groups = dns_records(
        name,
        domain,
        of or static(host_tlsrpt=HostTLSRPT(account="mox", mailbox="TLS", localpart="tls")),
        dkim_keys=keys or {"2030b": KEY, "2030a": KEY},
        host_keys=[HOST_KEY],
        is_signed=is_signed,
    )
    return [record for group in groups for record in group.records]


def test_all_that_a_domain_can_have() -> None:
    text = str(dkim.public_record(KEY, flags=("s",)))
    assert [str(record) for record in records()] == [
        f"_25._tcp.mx.host.example. TLSA 3 1 1 {bytes(range(32)).hex()}",
        'mx.host.example. TXT "v=spf1 a -all"',
        '_smtp._tls.mx.host.example. TXT "v=TLSRPTv1; rua=mailto:tls@mx.host.example"',
        "mox.example. MX 10 mx.host.example.",
        f'2030a._domainkey.mox.example. TXT "{text}"',
        f'2030b._domainkey.mox.example. TXT "{text}"',
        'mox.example. TXT "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 mx ~all"',
        '_dmarc.mox.example. TXT "v=DMARC1; p=reject; rua=mailto:reports@mox.example!10m"',
        "mta-sts.mox.example. CNAME mx.host.example.",
        '_mta-sts.mox.example. TXT "v=STSv1; id=20300101"',
        '_smtp._tls.mox.example. TXT "v=TLSRPTv1; rua=mailto:reports@mox.example"',
        "mail.mox.example. CNAME mx.host.example.",
        "autoconfig.mox.example. CNAME mx.host.example.",
        "_autodiscover._tcp.mox.example. SRV 0 1 443 mx.host.example.",
        "_imaps._tcp.mox.example. SRV 0 1 993 mail.mox.example.",
        "_submissions._tcp.mox.example. SRV 0 1 465 mail.mox.example.",
        "_imap._tcp.mox.example. SRV 0 0 0 .",
        "_submission._tcp.mox.example. SRV 0 0 0 .",
        "_pop3._tcp.mox.example. SRV 0 0 0 .",
        "_pop3s._tcp.mox.example. SRV 0 0 0 .",
    ]


def test_a_domain_without_mta_sts_gets_nothing_of_it() -> None:
    found = records(domain=DomainConfig())
    assert not [record for record in found if "mta-sts" in record.name]
    assert not [record for record in found if record.name == "_smtp._tls.mox.example."]
    assert [record.value for record in found if record.name.startswith("_dmarc")] == ['"v=DMARC1; p=reject"']
    groups = dns_records("mox.example", DomainConfig(), static(), dkim_keys={}, host_keys=[], is_signed=False)
    assert "; MTA-STS is not configured for the domain, so it gets no records of it.\n" in zone_text(
        "mox.example", groups
    )


def test_a_host_that_is_the_domain_has_its_records_once() -> None:
    names = [record.name for record in records("mx.host.example")]
    assert names.count("mx.host.example.") == 2  # MX, and SPF of the domain.


def test_dane_of_an_unsigned_host_is_only_suggested() -> None:
    [record] = [record for record in records(is_signed=False) if record.type == "TLSA"]
    assert record.is_suggested
    groups = dns_records("mox.example", FULL, static(), dkim_keys={}, host_keys=[HOST_KEY], is_signed=False)
    text = zone_text("mox.example", groups)
    assert "\n;; _25._tcp.mx.host.example. TLSA 3 1 1 " in text
    assert "publish them once it is." in text


def test_records_of_another_zone_are_no_part_of_this_one() -> None:
    groups = dns_records(*("mox.example", FULL, static()), dkim_keys={}, host_keys=[HOST_KEY], is_signed=True)
    lines = zone_text("mox.example", groups).splitlines()
    assert ';; mx.host.example. TXT "v=spf1 a -all"' in lines
    assert not [line for line in lines if line.startswith(("mx.host", "_25._tcp.mx.host"))]
    assert "mox.example. MX 10 mx.host.example." in lines
    # A name that only ends alike is elsewhere, too.
    groups = dns_records(
        *("host.example", FULL, static("mx.ghost.example")), dkim_keys={}, host_keys=[], is_signed=True
    )
    assert ';; mx.ghost.example. TXT "v=spf1 a -all"' in zone_text("host.example", groups).splitlines()


def test_long_texts_are_broken_for_zone_files() -> None:
    [record] = [r for r in records(keys={"big": dkim.generate_rsa(2048)}) if "_domainkey" in r.name]
    assert record.value.startswith('("v=DKIM1;')
    strings = record.value.strip("()").split('" "')
    assert all(len(each.strip('"')) <= 100 for each in strings)


def test_the_issuer_of_certificates_is_named() -> None:
    acme = ACME(directory_url="https://ca.example/", contact_email="x@y", issuer_domain_name="ca.example")
    listener = Listener(ips=("192.0.2.1",), tls=TLS(acme="le"), smtp=SMTPService(enabled=True))
    found = records(of=static(acme={"le": acme}, listeners={"public": listener}))
    assert [str(record) for record in found if record.type == "CAA"] == [
        'mox.example. CAA 0 issue "ca.example"'
    ]


def test_an_account_at_the_provider_makes_the_record_stricter_as_a_suggestion() -> None:
    url = "https://acme-v02.api.letsencrypt.org/directory"
    of = static(
        acme={"le": ACME(directory_url=url, contact_email="x@y")},
        listeners={"public": Listener(ips=("192.0.2.1",), tls=TLS(acme="le"))},
    )
    groups = dns_records(
        *("mox.example", FULL, of),
        dkim_keys={},
        host_keys=[],
        is_signed=True,
        acme_accounts={"le": "https://ca.example/acct/1"},
    )
    found = [record for group in groups for record in group.records if record.type == "CAA"]
    assert [(record.value, record.is_suggested) for record in found] == [
        ('0 issue "letsencrypt.org"', False),
        (
            '0 issue "letsencrypt.org; accounturi=https://ca.example/acct/1; '
            'validationmethods=tls-alpn-01,http-01"',
            True,
        ),
    ]


@pytest.mark.parametrize(
    ("listener", "addresses"),
    [
        (Listener(ips=("10.0.0.1",), nat_ips=("192.0.2.9",), smtp=SMTPService(enabled=True)), ("192.0.2.9",)),
        (Listener(ips=("0.0.0.0", "::"), smtp=SMTPService(enabled=True)), ()),
        (Listener(ips=("192.0.2.1",), smtp=SMTPService(enabled=False)), ()),
    ],
)
def test_addresses_that_mail_comes_from(listener: Listener, addresses: tuple[str, ...]) -> None:
    of = static(listeners={"public": listener})
    assert sending_addresses(of) == addresses
    socks = SocksTransport(address="p:1", remote_ips=("198.51.100.7",), remote_hostname="p.example")
    of = static(listeners={"public": listener}, transports={"proxy": Transport(socks=socks)})
    assert sending_addresses(of) == (*addresses, "198.51.100.7")
