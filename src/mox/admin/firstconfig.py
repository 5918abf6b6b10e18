"""A first configuration: what is known of a machine in, both files and their keys out. Pure."""

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mox.admin.newaccount import new_account
from mox.admin.newdomain import new_domain
from mox.config import (
    TLS,
    DynamicConfig,
    HostTLSRPT,
    KeyCert,
    Listener,
    Postmaster,
    SecureService,
    SMTPService,
    StaticConfig,
    WebService,
)
from moxkit import dkim
from moxkit.smtp import Path as MailPath

__all__ = ["ADMIN_PASSWORD_FILE", "DATA_DIR", "FirstConfig", "FirstWishes", "first_config", "make_password"]

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
        cert_file: Chain, of another tool, and its key.
    """

    address: MailPath
    user: str
    hostname: str
    listen_ips: tuple[str, ...]
    nat_ips: tuple[str, ...]
    cert_file: Path
    key_file: Path


@dataclass(frozen=True, slots=True)
class FirstConfig:
    """Both files, and the keys that they name, by path below the configuration's directory."""

    static: StaticConfig
    dynamic: DynamicConfig
    keys: dict[Path, bytes]


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
    tls = TLS(key_certs=(KeyCert(cert_file=str(wishes.cert_file), key_file=str(wishes.key_file)),))
    static = StaticConfig(
        data_dir=DATA_DIR,
        user=wishes.user,
        log_level="info",
        hostname=wishes.hostname,
        admin_password_file=ADMIN_PASSWORD_FILE,
        listeners={
            "public": Listener(
                ips=wishes.listen_ips,
                nat_ips=wishes.nat_ips,
                tls=tls,
                smtp=SMTPService(enabled=True),
                submissions=SecureService(enabled=True),
                imaps=SecureService(enabled=True),
            ),
            "internal": Listener(ips=_INTERNAL, hostname="localhost", account_http=WebService(enabled=True)),
        },
        postmaster=Postmaster(account=account, mailbox="Postmaster"),
        host_tlsrpt=HostTLSRPT(account=account, mailbox="TLSRPT", localpart="tlsreports"),
    )
    made = new_domain(domain, static, account=account, now=now, make_key=make_key)
    dynamic = DynamicConfig(
        domains={domain: made.config}, accounts={account: new_account(domain, str(wishes.address))}
    )
    return FirstConfig(static, dynamic, made.keys)


def make_password() -> str:
    """Return a random password, each character equally likely."""
    return "".join(secrets.choice(_CHARACTERS) for _ in range(_LENGTH))
