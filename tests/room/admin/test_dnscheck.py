"""The zone that is printed passes all checks; each thing that is wrong in it is told, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from mox.admin import Means, Report, Subject, check_domain, dns_records, host_key_records
from mox.certificates import KeyType, key_pem, make_key
from mox.config import (
    ACME,
    DKIM,
    MTASTS,
    TLS,
    AutoconfigService,
    DomainConfig,
    HostTLSRPT,
    Listener,
    Postmaster,
    ReportAddress,
    SecureService,
    Selector,
    SMTPService,
    StaticConfig,
)
from moxkit import dkim
from moxkit.dns import Address
from moxkit.domain import Domain, parse_domain
from moxkit.https import HttpsError, Response, Stage
from moxkit.net import TLSInfo
from moxkit.smtpclient import HostFailure, TlsPolicy, Verification
from moxkit.testing import FakeResolver

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SITE = AutoconfigService(enabled=True)
KEY = dkim.generate_ed25519()
HOST_KEYS = host_key_records([key_pem(make_key(KeyType.ECDSA))])
STATIC = StaticConfig(
    log_level="info",
    hostname="mail.mox.example",
    listeners={
        "public": Listener(
            ips=("192.0.2.1",),
            tls=TLS(acme="le"),
            smtp=SMTPService(enabled=True),
            submissions=SecureService(enabled=True),
            imaps=SecureService(enabled=True),
            autoconfig_https=SITE,
            mtasts_https=SITE,
        )
    },
    postmaster=Postmaster(account="me", mailbox="Postmaster"),
    acme={"le": ACME(directory_url="https://ca.example", contact_email="me@mox.example")},
    host_tlsrpt=HostTLSRPT(account="me", mailbox="TLSRPT", localpart="tls"),
)
REPORTS = ReportAddress(localpart="reports", account="me", mailbox="Reports")
DOMAIN = DomainConfig(
    client_settings_domain="imap.mox.example",
    dkim=DKIM(selectors={"a": Selector(private_key_file="a.pem")}, sign=("a",)),
    dmarc=REPORTS,
    tlsrpt=REPORTS,
    mtasts=MTASTS(policy_id="1", mode="enforce", max_age=timedelta(days=1), mx=("mail.mox.example",)),
)
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mail.mox.example\r\nmax_age: 86400\r\n"
ZONE = "\n".join(
    [
        "com. NS a.com.",
        "mail.mox.example. A 192.0.2.1",
        "1.2.0.192.in-addr.arpa. PTR mail.mox.example.",
        *(
            str(record)
            for group in dns_records(
                *("mox.example", DOMAIN, STATIC),
                dkim_keys={"a": KEY},
                host_keys=HOST_KEYS,
                is_signed=True,
            )
            for record in group.records
        ),
    ]
)


@dataclass
class Connection:
    """One that was made."""

    tls: TLSInfo | None
    is_verified: bool

    async def close(self) -> None:
        pass


@dataclass
class FakeDialer:
    """Reaches the host, or not; fails by how certificates are to be verified."""

    fails: Verification | None = None
    has_tls: bool = True

    async def dial(
        self, host: Domain, addresses: Sequence[Address], policy: TlsPolicy
    ) -> Connection | HostFailure:
        assert len(addresses) == 1
        if policy.verification is self.fails:
            return HostFailure("4.7.5", f"{host} [{addresses[0]}]: certificate is not good")
        info: TLSInfo | None = object() if self.has_tls else None  # type: ignore[assignment]  # not looked at
        return Connection(info, self.has_tls)


@dataclass
class Web:
    """What other hosts get."""

    policy: bytes = POLICY
    settings: bytes = b"<clientConfig/>"

    async def get(self, url: str, *, max_octets: int) -> Response:
        body = self.policy if "mta-sts" in url else self.settings
        if not body:
            raise HttpsError(Stage.RESPONSE, "nobody there")
        kind = "text/plain" if "mta-sts" in url else "application/xml"
        return Response(200, kind, "", body)


async def checked(
    zone: str = ZONE,
    *,
    dialer: FakeDialer | None = None,
    web: Web | None = None,
    config: DomainConfig = DOMAIN,
    static: StaticConfig = STATIC,
    authentic: bool = True,
) -> dict[str, Report]:
    """Return what is not fine."""
    subject = Subject(
        name=parse_domain("mox.example"),
        config=config,
        static=static,
        dkim_keys={"a": KEY},
        host_keys=HOST_KEYS,
    )
    means = Means(
        resolver=FakeResolver(zone, authentic=authentic),
        get=(web or Web()).get,
        dialer=dialer or FakeDialer(),  # type: ignore[arg-type]  # as far as it is asked
        now=NOW,
    )
    return {each.check: each for each in await check_domain(subject, means) if not each.is_fine}


async def test_the_zone_that_is_printed_is_all_fine() -> None:
    assert await checked() == {}


def without(*beginnings: str) -> str:
    return "\n".join(line for line in ZONE.splitlines() if not line.startswith(beginnings))


@pytest.mark.parametrize(
    ("zone", "check", "text"),
    [
        (without("mox.example. MX"), "MX", "missing: mox.example. MX 10 mail.mox.example."),
        (ZONE.replace("MX 10 mail", "MX 10 other"), "MX", "now it goes to other.mox.example"),
        (without("_25._tcp"), "DANE", "missing: _25._tcp.mail.mox.example. TLSA 3 1 1"),
        (without("mox.example. TXT"), "SPF", "mox.example: "),
        (ZONE.replace("ip4:192.0.2.1 mx ~all", "-all"), "SPF", "from 192.0.2.1 comes to fail"),
        (without("a._domainkey"), "DKIM", "it has to be: TXT"),
        (
            ZONE.replace(
                str(dkim.public_record(KEY, flags=("s",))),
                str(dkim.public_record(dkim.generate_ed25519(), flags=("s",))),
            ),
            "DKIM",
            "has another key",
        ),
        (without("_dmarc"), "DMARC", "has no record"),
        (without("_smtp._tls.mox"), "TLS reports of the domain", "rua=mailto:reports@mox.example"),
        (without("_smtp._tls.mail"), "TLS reports of the host", "rua=mailto:tls@mail.mox.example"),
        (without("_mta-sts"), "MTA-STS", "no record"),
        (ZONE.replace("id=1", "id=2"), "MTA-STS", "others do not notice that it changed"),
        (without("_imaps"), "SRV for mail programs", "missing: _imaps._tcp.mox.example. SRV 0 1 993 imap."),
        (ZONE.replace("0 1 465", "0 1 466"), "SRV for mail programs", "leads to imap.mox.example:466"),
        (without("imap."), "SRV for mail programs", "imap.mox.example. CNAME mail.mox.example."),
        (without("autoconfig"), "autoconfig", "autoconfig.mox.example is not in DNS"),
        (without("_autodiscover"), "autodiscover", "missing: _autodiscover._tcp"),
        (without("1.2.0.192"), "reverse names", "192.0.2.1: no name"),
        (
            ZONE.replace("1.2.0.192.in-addr.arpa. PTR mail", "1.2.0.192.in-addr.arpa. PTR web")
            + "\nweb.mox.example. A 192.0.2.1",
            "reverse names",
            "has the names web.mox.example",
        ),
    ],
)
async def test_what_is_wrong_is_told_with_what_it_has_to_be(zone: str, check: str, text: str) -> None:
    found = await checked(zone)
    assert set(found) == {check}
    assert text in "\n".join(found[check].errors)


@pytest.mark.parametrize(
    ("zone", "check", "text"),
    [
        (ZONE + "\nmox.example. MX 20 backup.example.", "MX", "may also go to backup.example"),
        (ZONE.replace("p=reject", "p=none"), "DMARC", "forged mail is not refused"),
        (
            ZONE.replace("rua=mailto:reports@mox.example!10m", "rua=mailto:x@mox.example"),
            "DMARC",
            "not to rep",
        ),
        (ZONE.replace("mailto:tls@mail", "mailto:x@mail"), "TLS reports of the host", "and not to tls@"),
    ],
)
async def test_what_may_be_meant_so_is_a_warning(zone: str, check: str, text: str) -> None:
    found = await checked(zone)
    assert set(found) == {check}
    assert (found[check].errors, text in "\n".join(found[check].warnings)) == ([], True)


async def test_tls_and_dane_are_looked_at_as_others_do() -> None:
    found = await checked(dialer=FakeDialer(fails=Verification.WEBPKI))
    assert set(found) == {"TLS"}
    assert found["TLS"].errors == ["mail.mox.example [192.0.2.1]: certificate is not good"]
    found = await checked(dialer=FakeDialer(fails=Verification.DANE))
    assert set(found) == {"DANE"}
    assert "who believes DANE does not deliver" in found["DANE"].errors[0]
    found = await checked(dialer=FakeDialer(has_tls=False))
    assert "does not offer STARTTLS" in found["TLS"].errors[0]


async def test_sites_that_do_not_answer_are_told() -> None:
    found = await checked(web=Web(policy=b"", settings=b"<html>"))
    assert set(found) == {"MTA-STS", "autoconfig"}
    assert "nobody there" in found["MTA-STS"].errors[0]
    found = await checked(web=Web(policy=POLICY.replace(b"enforce", b"testing")))
    assert found["MTA-STS"].errors == ["others get a policy with mode testing, not enforce"]
    found = await checked(web=Web(policy=POLICY.replace(b"mail.", b"*.")))
    assert found == {}


async def test_a_domain_without_a_policy_publishes_none() -> None:
    found = await checked(config=replace(DOMAIN, mtasts=None))
    assert "has no MTASTS section" in found["MTA-STS"].errors[0]
    assert await checked(without("_mta-sts"), config=replace(DOMAIN, mtasts=None)) == {}


async def test_without_dnssec_dane_is_not_asked_for() -> None:
    found = await checked(without("_25._tcp"), authentic=False)
    assert set(found) == {"DNSSEC"}
    assert "does not verify answers" in found["DNSSEC"].errors[0]


async def test_addresses_are_those_of_the_listener() -> None:
    found = await checked(ZONE.replace("A 192.0.2.1", "A 192.0.2.2"))
    assert "leads to 192.0.2.2, which no listener" in found["addresses"].errors[0]
    assert "192.0.2.1 of a listener" in found["addresses"].warnings[0]
