"""What `mox.toml` holds: read once at the start. The string below a field is its documentation."""

from dataclasses import dataclass, field
from datetime import timedelta

from mox.config.sending import QueueConfig, Transport

__all__ = [
    "ACME",
    "CA",
    "TLS",
    "AutoconfigService",
    "ClientService",
    "ExternalAccountBinding",
    "HostTLSRPT",
    "InitialMailboxes",
    "KeyCert",
    "Listener",
    "MetricsService",
    "Postmaster",
    "Resolvers",
    "SMTPService",
    "SecureService",
    "SpecialUseNames",
    "StaticConfig",
    "StaticTLS",
    "WebService",
    "WebserverService",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CA:
    """Certificate authorities for outgoing connections."""

    additional_to_system: bool = False
    """Add CertFiles to the system's authorities; otherwise they replace them."""
    cert_files: tuple[str, ...] = ()
    """PEM files, relative to the configuration directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticTLS:
    """TLS settings of all outgoing connections."""

    ca: CA | None = field(default=None, metadata={"key": "CA"})
    """Whom to believe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolvers:
    """Who is asked about names."""

    servers: tuple[str, ...] = ()
    """Recursive resolvers as address or address:port; by default those the machine is configured with."""
    trust_ad: bool = field(default=False, metadata={"key": "TrustAD"})
    """Believe resolvers elsewhere that say they validated DNSSEC. Only if nobody can change what they say on
    the way; a resolver on this machine is believed anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalAccountBinding:
    """How an ACME provider knows its customer (RFC 8555 §7.3.4)."""

    key_id: str = field(metadata={"key": "KeyID"})
    """Key identifier that the provider gave."""
    key_file: str
    """File with the key, base64url."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ACME:
    """A provider of certificates (RFC 8555)."""

    directory_url: str = field(metadata={"key": "DirectoryURL"})
    """Its directory, like https://acme-v02.api.letsencrypt.org/directory."""
    contact_email: str
    """Where it writes to when something is wrong."""
    renew_before: timedelta = timedelta(days=30)
    """How long before expiry certificates are renewed."""
    port: int = 443
    """Port of TLS-ALPN validation."""
    issuer_domain_name: str = ""
    """Name for CAA records; known for Let's Encrypt."""
    external_account_binding: ExternalAccountBinding | None = None
    """For providers that want to know their customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCert:
    """A certificate with its key."""

    cert_file: str
    """PEM with the chain, leaf first."""
    key_file: str
    """PEM with the private key; PKCS#8 preferred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TLS:
    """TLS of a listener: either ACME or KeyCerts."""

    acme: str = field(default="", metadata={"key": "ACME"})
    """Name of an ACME provider."""
    key_certs: tuple[KeyCert, ...] = ()
    """Certificates that other tools take care of."""
    min_version: str = "TLSv1.2"
    """Oldest version: TLSv1.0, TLSv1.1, TLSv1.2 or TLSv1.3."""
    host_private_key_files: tuple[str, ...] = ()
    """Keys to be used for certificates of this host, so that DANE records stay valid."""
    client_auth_disabled: bool = False
    """Do not ask clients for certificates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SMTPService:
    """Incoming mail, port 25."""

    enabled: bool
    """Whether to listen."""
    port: int = 25
    """Port."""
    no_starttls: bool = field(default=False, metadata={"key": "NoSTARTTLS"})
    """Do not offer STARTTLS."""
    require_starttls: bool = field(default=False, metadata={"key": "RequireSTARTTLS"})
    """Refuse recipients without TLS; not for addresses of TLS reports."""
    no_require_tls: bool = field(default=False, metadata={"key": "NoRequireTLS"})
    """Do not offer REQUIRETLS (RFC 8689)."""
    dnsbls: tuple[str, ...] = field(default=(), metadata={"key": "DNSBLs"})
    """Block lists that are asked about senders without reputation."""
    first_time_sender_delay: timedelta = timedelta(seconds=15)
    """Wait before mail of a first-time sender is accepted."""
    tls_session_tickets_disabled: bool | None = field(
        default=None, metadata={"key": "TLSSessionTicketsDisabled"}
    )
    """No TLS session tickets; on by default here, because a large sender fails with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientService:
    """A service for mail programs that begins in plain text: submission 587 or IMAP 143."""

    enabled: bool
    """Whether to listen."""
    port: int | None = None
    """Port; by default the registered one."""
    no_require_starttls: bool = field(default=False, metadata={"key": "NoRequireSTARTTLS"})
    """Accept passwords without TLS. Only for tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecureService:
    """A service for mail programs with immediate TLS: submissions 465 or IMAPS 993."""

    enabled: bool
    """Whether to listen."""
    port: int | None = None
    """Port; by default the registered one."""
    enabled_on_https: bool = field(default=False, metadata={"key": "EnabledOnHTTPS"})
    """Also on port 443, chosen by ALPN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebService:
    """One of the built-in web sites."""

    enabled: bool
    """Whether to serve it."""
    port: int | None = None
    """Port; by default 80 or 443."""
    path: str = ""
    """Below which path; begins and ends with a slash."""
    forwarded: bool = False
    """Believe X-Forwarded-For and -Proto: only behind a proxy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoconfigService:
    """Settings for mail programs, or the MTA-STS policy, over HTTPS."""

    enabled: bool
    """Whether to serve it."""
    port: int = 443
    """Port."""
    non_tls: bool = field(default=False, metadata={"key": "NonTLS"})
    """Plain HTTP: only behind a proxy."""
    forwarded: bool = False
    """Believe X-Forwarded-For and -Proto: only behind a proxy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsService:
    """Numbers for Prometheus, or profiles."""

    enabled: bool
    """Whether to serve it."""
    port: int | None = None
    """Port; 8010 for metrics, 8011 for profiles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebserverService:
    """The configurable web server."""

    enabled: bool
    """Whether to serve it."""
    port: int | None = None
    """Port; by default 80 or 443."""
    rate_limit_disabled: bool = False
    """No limits per client address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Addresses, and the services on them."""

    ips: tuple[str, ...] = field(metadata={"key": "IPs"})
    """Addresses to listen on; 0.0.0.0 and :: are all."""
    nat_ips: tuple[str, ...] = field(default=(), metadata={"key": "NATIPs"})
    """Public addresses, if IPs are private."""
    ips_nated: bool = field(default=False, metadata={"key": "IPsNATed"})
    """Deprecated: skip checks of own addresses."""
    hostname: str = ""
    """Name in greetings and certificates; by default the global Hostname."""
    tls: TLS | None = field(default=None, metadata={"key": "TLS"})
    """For services with TLS."""
    smtp_max_message_size: int = field(default=104857600, metadata={"key": "SMTPMaxMessageSize"})
    """Largest message in octets, in and out."""
    smtp: SMTPService | None = field(default=None, metadata={"key": "SMTP"})
    """Mail from other servers."""
    submission: ClientService | None = None
    """Mail from mail programs, STARTTLS (587)."""
    submissions: SecureService | None = None
    """Mail from mail programs, TLS (465)."""
    imap: ClientService | None = field(default=None, metadata={"key": "IMAP"})
    """Reading mail, STARTTLS (143)."""
    imaps: SecureService | None = field(default=None, metadata={"key": "IMAPS"})
    """Reading mail, TLS (993)."""
    account_http: WebService | None = field(default=None, metadata={"key": "AccountHTTP"})
    """Account pages, plain."""
    account_https: WebService | None = field(default=None, metadata={"key": "AccountHTTPS"})
    """Account pages."""
    admin_http: WebService | None = field(default=None, metadata={"key": "AdminHTTP"})
    """Admin pages, plain."""
    admin_https: WebService | None = field(default=None, metadata={"key": "AdminHTTPS"})
    """Admin pages."""
    webmail_http: WebService | None = field(default=None, metadata={"key": "WebmailHTTP"})
    """Webmail, plain."""
    webmail_https: WebService | None = field(default=None, metadata={"key": "WebmailHTTPS"})
    """Webmail."""
    webapi_http: WebService | None = field(default=None, metadata={"key": "WebAPIHTTP"})
    """HTTP mail API, plain."""
    webapi_https: WebService | None = field(default=None, metadata={"key": "WebAPIHTTPS"})
    """HTTP mail API."""
    metrics_http: MetricsService | None = field(default=None, metadata={"key": "MetricsHTTP"})
    """Metrics."""
    pprof_http: MetricsService | None = field(default=None, metadata={"key": "PprofHTTP"})
    """Profiles."""
    autoconfig_https: AutoconfigService | None = field(default=None, metadata={"key": "AutoconfigHTTPS"})
    """Settings for mail programs."""
    mtasts_https: AutoconfigService | None = field(default=None, metadata={"key": "MTASTSHTTPS"})
    """MTA-STS policies."""
    webserver_http: WebserverService | None = field(default=None, metadata={"key": "WebserverHTTP"})
    """Web server, plain."""
    webserver_https: WebserverService | None = field(default=None, metadata={"key": "WebserverHTTPS"})
    """Web server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmaster:
    """Where mail for the postmaster goes (RFC 5321 §4.5.1)."""

    account: str
    """Account."""
    mailbox: str
    """Mailbox in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTLSRPT:
    """Where TLS reports about this host go (RFC 8460)."""

    account: str
    """Account."""
    mailbox: str
    """Mailbox in it."""
    localpart: str
    """Localpart at Hostname; ASCII."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialUseNames:
    """Names of mailboxes with a special use (RFC 6154)."""

    sent: str = ""
    """Sent mail."""
    archive: str = ""
    """Archive."""
    trash: str = ""
    """Trash."""
    draft: str = ""
    """Drafts."""
    junk: str = ""
    """Junk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialMailboxes:
    """What a new account gets, besides Inbox."""

    special_use: SpecialUseNames = SpecialUseNames()
    """Those with a special use."""
    regular: tuple[str, ...] = ()
    """Others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticConfig:
    """`mox.toml`: read once at the start; a change needs a restart."""

    data_dir: str = "."
    """Where all data lies: accounts, queue, databases. Relative to this file."""
    log_level: str
    """error, warn, info, debug, trace, traceauth or tracedata."""
    package_log_levels: dict[str, str] = field(default_factory=dict)
    """Levels of single packages, like "mox.queue"."""
    user: str = "mox"
    """Whom the server runs as when it was started by root."""
    workers: int = 1
    """How many processes serve SMTP and IMAP together; one of them also does what is done once for all. More
    than one are of use where many clients are connected and there are processors for them."""
    no_fix_permissions: bool = False
    """Leave permissions of files as they are at the start."""
    hostname: str
    """Full name of this machine, in Unicode."""
    check_updates: bool = False
    """Look for new versions once a day, by a lookup in DNS, and tell the postmaster."""
    updates_domain: str = ""
    """Domain of whoever publishes versions, with a record at _updates below it."""
    pedantic: bool = False
    """Refuse what is sloppy but harmless."""
    enable_cram_md5: bool = field(default=False, metadata={"key": "EnableCRAMMD5"})
    """Offer CRAM-MD5. What has to be stored for it is as good as the password itself."""
    resolvers: Resolvers = Resolvers()
    """Who is asked about names."""
    tls: StaticTLS | None = field(default=None, metadata={"key": "TLS"})
    """Outgoing TLS."""
    acme: dict[str, ACME] = field(default_factory=dict, metadata={"key": "ACME"})
    """Providers of certificates, by a name of your choice."""
    admin_password_file: str = ""
    """File with the hash of the admin password."""
    listeners: dict[str, Listener]
    """Addresses and services, by a name of your choice; `public` is the one others see."""
    postmaster: Postmaster
    """Where mail for the postmaster goes."""
    host_tlsrpt: HostTLSRPT | None = field(default=None, metadata={"key": "HostTLSRPT"})
    """Where TLS reports about this host go."""
    initial_mailboxes: InitialMailboxes = InitialMailboxes()
    """What a new account gets."""
    queue: QueueConfig = field(default_factory=QueueConfig)
    """Outgoing mail: how much at once, how often, and for how long it is tried."""
    transports: dict[str, Transport] = field(default_factory=dict)
    """Ways out, by a name of your choice."""
    no_outgoing_dmarc_reports: bool = field(default=False, metadata={"key": "NoOutgoingDMARCReports"})
    """Do not send DMARC reports."""
    no_outgoing_tls_reports: bool = field(default=False, metadata={"key": "NoOutgoingTLSReports"})
    """Do not send TLS reports."""
    outgoing_tls_reports_for_all_success: bool = field(
        default=False, metadata={"key": "OutgoingTLSReportsForAllSuccess"}
    )
    """Send TLS reports also when nothing failed."""
    quota_message_size: int = 0
    """How many octets of messages an account may hold; 0 is without limit."""
    quota_messages: int = 0
    """How many messages an account may hold; 0 is without limit."""
    quota_mailboxes: int = 0
    """How many mailboxes an account may have; 0 is without limit."""
    imap_message_limit: int = field(default=0, metadata={"key": "IMAPMessageLimit"})
    """How many messages one IMAP command works on (RFC 9738); 0 is without limit. Mail programs that do not
    know of such limits take a part for all: set it only if yours do."""
