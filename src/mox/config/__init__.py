"""The configuration: two TOML files, read, checked, documented, changed.

`mox.toml` is read once, `domains.toml` again when it changes. The dataclasses are the only description: keys,
types, defaults and documentation come from them. Rooms take `source.current`, an immutable snapshot, once for
each command.

    snapshot = load_config(Path("config/mox.toml"))
    source = ConfigSource(Path("config/mox.toml"), snapshot, clock)

Raises `ConfigError` with every problem, each with file, line, key and what to do.
"""

from mox.config.check import ACCOUNT_NAME, LOG_LEVELS
from mox.config.clientsettings import ClientServer, ClientSettings, Security, client_settings
from mox.config.describe import describe
from mox.config.durations import format_duration, parse_duration
from mox.config.dynamic import (
    DKIM,
    MTASTS,
    AccountConfig,
    Alias,
    AutomaticJunkFlags,
    Canonicalization,
    Destination,
    DomainConfig,
    DynamicConfig,
    IncomingWebhook,
    JunkFilter,
    OutgoingWebhook,
    ReportAddress,
    Route,
    Ruleset,
    Selector,
    SubjectPass,
)
from mox.config.patterns import Pattern, PatternError, compile_pattern
from mox.config.problem import ConfigError, Problem
from mox.config.sending import (
    DirectTransport,
    FailTransport,
    QueueConfig,
    SocksTransport,
    Transport,
    TransportAuth,
    TransportSMTP,
)
from mox.config.snapshot import AddressTarget, AliasTarget, ConfigSnapshot, canonical_address, make_snapshot
from mox.config.source import DYNAMIC_NAME, STATIC_NAME, ConfigSource, load_config
from mox.config.static import (
    ACME,
    CA,
    TLS,
    AutoconfigService,
    ClientService,
    ExternalAccountBinding,
    HostTLSRPT,
    InitialMailboxes,
    KeyCert,
    Listener,
    MetricsService,
    Postmaster,
    Resolvers,
    SecureService,
    SMTPService,
    StaticConfig,
    StaticTLS,
    WebserverService,
    WebService,
)
from mox.config.submit import SubmitConfig, load_submit_config
from mox.config.webhandlers import WebForward, WebHandler, WebInternal, WebRedirect, WebStatic
from mox.config.write import rewrite, to_document, write_documented

__all__ = [
    "ACCOUNT_NAME",
    "ACME",
    "CA",
    "DKIM",
    "DYNAMIC_NAME",
    "LOG_LEVELS",
    "MTASTS",
    "STATIC_NAME",
    "TLS",
    "AccountConfig",
    "AddressTarget",
    "Alias",
    "AliasTarget",
    "AutoconfigService",
    "AutomaticJunkFlags",
    "Canonicalization",
    "ClientServer",
    "ClientService",
    "ClientSettings",
    "ConfigError",
    "ConfigSnapshot",
    "ConfigSource",
    "Destination",
    "DirectTransport",
    "DomainConfig",
    "DynamicConfig",
    "ExternalAccountBinding",
    "FailTransport",
    "HostTLSRPT",
    "IncomingWebhook",
    "InitialMailboxes",
    "JunkFilter",
    "KeyCert",
    "Listener",
    "MetricsService",
    "OutgoingWebhook",
    "Pattern",
    "PatternError",
    "Postmaster",
    "Problem",
    "QueueConfig",
    "ReportAddress",
    "Resolvers",
    "Route",
    "Ruleset",
    "SMTPService",
    "SecureService",
    "Security",
    "Selector",
    "SocksTransport",
    "StaticConfig",
    "StaticTLS",
    "SubjectPass",
    "SubmitConfig",
    "Transport",
    "TransportAuth",
    "TransportSMTP",
    "WebForward",
    "WebHandler",
    "WebInternal",
    "WebRedirect",
    "WebService",
    "WebStatic",
    "WebserverService",
    "canonical_address",
    "client_settings",
    "compile_pattern",
    "describe",
    "format_duration",
    "load_config",
    "load_submit_config",
    "make_snapshot",
    "parse_duration",
    "rewrite",
    "to_document",
    "write_documented",
]
