"""Which hosts get certificates, of which kinds, and with which keys."""

from dataclasses import replace

from mox.acme import certificate_hosts, host_key_files
from mox.certificates import KeyType
from mox.config import (
    ACME,
    TLS,
    AccountConfig,
    AutoconfigService,
    ConfigSnapshot,
    Destination,
    DomainConfig,
    DynamicConfig,
    Listener,
    Postmaster,
    StaticConfig,
    make_snapshot,
)
from mox.config.dynamic import MTASTS

BOTH, ONE = (KeyType.ECDSA, KeyType.RSA), (KeyType.ECDSA,)
PUBLIC = Listener(ips=("192.0.2.1",), tls=TLS(acme="letsencrypt"))
SITE = AutoconfigService(enabled=True)


def snapshot(listeners: dict[str, Listener], **domains: DomainConfig) -> ConfigSnapshot:
    names = {name.replace("_", "."): domain for name, domain in domains.items()}
    destinations = {f"me@{name}": Destination() for name in names if not name.startswith("reports")}
    return make_snapshot(
        StaticConfig(
            log_level="info",
            hostname="mail.mox.example",
            listeners=listeners,
            postmaster=Postmaster(account="me", mailbox="Postmaster"),
            acme={
                name: ACME(directory_url="https://ca.example", contact_email="me@mox.example")
                for name in ("letsencrypt", "other")
            },
        ),
        DynamicConfig(
            domains=names, accounts={"me": AccountConfig(domain="mox.example", destinations=destinations)}
        ),
    )


def test_the_host_gets_both_kinds_and_sites_of_domains_the_modern_one() -> None:
    policy = MTASTS(policy_id="1", mode="enforce", max_age=86400)  # type: ignore[arg-type]
    found = certificate_hosts(
        snapshot(
            {"public": replace(PUBLIC, autoconfig_https=SITE, mtasts_https=SITE)},
            mox_example=DomainConfig(mtasts=policy, client_settings_domain="imap.mox.example"),
            plain_example=DomainConfig(),
            off_example=DomainConfig(disabled=True),
            reports_example=DomainConfig(),
        )
    )
    assert found["letsencrypt"].at_once == {
        "mail.mox.example": BOTH,
        "autoconfig.mox.example": ONE,
        "mta-sts.mox.example": ONE,
        "imap.mox.example": ONE,
        "autoconfig.plain.example": ONE,
    }
    assert found["other"].at_once == {}
    assert found["letsencrypt"].key_types("mta-sts.plain.example") == ()


def test_a_site_behind_a_proxy_needs_none_here() -> None:
    behind = replace(SITE, non_tls=True)
    found = certificate_hosts(
        snapshot({"public": replace(PUBLIC, autoconfig_https=behind)}, mox_example=DomainConfig())
    )
    assert set(found["letsencrypt"].at_once) == {"mail.mox.example"}


def test_keys_are_those_of_the_listener_with_the_name() -> None:
    def keys(name: str, provider: str = "letsencrypt") -> TLS:
        return TLS(acme=provider, host_private_key_files=(name,))

    found = snapshot(
        {
            "a": replace(PUBLIC, tls=keys("a.pem")),
            "public": replace(PUBLIC, tls=keys("public.pem")),
            "second": replace(PUBLIC, hostname="second.mox.example", tls=keys("second.pem")),
            "third": replace(PUBLIC, hostname="third.mox.example"),
        }
    )
    assert host_key_files(found, "letsencrypt", "mail.mox.example") == ("public.pem",)
    assert host_key_files(found, "letsencrypt", "second.mox.example") == ("second.pem",)
    assert host_key_files(found, "letsencrypt", "third.mox.example") == ()
    assert host_key_files(found, "letsencrypt", "autoconfig.mox.example") == ()
    assert host_key_files(found, "other", "mail.mox.example") == ()
