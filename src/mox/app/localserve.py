"""The files and the greeting of a developer's server (reference localserve.md)."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from mox.accounts import hash_password
from mox.admin import new_account
from mox.app.addresses import USUAL_PORTS, web_entries
from mox.certificates import make_self_signed
from mox.config import (
    CA,
    DKIM,
    DYNAMIC_NAME,
    STATIC_NAME,
    TLS,
    AutoconfigService,
    ClientService,
    ConfigSnapshot,
    DomainConfig,
    DynamicConfig,
    KeyCert,
    Listener,
    MetricsService,
    Postmaster,
    SecureService,
    Selector,
    SMTPService,
    StaticConfig,
    StaticTLS,
    WebService,
    write_documented,
)
from mox.runtime import Clock, sync_directory, write_file_durably

__all__ = [
    "ACCOUNT",
    "ADDRESS",
    "ADMIN_PASSWORD",
    "PASSWORD",
    "banner",
    "create_localserve",
    "default_directory",
]

ACCOUNT = "mox"
ADDRESS = "mox@localhost"
# Known to everybody, printed at the start: this server is for its owner's machine only.
PASSWORD = "moxmoxmox"  # noqa: S105  see above
ADMIN_PASSWORD = "moxadmin"  # noqa: S105  see above
_LOOPBACK = ("127.0.0.1", "::1")
_KEPT = timedelta(hours=72)
# Sites that people open.
_SITES = {"account": "account pages", "metrics": "numbers"}
DEFAULT_PORT_OFFSET = 1000


def default_directory() -> Path:
    """Return where a developer's server lives unless told otherwise."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA")
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base or ".") / "mox-localserve"


def create_localserve(
    directory: Path,
    *,
    clock: Clock,
    ips: tuple[str, ...] = (),
    port_offset: int = DEFAULT_PORT_OFFSET,
    workers: int = 1,
) -> None:
    """Write all files of a new server; if anything fails, the directory is removed again.

    Raises:
        FileExistsError: The directory is there.
        OSError: It cannot be written.
    """
    directory.mkdir(mode=0o770, parents=True)
    try:
        certificate, key = make_self_signed("localhost", now=clock.now())
        files = {
            "localhost.crt": certificate,
            "localhost.key": key,
            "adminpasswd": hash_password(ADMIN_PASSWORD).encode() + b"\n",
            "dkim.localserve.privatekey.pkcs8.pem": _dkim_key(),
            STATIC_NAME: write_documented(_static(ips or _LOOPBACK, port_offset, workers)).encode(),
            DYNAMIC_NAME: write_documented(_dynamic()).encode(),
        }
        for name, octets in files.items():
            write_file_durably(directory / name, octets, 0o660)
        sync_directory(directory.parent)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise


def _dkim_key() -> bytes:
    return ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _static(ips: tuple[str, ...], offset: int, workers: int) -> StaticConfig:
    if sys.platform == "win32":
        user = "1"  # There are no such numbers; something has to be written.
    else:
        user = str(os.getuid())
    return StaticConfig(
        data_dir=".",
        log_level="debug",
        user=user,
        workers=workers,
        hostname="localhost",
        pedantic=True,
        enable_cram_md5=True,
        tls=StaticTLS(ca=CA(additional_to_system=True, cert_files=("localhost.crt",))),
        admin_password_file="adminpasswd",  # noqa: S106  a file's name
        listeners={
            "local": Listener(
                ips=ips,
                tls=TLS(key_certs=(KeyCert(cert_file="localhost.crt", key_file="localhost.key"),)),
                smtp=SMTPService(enabled=True, port=25 + offset, first_time_sender_delay=timedelta()),
                submission=ClientService(enabled=True, port=587 + offset, no_require_starttls=True),
                submissions=SecureService(enabled=True, port=465 + offset),
                imap=ClientService(enabled=True, port=143 + offset, no_require_starttls=True),
                imaps=SecureService(enabled=True, port=993 + offset),
                account_http=WebService(enabled=True, port=80 + offset),
                account_https=WebService(enabled=True, port=443 + offset),
                metrics_http=MetricsService(enabled=True, port=81 + offset),
                autoconfig_https=AutoconfigService(enabled=True, port=443 + offset),
            )
        },
        postmaster=Postmaster(account=ACCOUNT, mailbox="Inbox"),
    )


def _dynamic() -> DynamicConfig:
    selector = Selector(private_key_file="dkim.localserve.privatekey.pkcs8.pem", expiration=_KEPT)
    return DynamicConfig(
        domains={
            "localhost": DomainConfig(
                localpart_catchall_separator="+",
                dkim=DKIM(selectors={"localserve": selector}, sign=("localserve",)),
            )
        },
        accounts={
            ACCOUNT: replace(
                new_account("localhost", ADDRESS),
                keep_retired_message_period=_KEPT,
                keep_retired_webhook_period=_KEPT,
                no_first_time_sender_delay=True,
                # Its password is known to everybody anyway.
                no_custom_password=False,
                subject_pass=None,
            )
        },
    )


def banner(config: ConfigSnapshot, directory: Path, *, version: str, is_new: bool) -> str:
    """Write what a developer wants to know at the start: only what answers is named."""
    lines = [f"mox {version} localserve, for testing mail on this machine", ""]
    for listener in config.static.listeners.values():
        lines += _services(listener)
    lines += [
        "",
        f"  user          {ADDRESS}",
        f"  password      {PASSWORD}",
        f"  certificate   {directory / 'localhost.crt'}",
        f"  files         {directory} ({'new' if is_new else 'from an earlier run'})",
        "",
        "Mail to any address is accepted and goes to this account. Recipients that fail on purpose, by the",
        "end of the part before the @:",
        "  …temperror    451, try again        …permerror    550, refused",
        "  …NNN          reply NNN (400-599)   …timeout      no answer for an hour",
        "At the beginning of it, mailfrom… and rcptto… make MAIL FROM and RCPT TO fail instead of DATA;",
        "queue… is accepted at submission and fails on delivery.",
        "",
        "Ctrl-C stops. mox message wait --to … waits for a message to arrive.",
        "",
    ]
    return "\n".join(lines)


def _services(listener: Listener) -> Iterator[str]:
    host = listener.ips[0] if listener.ips[0] != "127.0.0.1" else "localhost"
    host = f"[{host}]" if ":" in host else host
    for label, scheme, name, service, note in (
        ("deliver mail", "smtp", "smtp", listener.smtp, "any address, no password; STARTTLS offered"),
        ("submit mail", "smtp", "submission", listener.submission, "with password; STARTTLS offered"),
        ("submit mail", "smtps", "submissions", listener.submissions, "with password, TLS"),
        ("read mail", "imap", "imap", listener.imap, "STARTTLS offered"),
        ("read mail", "imaps", "imaps", listener.imaps, "TLS"),
    ):
        if service is not None and service.enabled:
            url = f"{scheme}://{host}:{service.port or USUAL_PORTS[name]}"
            yield f"  {label:<13} {url:<24} {note}"
    for entry in web_entries(listener):
        if entry.name in _SITES:
            url = f"{'https' if entry.is_tls else 'http'}://{host}:{entry.port}{entry.path}"
            yield f"  {_SITES[entry.name]:<13} {url:<24} {'TLS' if entry.is_tls else ''}".rstrip()
