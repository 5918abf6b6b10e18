"""What `mox.toml` says of outgoing mail: the queue, and ways out by name."""

from dataclasses import dataclass, field
from datetime import timedelta

__all__ = [
    "DirectTransport",
    "FailTransport",
    "QueueConfig",
    "SocksTransport",
    "Transport",
    "TransportAuth",
    "TransportSMTP",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueConfig:
    """How outgoing mail is tried."""

    max_deliveries: int = 100
    """How many deliveries go on at once."""
    max_deliveries_per_domain: int = 20
    """How many of them to one domain."""
    first_interval: timedelta = timedelta(minutes=7, seconds=30)
    """How long to wait after an attempt failed; after each further one twice as long."""
    longest_interval: timedelta = timedelta(hours=8)
    """The wait does not grow beyond this."""
    give_up_after: timedelta = timedelta(hours=120)
    """How old a message may become (RFC 5321 §4.5.4.1: at least 4 to 5 days); then its sender is told."""
    tell_delay_after: timedelta = timedelta(hours=4)
    """Senders are told once of a message that will be older than this and still be tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportAuth:
    """How to sign in to a smarthost."""

    username: str
    """User."""
    password: str = field(repr=False)
    """Password."""
    mechanisms: tuple[str, ...] = ()
    """Allowed mechanisms, best first; by default all but PLAIN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportSMTP:
    """Delivery through another server."""

    host: str
    """Its name."""
    port: int | None = None
    """Its port; by default the registered one."""
    starttls_insecure_skip_verify: bool = field(default=False, metadata={"key": "STARTTLSInsecureSkipVerify"})
    """Do not verify its certificate."""
    no_starttls: bool = field(default=False, metadata={"key": "NoSTARTTLS"})
    """No TLS."""
    auth: TransportAuth | None = None
    """How to sign in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocksTransport:
    """Direct delivery through a SOCKS5 proxy."""

    address: str
    """host:port of the proxy."""
    remote_ips: tuple[str, ...] = field(metadata={"key": "RemoteIPs"})
    """Addresses that mail then comes from."""
    remote_hostname: str
    """Name for EHLO."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectTransport:
    """Direct delivery with one address family."""

    disable_ipv4: bool = field(default=False, metadata={"key": "DisableIPv4"})
    """Only IPv6."""
    disable_ipv6: bool = field(default=False, metadata={"key": "DisableIPv6"})
    """Only IPv4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailTransport:
    """No delivery: fail at once."""

    smtp_code: int = field(default=554, metadata={"key": "SMTPCode"})
    """4xx: try again later; 5xx: for good."""
    smtp_message: str = field(default="", metadata={"key": "SMTPMessage"})
    """What the sender is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """A way out; at most one method, none is direct delivery."""

    submissions: TransportSMTP | None = None
    """By submission with TLS."""
    submission: TransportSMTP | None = None
    """By submission with STARTTLS."""
    smtp: TransportSMTP | None = field(default=None, metadata={"key": "SMTP"})
    """By SMTP."""
    socks: SocksTransport | None = None
    """Through a proxy."""
    direct: DirectTransport | None = None
    """Directly."""
    fail: FailTransport | None = None
    """Not at all."""
