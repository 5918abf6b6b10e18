"""DNS records that a domain needs, with the reason for each: as a zone file, or as values.

Pure: what has to be looked up or read is given. Reference quickstart.md §5.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from mox.config import DomainConfig, Security, StaticConfig, client_settings
from moxkit import dkim
from moxkit.dns import Tlsa
from moxkit.domain import parse_domain

__all__ = ["DnsRecord", "RecordGroup", "dns_records", "sending_addresses", "zone_text"]

# Zone files break long texts; whoever asks joins them (RFC 7208 §3.3).
_STRING = 100
_TTL_S = 300
# Names of services that mail programs look for (RFC 6186, 8314).
_SERVICES = ("imaps", "submissions", "imap", "submission", "pop3", "pop3s")
_PRODUCTION, _LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory", "letsencrypt.org"

_WHY = {
    "dane": "DANE: who delivers mail to this host checks its TLS key by these, so that nobody is in between.",
    "unsigned": " They are of use only in a domain that DNSSEC signs, and this host's is not signed, or the"
    " resolver does not say so: publish them once it is.",
    "host spf": "The host sends mail under its own name, such as notes that mail was not delivered. Once per"
    " host.",
    "host tlsrpt": "Reports about TLS of mail to this host (RFC 8460). Once per host.",
    "mx": "Mail for the domain comes to this host.",
    "dkim": "DKIM: keys that mail of the domain is signed with. Texts in parentheses are one text: in a form,"
    " enter it without quotes and without spaces between its parts.",
    "spf": "SPF: from where mail of the domain may come: this host. Mail from elsewhere is suspicious (~all);"
    " signed by DKIM it is good all the same.",
    "dmarc": "DMARC: mail that claims to be of the domain and is not is to be refused. Other servers report"
    " what they see.",
    "mta-sts": "MTA-STS: who delivers mail to the domain insists on TLS with a good certificate (RFC 8461).",
    "no mta-sts": "MTA-STS is not configured for the domain, so it gets no records of it.",
    "tlsrpt": "Reports about TLS of mail to the domain (RFC 8460).",
    "programs": "Mail programs find their settings by these (RFC 6186, RFC 8314); a dot says that there is no"
    " such service.",
    "caa": "Certificates for the domain come from nobody else (RFC 8659).",
    "elsewhere": " What begins with two semicolons belongs to the zone of the host, if it is not there yet.",
    "no account": " Once there is an account at the provider, a stricter record that names it is printed.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsRecord:
    """A record.

    Attributes:
        name: In ASCII, with the dot at its end.
        value: As zone files write it.
        is_suggested: To be published by who knows what it means; a comment in the zone file.
    """

    name: str
    type: str
    value: str
    is_suggested: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.type} {self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordGroup:
    """Records that belong together, and why they are needed."""

    why: str
    records: tuple[DnsRecord, ...] = ()


def sending_addresses(static: StaticConfig) -> tuple[str, ...]:
    """Return the addresses that mail comes from, as far as the configuration says.

    That are those of SMTP listeners, or what is in front of them, and those of SOCKS proxies.
    """
    found: dict[str, None] = {}
    for listener in static.listeners.values():
        if listener.smtp is not None and listener.smtp.enabled:
            found |= dict.fromkeys(listener.nat_ips or listener.ips)
    for transport in static.transports.values():
        if transport.socks is not None:
            found |= dict.fromkeys(transport.socks.remote_ips)
    addresses = map(ip_address, found)
    return tuple(str(each) for each in addresses if not each.is_unspecified and not each.is_loopback)


def dns_records(
    name: str,
    domain: DomainConfig,
    static: StaticConfig,
    *,
    dkim_keys: Mapping[str, dkim.PrivateKey],
    host_keys: Sequence[Tlsa],
    is_signed: bool,
    acme_accounts: Mapping[str, str] | None = None,
) -> list[RecordGroup]:
    """Return all records of a domain, in the order in which they are explained.

    Args:
        name: Of the domain.
        domain: Its configuration.
        static: Of the server.
        dkim_keys: By selector.
        host_keys: What DANE says of the keys of this host; empty without stable ones.
        is_signed: The host's domain is signed (DNSSEC).
        acme_accounts: Addresses of the accounts at ACME providers, as far as they are known.
    """
    at, host = _ascii(name), _ascii(static.hostname)
    return [
        *_of_keys(host, host_keys, is_signed=is_signed),
        *(_of_host(host, static) if at != host else ()),
        RecordGroup(why=_WHY["mx"], records=(_record(at, "MX", f"10 {host}"),)),
        *_of_signatures(at, dkim_keys),
        _of_senders(at, static),
        _of_policy(at, domain),
        _of_secure_delivery(at, host, domain),
        *_of_tls_reports(at, domain),
        *_of_programs(at, host, domain, static),
        *_of_issuers(at, static, acme_accounts or {}),
    ]


def zone_text(name: str, groups: Iterable[RecordGroup]) -> str:
    """Write records as a part of a zone file; a comment is what is only suggested, or for another zone."""
    lines = [f"; DNS records for {name}.", f"$TTL {_TTL_S}", ""]
    for group in groups:
        elsewhere = [each for each in group.records if not f".{each.name}".endswith(f".{name}.")]
        why = f"{group.why}{_WHY['elsewhere']}" if elsewhere else group.why
        lines += [f"; {line}" for line in textwrap.wrap(why, 100)]
        lines += [
            f"{';; ' if each.is_suggested or each in elsewhere else ''}{each}" for each in group.records
        ]
        lines.append("")
    return "\n".join(lines)


def _ascii(name: str) -> str:
    return f"{parse_domain(name).ascii}."


def _record(name: str, kind: str, value: str, *, is_suggested: bool = False) -> DnsRecord:
    return DnsRecord(name=name, type=kind, value=value, is_suggested=is_suggested)


def _text(name: str, text: str) -> DnsRecord:
    strings = [f'"{text[at : at + _STRING]}"' for at in range(0, len(text), _STRING)]
    return _record(name, "TXT", strings[0] if len(strings) == 1 else f"({' '.join(strings)})")


def _of_keys(host: str, host_keys: Sequence[Tlsa], *, is_signed: bool) -> Iterator[RecordGroup]:
    """Yield DANE (RFC 7672 §2.1)."""
    if not host_keys:
        return
    why = _WHY["dane"] if is_signed else _WHY["dane"] + _WHY["unsigned"]
    records = (
        _record(
            f"_25._tcp.{host}",
            "TLSA",
            f"{key.usage} {key.selector} {key.matching_type} {key.data.hex()}",
            is_suggested=not is_signed,
        )
        for key in host_keys
    )
    yield RecordGroup(why=why, records=tuple(records))


def _of_host(host: str, static: StaticConfig) -> Iterator[RecordGroup]:
    yield RecordGroup(
        why=_WHY["host spf"],
        records=(_text(host, "v=spf1 a -all"),),
    )
    if static.host_tlsrpt is not None:
        rua = f"mailto:{static.host_tlsrpt.localpart}@{host[:-1]}"
        yield RecordGroup(
            why=_WHY["host tlsrpt"],
            records=(_text(f"_smtp._tls.{host}", f"v=TLSRPTv1; rua={rua}"),),
        )


def _of_signatures(at: str, keys: Mapping[str, dkim.PrivateKey]) -> Iterator[RecordGroup]:
    records = tuple(
        _text(f"{selector}._domainkey.{at}", str(dkim.public_record(key, flags=("s",))))
        for selector, key in sorted(keys.items())
    )
    if records:
        yield RecordGroup(
            why=_WHY["dkim"],
            records=records,
        )


def _of_senders(at: str, static: StaticConfig) -> RecordGroup:
    ips = [f"ip{ip_address(ip).version}:{ip}" for ip in sending_addresses(static)]
    return RecordGroup(
        why=_WHY["spf"],
        records=(_text(at, " ".join(("v=spf1", *ips, "mx", "~all"))),),
    )


def _of_policy(at: str, domain: DomainConfig) -> RecordGroup:
    rua = ""
    if (to := domain.dmarc) is not None:
        rua = f"; rua=mailto:{to.localpart}@{_ascii(to.domain or at[:-1])[:-1]}!10m"
    return RecordGroup(
        why=_WHY["dmarc"],
        records=(_text(f"_dmarc.{at}", f"v=DMARC1; p=reject{rua}"),),
    )


def _of_secure_delivery(at: str, host: str, domain: DomainConfig) -> RecordGroup:
    if domain.mtasts is None:
        return RecordGroup(why=_WHY["no mta-sts"])
    return RecordGroup(
        why=_WHY["mta-sts"],
        records=(
            _record(f"mta-sts.{at}", "CNAME", host),
            _text(f"_mta-sts.{at}", f"v=STSv1; id={domain.mtasts.policy_id}"),
        ),
    )


def _of_tls_reports(at: str, domain: DomainConfig) -> Iterator[RecordGroup]:
    if (to := domain.tlsrpt) is not None:
        rua = f"mailto:{to.localpart}@{_ascii(to.domain or at[:-1])[:-1]}"
        yield RecordGroup(
            why=_WHY["tlsrpt"],
            records=(_text(f"_smtp._tls.{at}", f"v=TLSRPTv1; rua={rua}"),),
        )


def _of_programs(at: str, host: str, domain: DomainConfig, static: StaticConfig) -> Iterator[RecordGroup]:
    client = _ascii(domain.client_settings_domain) if domain.client_settings_domain else host
    records = [_record(client, "CNAME", host)] if client != host else []
    if any(
        each.autoconfig_https is not None and each.autoconfig_https.enabled
        for each in static.listeners.values()
    ):
        records += [
            _record(f"autoconfig.{at}", "CNAME", host),
            _record(f"_autodiscover._tcp.{at}", "SRV", f"0 1 443 {host}"),
        ]
    ports = _ports_of_programs(domain, static)
    for service in _SERVICES:
        value = f"0 1 {ports[service]} {client}" if service in ports else "0 0 0 ."
        records.append(_record(f"_{service}._tcp.{at}", "SRV", value))
    yield RecordGroup(
        why=_WHY["programs"],
        records=tuple(records),
    )


def _ports_of_programs(domain: DomainConfig, static: StaticConfig) -> dict[str, int]:
    """Return the first port of each service that there is."""
    found: dict[str, int] = {}
    settings = client_settings(static, domain)
    for server in (*settings.imap, *settings.submission):
        # Without TLS nobody is sent there.
        if server.security is not Security.NONE and not server.on_https:
            secure = "s" if server.security is Security.TLS else ""
            found.setdefault(f"{server.protocol}{secure}", server.port)
    return found


def _of_issuers(at: str, static: StaticConfig, accounts: Mapping[str, str]) -> Iterator[RecordGroup]:
    used = {each.tls.acme for each in static.listeners.values() if each.tls is not None and each.tls.acme}
    records: list[DnsRecord] = []
    for name in sorted(used & static.acme.keys()):
        provider = static.acme[name]
        production = _LETS_ENCRYPT if provider.directory_url == _PRODUCTION else ""
        if issuer := provider.issuer_domain_name or production:
            records.append(_record(at, "CAA", f'0 issue "{issuer}"'))
        if issuer and name in accounts:
            # Stricter (RFC 8657 §3, §4), and of no use any more when the account changes.
            of_account = f"accounturi={accounts[name]}; validationmethods=tls-alpn-01,http-01"
            records.append(_record(at, "CAA", f'0 issue "{issuer}; {of_account}"', is_suggested=True))
    if records:
        yield RecordGroup(
            why=_WHY["caa"] + ("" if accounts else _WHY["no account"]),
            records=tuple(records),
        )
