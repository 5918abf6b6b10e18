"""What `domains.toml` holds: read again when it changes. The string below a field is its documentation."""

from dataclasses import dataclass, field
from datetime import timedelta

from mox.config.webhandlers import WebHandler

__all__ = [
    "DKIM",
    "MTASTS",
    "AccountConfig",
    "Alias",
    "AutomaticJunkFlags",
    "Canonicalization",
    "Destination",
    "DomainConfig",
    "DynamicConfig",
    "IncomingWebhook",
    "JunkFilter",
    "OutgoingWebhook",
    "ReportAddress",
    "Route",
    "Ruleset",
    "Selector",
    "SubjectPass",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Canonicalization:
    """How DKIM looks at a message (RFC 6376 §3.4)."""

    header_relaxed: bool
    """Forgive changes of white space in the header."""
    body_relaxed: bool
    """Forgive changes of white space in the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A DKIM key."""

    hash: str = "sha256"
    """sha256; sha1 is not secure any more."""
    canonicalization: Canonicalization = Canonicalization(header_relaxed=False, body_relaxed=False)
    """How the message is looked at."""
    headers: tuple[str, ...] = ()
    """Signed fields; From is needed. Empty is the usual list."""
    dont_seal_headers: bool = False
    """Allow more fields of the signed names to be added."""
    expiration: timedelta = timedelta()
    """How long a signature is valid; 0 is for ever."""
    private_key_file: str
    """PKCS#8 PEM; RSA with at least 1024 bits, or ed25519."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DKIM:
    """Signing of outgoing mail."""

    selectors: dict[str, Selector]
    """Keys by selector."""
    sign: tuple[str, ...] = ()
    """Selectors that sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAddress:
    """Where reports about a domain come in."""

    localpart: str
    """Localpart; ASCII."""
    domain: str = ""
    """Another hosted domain for it."""
    account: str
    """Account."""
    mailbox: str
    """Mailbox in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MTASTS:
    """Policy that others follow when they deliver here (RFC 8461)."""

    policy_id: str = field(metadata={"key": "PolicyID"})
    """Changes whenever the policy does."""
    mode: str
    """enforce, testing or none."""
    max_age: timedelta
    """How long others keep it."""
    mx: tuple[str, ...] = field(default=(), metadata={"key": "MX"})
    """Mail hosts; by default this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which transport for which mail."""

    from_domain: tuple[str, ...] = ()
    """Sender domains; a leading dot matches subdomains."""
    to_domain: tuple[str, ...] = ()
    """Recipient domains, likewise."""
    minimum_attempts: int = 0
    """Only after that many attempts."""
    transport: str
    """Name of a transport in mox.toml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """An address that stands for several."""

    addresses: tuple[str, ...]
    """Members: addresses of this server."""
    post_public: bool = False
    """Anybody may write to it."""
    list_members: bool = False
    """Members see members."""
    allow_msg_from: bool = False
    """Members may use it in From."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainConfig:
    """A domain of this server."""

    disabled: bool = False
    """Take and send no mail for now; signing in still works."""
    description: str = ""
    """For you."""
    client_settings_domain: str = ""
    """Host name that mail programs are told."""
    localpart_catchall_separator: str = ""
    """What begins the part of a localpart that is ignored, like +."""
    localpart_catchall_separators: tuple[str, ...] = ()
    """Several of them, instead."""
    localpart_case_sensitive: bool = False
    """Upper and lower case differ."""
    dkim: DKIM | None = field(default=None, metadata={"key": "DKIM"})
    """Signing."""
    dmarc: ReportAddress | None = field(default=None, metadata={"key": "DMARC"})
    """Where DMARC reports come in."""
    mtasts: MTASTS | None = field(default=None, metadata={"key": "MTASTS"})
    """Policy for those who deliver here."""
    tlsrpt: ReportAddress | None = field(default=None, metadata={"key": "TLSRPT"})
    """Where TLS reports come in."""
    routes: tuple[Route, ...] = ()
    """Routes for mail from this domain."""
    aliases: dict[str, Alias] = field(default_factory=dict)
    """Aliases by localpart."""

    @property
    def separators(self) -> tuple[str, ...]:
        """All separators, in order."""
        one = self.localpart_catchall_separator
        return (one,) if one else self.localpart_catchall_separators


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """A filter: all conditions must hold."""

    smtp_mail_from_regexp: str = field(default="", metadata={"key": "SMTPMailFromRegexp"})
    """On the envelope's sender."""
    msg_from_regexp: str = ""
    """On the address in From."""
    verified_domain: str = ""
    """Sender domain verified by SPF or DKIM."""
    headers_regexp: dict[str, str] = field(default_factory=dict)
    """On header fields: name and value in lower case."""
    is_forward: bool = False
    """It is forwarded mail: the forwarder's reputation does not count."""
    list_allow_domain: str = ""
    """It is a mailing list of this domain: accept."""
    accept_rejects_to_mailbox: str = ""
    """Where to put what would be refused."""
    mailbox: str
    """Where to put it."""
    comment: str = ""
    """For you."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """What happens to mail for an address."""

    mailbox: str = ""
    """Where it goes; by default Inbox."""
    rulesets: tuple[Ruleset, ...] = ()
    """Filters; the first that matches."""
    smtp_error: str = field(default="", metadata={"key": "SMTPError"})
    """Refuse instead: "421 …" or "550 …"."""
    message_auth_required_smtp_error: str = field(
        default="", metadata={"key": "MessageAuthRequiredSMTPError"}
    )
    """Refuse mail without aligned DKIM or SPF, with this text."""
    full_name: str = ""
    """Name for From."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingWebhook:
    """Calls about sent mail."""

    url: str = field(metadata={"key": "URL"})
    """http or https."""
    authorization: str = ""
    """Authorization header."""
    events: tuple[str, ...] = ()
    """Which; empty is all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingWebhook:
    """Calls about received mail."""

    url: str = field(metadata={"key": "URL"})
    """http or https."""
    authorization: str = ""
    """Authorization header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectPass:
    """A way around a refusal: a word in the subject."""

    period: timedelta
    """How long the word is good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticJunkFlags:
    """Junk flags that follow from the mailbox a message is moved to."""

    enabled: bool
    """Whether to set them."""
    junk_mailbox_regexp: str = ""
    """Junk."""
    neutral_mailbox_regexp: str = ""
    """Neither."""
    not_junk_mailbox_regexp: str = ""
    """Not junk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JunkFilter:
    """The filter that learns."""

    threshold: float
    """Probability from which a message is junk, 0 to 1."""
    onegrams: bool = False
    """Single words."""
    twograms: bool = False
    """Pairs of words."""
    threegrams: bool = False
    """Three words."""
    max_power: float
    """How far from 0 and 1 one word must stay, 0 to 0.5."""
    top_words: int
    """How many words of each side count."""
    ignore_words: float = 0.0
    """Ignore words this close to 0.5."""
    rare_words: int = 0
    """Words seen at most this often are rare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountConfig:
    """An account: a person, usually."""

    domain: str
    """Its usual domain."""
    description: str = ""
    """For you."""
    full_name: str = ""
    """Name for From."""
    destinations: dict[str, Destination]
    """Addresses; @domain is all others of a domain."""
    login_disabled: str = ""
    """Text that whoever signs in gets to see, instead of mail."""
    outgoing_webhook: OutgoingWebhook | None = None
    """Calls about sent mail."""
    incoming_webhook: IncomingWebhook | None = None
    """Calls about received mail."""
    from_id_login_addresses: tuple[str, ...] = field(default=(), metadata={"key": "FromIDLoginAddresses"})
    """Addresses whose sent mail gets unique return paths."""
    keep_retired_message_period: timedelta = timedelta()
    """How long sent mail is remembered."""
    keep_retired_webhook_period: timedelta = timedelta()
    """How long calls are remembered."""
    subject_pass: SubjectPass | None = None
    """A way around refusals."""
    quota_message_size: int = 0
    """How many octets it may hold; 0: as mox.toml says; negative: without limit."""
    quota_messages: int = 0
    """How many messages it may hold; 0: as mox.toml says; negative: without limit."""
    quota_mailboxes: int = 0
    """How many mailboxes it may have; 0: as mox.toml says; negative: without limit."""
    rejects_mailbox: str = ""
    """Where refused mail is kept for a while."""
    keep_rejects: bool = False
    """Keep it for longer."""
    introbox: str = ""
    """Where mail of first-time senders goes."""
    automatic_junk_flags: AutomaticJunkFlags | None = None
    """Junk flags that follow from mailboxes."""
    junk_filter: JunkFilter | None = None
    """The filter that learns."""
    max_outgoing_messages_per_day: int = 1000
    """Limit on recipients a day."""
    max_first_time_recipients_per_day: int = 200
    """Limit on new recipients a day."""
    no_first_time_sender_delay: bool = False
    """Do not delay first-time senders."""
    no_custom_password: bool = False
    """Only random passwords."""
    imap_capabilities_disabled: tuple[str, ...] = field(
        default=(), metadata={"key": "IMAPCapabilitiesDisabled"}
    )
    """IMAP capabilities that are hidden from its mail programs."""
    routes: tuple[Route, ...] = ()
    """Routes for its mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicConfig:
    """`domains.toml`: read again when it changes."""

    domains: dict[str, DomainConfig] = field(default_factory=dict)
    """Domains, by name in Unicode."""
    accounts: dict[str, AccountConfig] = field(default_factory=dict)
    """Accounts, by a name that is also a directory's."""
    web_domain_redirects: dict[str, str] = field(default_factory=dict)
    """Domains that send web browsers elsewhere."""
    web_handlers: tuple[WebHandler, ...] = ()
    """What the web server does; the first that fits answers."""
    routes: tuple[Route, ...] = ()
    """Routes for all mail."""
    monitor_dnsbls: tuple[str, ...] = field(default=(), metadata={"key": "MonitorDNSBLs"})
    """Block lists that are watched for own addresses."""
