"""A first configuration: what is known of a machine in, both files and their keys out. Pure."""

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mox.admin.hostkeys import host_key_name
from mox.admin.newaccount import new_account
from mox.admin.newdomain import new_domain
from mox.certificates import KeyType, key_pem, make_key
from mox.config import (
    ACME,
    TLS,
    AutoconfigService,
    DynamicConfig,
    HostTLSRPT,
    KeyCert,
    Listener,
    MetricsService,
    Postmaster,
    SecureService,
    SMTPService,
    StaticConfig,
    WebserverService,
    WebService,
)
from moxkit import dkim
from moxkit.domain import parse_domain
from moxkit.smtp import Path as MailPath

__all__ = [
    "ADMIN_PASSWORD_FILE",
    "DATA_DIR",
    "FORWARDED_ACCOUNT_PORT",
    "FORWARDED_PORT",
    "LETS_ENCRYPT",
    "FirstConfig",
    "FirstWishes",
    "first_config",
    "make_password",
]

LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
"""Directory of the usual ACME provider."""
FORWARDED_PORT, FORWARDED_ACCOUNT_PORT = 81, 1080
"""Where another web server finds settings and policies, and the account pages."""
_PROVIDER, _LETS_ENCRYPT_NAME = "letsencrypt", "letsencrypt.org"

ADMIN_PASSWORD_FILE = "adminpasswd"  # noqa: S105  a file's name
DATA_DIR = "../data"
_CHARACTERS = string.ascii_letters + string.digits + "!@#$%^&*-_;:,<.>/"
_LENGTH = 12
# Where only this machine gets.
_INTERNAL = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstWishes:
    """What somebody wants, on a machine that was looked at.

    Attributes:
        address: The first one; its localpart names the account.
        user: Whom the server runs as.
        hostname: Of the mail host.
        listen_ips: To listen on.
        nat_ips: What others see instead.
        certificate: Files of another tool; without them an ACME provider is asked.
        acme_directory: Of that provider.
        has_webserver: Another web server has the usual ports, and forwards to us.
    """

    address: MailPath
    user: str
    hostname: str
    listen_ips: tuple[str, ...]
    nat_ips: tuple[str, ...]
    certificate: KeyCert | None = None
    acme_directory: str = LETS_ENCRYPT
    has_webserver: bool = False


@dataclass(frozen=True, slots=True)
class FirstConfig:
    """Both files, and the keys that they name, by path below the configuration's directory.

    Attributes:
        keys: For DKIM.
        host_keys: For certificates of the host.
    """

    static: StaticConfig
    dynamic: DynamicConfig
    keys: dict[Path, bytes]
    host_keys: dict[Path, bytes]


def first_config(
    wishes: FirstWishes,
    *,
    account: str,
    domain: str,
    now: datetime,
    make_key: Callable[[], dkim.PrivateKey] = dkim.generate_rsa,
) -> FirstConfig:
    """Return a configuration for one domain with one account.

    Args:
        wishes: Of whoever runs it.
        account: Its name.
        domain: Of the first address.
        now: For names of keys.
        make_key: Makes them.
    """
    host_keys = {} if wishes.certificate else _host_keys(wishes.hostname, now)
    static = StaticConfig(
        data_dir=DATA_DIR,
        user=wishes.user,
        log_level="info",
        hostname=wishes.hostname,
        admin_password_file=ADMIN_PASSWORD_FILE,
        acme={} if wishes.certificate else {_PROVIDER: _provider(wishes)},
        listeners={"public": _public(wishes, tuple(map(str, host_keys))), "internal": _internal(wishes)},
        postmaster=Postmaster(account=account, mailbox="Postmaster"),
        host_tlsrpt=HostTLSRPT(account=account, mailbox="TLSRPT", localpart="tlsreports"),
    )
    made = new_domain(domain, static, account=account, now=now, make_key=make_key)
    dynamic = DynamicConfig(
        domains={domain: made.config}, accounts={account: new_account(domain, str(wishes.address))}
    )
    return FirstConfig(static, dynamic, made.keys, host_keys)


def _host_keys(hostname: str, now: datetime) -> dict[Path, bytes]:
    """Make keys that stay, whatever certificates are made for them: DANE can be published at once."""
    host = parse_domain(hostname).ascii
    return {Path(host_key_name(host, each, now)): key_pem(make_key(each)) for each in KeyType}


def _provider(wishes: FirstWishes) -> ACME:
    localpart = str(wishes.address).rpartition("@")[0]
    address = str(wishes.address) if localpart.isascii() else f"postmaster@{wishes.address.domain}"
    issuer = _LETS_ENCRYPT_NAME if wishes.acme_directory == LETS_ENCRYPT else ""
    return ACME(directory_url=wishes.acme_directory, contact_email=address, issuer_domain_name=issuer)


def _public(wishes: FirstWishes, host_keys: tuple[str, ...]) -> Listener:
    """Return the listener for everybody; whoever has certificates by ACME has them for more names."""
    listener = Listener(
        ips=wishes.listen_ips,
        nat_ips=wishes.nat_ips,
        smtp=SMTPService(enabled=True),
        submissions=SecureService(enabled=True),
        imaps=SecureService(enabled=True),
    )
    if wishes.certificate is not None:
        return replace(listener, tls=TLS(key_certs=(wishes.certificate,)))
    return replace(
        listener,
        tls=TLS(acme=_PROVIDER, host_private_key_files=host_keys),
        autoconfig_https=AutoconfigService(enabled=True),
        mtasts_https=AutoconfigService(enabled=True),
        webserver_http=WebserverService(enabled=True),
        webserver_https=WebserverService(enabled=True),
    )


def _internal(wishes: FirstWishes) -> Listener:
    if not wishes.has_webserver:
        return Listener(
            ips=_INTERNAL,
            hostname="localhost",
            account_http=WebService(enabled=True),
            metrics_http=MetricsService(enabled=True),
        )
    forwarded = AutoconfigService(enabled=True, port=FORWARDED_PORT, non_tls=True, forwarded=True)
    return Listener(
        ips=_INTERNAL,
        hostname="localhost",
        account_http=WebService(enabled=True, port=FORWARDED_ACCOUNT_PORT, forwarded=True),
        autoconfig_https=forwarded,
        mtasts_https=forwarded,
        metrics_http=MetricsService(enabled=True),
    )


def make_password() -> str:
    """Return a random password, each character equally likely."""
    return "".join(secrets.choice(_CHARACTERS) for _ in range(_LENGTH))
