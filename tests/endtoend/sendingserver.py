"""A server process that sends to other hosts, with its own directory and ports: to start, stop and kill.

Its one account, `me`, sends as ``me@mox.secure.example``, signed by an RSA and an Ed25519 key.
"""

import contextlib
import imaplib
import os
import signal
import smtplib
import socket
import ssl
import sys
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from endtoend.dnssec import free_port
from endtoend.serverprocess import ServerProcess
from endtoend.workers import WORKERS
from mox.config import (
    DKIM,
    DYNAMIC_NAME,
    STATIC_NAME,
    TLS,
    AccountConfig,
    ClientService,
    Destination,
    DomainConfig,
    DynamicConfig,
    KeyCert,
    Listener,
    Postmaster,
    Resolvers,
    SecureService,
    Selector,
    SMTPService,
    StaticConfig,
    write_documented,
)
from mox.control import request
from moxkit.dkim import PrivateKey, encode_private_key, generate_ed25519, generate_rsa, public_record
from moxkit.testing import make_authority, make_certificate

__all__ = [
    "AUTHORITY",
    "DOMAIN",
    "HOSTNAME",
    "KEYS",
    "PASSWORD",
    "USER",
    "SendingServer",
    "listens",
    "records_of_sender",
]

DOMAIN, HOSTNAME = "mox.secure.example", "mail.mox.secure.example"
USER, PASSWORD = f"me@{DOMAIN}", "moxmoxmox"
AUTHORITY = make_authority()
KEYS: dict[str, PrivateKey] = {"rsa": generate_rsa(), "ed": generate_ed25519()}


def records_of_sender() -> str:
    """Return what DNS says of the sender's domain, relative to the zone above it."""
    keys = "".join(
        f"{name}._domainkey.mox TXT {_quoted(str(public_record(key)))}\n" for name, key in KEYS.items()
    )
    return f"""mox MX 10 mail.mox
mail.mox A 127.0.0.1
mox TXT "v=spf1 ip4:127.0.0.1 -all"
_dmarc.mox TXT "v=DMARC1; p=reject"
{keys}"""


def _quoted(text: str) -> str:
    return " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))


class SendingServer(ServerProcess):
    """A server process; `start` and `kill` may alternate on one directory."""

    def __init__(self, directory: Path, *, dns: str, smtp_port: int, https_port: int) -> None:
        """Write its files.

        Args:
            directory: For its files.
            dns: The resolver, as ``127.0.0.1:port``.
            smtp_port: Where all other hosts listen.
            https_port: Where hosts with policies listen.
        """
        super().__init__(directory / "log", end=signal.SIGTERM)
        self.directory = directory
        self.smtp_port, self.dns = smtp_port, dns
        self.smtp, self.submission, self.submissions, self.imap = (free_port() for _ in range(4))
        self._arguments = (
            *(str(directory), "--dns", dns, "--smtp-port", str(smtp_port)),
            *("--https-port", str(https_port), "--password", PASSWORD),
        )
        self._write_files()

    def _write_files(self) -> None:
        certificate, key = make_certificate(("localhost", HOSTNAME, "127.0.0.1"), issuer=AUTHORITY)
        files = {
            "server.crt": certificate,
            "server.key": key,
            "roots.pem": AUTHORITY[0],
            STATIC_NAME: write_documented(self._static()).encode(),
            DYNAMIC_NAME: write_documented(_dynamic()).encode(),
            **{f"{name}.pem": encode_private_key(each) for name, each in KEYS.items()},
        }
        for name, octets in files.items():
            (self.directory / name).write_bytes(octets)

    def _static(self) -> StaticConfig:
        return StaticConfig(
            data_dir="data",
            log_level="debug",
            workers=WORKERS,
            user=str(os.getuid()),
            hostname=HOSTNAME,
            resolvers=Resolvers(servers=(self.dns,)),
            admin_password_file="adminpasswd",
            listeners={
                "local": Listener(
                    ips=("127.0.0.1",),
                    tls=TLS(key_certs=(KeyCert(cert_file="server.crt", key_file="server.key"),)),
                    smtp=SMTPService(enabled=True, port=self.smtp, first_time_sender_delay=timedelta()),
                    submission=ClientService(enabled=True, port=self.submission, no_require_starttls=True),
                    submissions=SecureService(enabled=True, port=self.submissions),
                    imap=ClientService(enabled=True, port=self.imap, no_require_starttls=True),
                )
            },
            postmaster=Postmaster(account="me", mailbox="Postmaster"),
        )

    @property
    def roots(self) -> Path:
        """The authority that its certificate is of."""
        return self.directory / "roots.pem"

    @property
    def data(self) -> Path:
        return self.directory / "data"

    # The process.

    def start(self) -> "SendingServer":
        self.data.mkdir(exist_ok=True)
        argv = [sys.executable, "-m", "endtoend.sendingprogram", *self._arguments]
        paths = os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
        self.launch(argv, {**os.environ, "PYTHONPATH": paths})
        return self

    # What clients do.

    def submit(
        self,
        content: bytes,
        to: Iterable[str],
        options: tuple[str, ...] = (),
        to_options: tuple[str, ...] = (),
    ) -> None:
        """Submit by STARTTLS and password."""
        context = ssl.create_default_context(cafile=str(self.roots))
        with smtplib.SMTP("localhost", self.submission, timeout=30) as client:
            client.starttls(context=context)
            client.ehlo()
            client.login(USER, PASSWORD)
            refused = client.sendmail(USER, list(to), content, options, to_options)
        assert not refused, refused

    def inbox(self) -> list[bytes]:
        """Return all messages in the Inbox, the oldest first."""
        client = imaplib.IMAP4("127.0.0.1", self.imap)
        client.login(USER, PASSWORD)
        client.select("INBOX", readonly=True)
        data = client.fetch("1:*", "(BODY.PEEK[])")[1]
        client.logout()
        return [item[1] for item in data if isinstance(item, tuple)]

    def wait_for(self, subject: str, timeout_s: float = 20) -> None:
        """Return when a message of that subject is in the Inbox."""
        end = time.monotonic() + timeout_s
        while not any(f"\r\nSubject: {subject}\r\n".encode() in each for each in self.inbox()):
            assert time.monotonic() < end, f"no {subject!r} in the Inbox\n{self.log_tail()}"
            time.sleep(0.05)

    # What operators do.

    def mox(self, *arguments: str) -> list[str]:
        """Return a command line for this server."""
        return [sys.executable, "-m", "mox", "--config", str(self.directory / STATIC_NAME), *arguments]

    def ask(self, command: str, **arguments: object) -> Any:
        """Have it do a command of the control socket."""
        return request(self.data, command, arguments)

    def entries(self, to: str = "") -> list[dict[str, Any]]:
        """Return what waits in the queue for recipients."""
        found: list[dict[str, Any]] = self.ask("queuelist", filter={"to": to} if to else {})
        return found

    def retired(self, to: str = "") -> list[dict[str, Any]]:
        """Return what left the queue, with all attempts."""
        found: list[dict[str, Any]] = self.ask("queueretiredlist", filter={"to": to} if to else {})
        return found

    def try_again(self, to: str) -> None:
        """Have attempts made at once."""
        self.ask("queueschedule", filter={"to": to}, duration="0s", now=True)

    def wait_until_done(self, to: str, timeout_s: float = 30) -> dict[str, Any]:
        """Return a recipient's entry when it left the queue."""
        end = time.monotonic() + timeout_s
        while not (found := self.retired(to)):
            assert time.monotonic() < end, f"still in the queue: {self.entries(to)}\n{self.log_tail()}"
            time.sleep(0.02)
        return found[0]

    def wait_until_tried(self, to: str, attempts: int = 1, timeout_s: float = 30) -> dict[str, Any]:
        """Return a recipient's entry when so many attempts came to nothing."""
        end = time.monotonic() + timeout_s
        while True:
            found = self.entries(to)
            if found and found[0]["attempts"] >= attempts and found[0]["error"]:
                return found[0]
            assert time.monotonic() < end, f"not tried: {found}, done: {self.retired(to)}\n{self.log_tail()}"
            time.sleep(0.02)


def _dynamic() -> DynamicConfig:
    selectors = {name: Selector(private_key_file=f"{name}.pem") for name in KEYS}
    return DynamicConfig(
        domains={"mox.secure.example": DomainConfig(dkim=DKIM(selectors=selectors, sign=tuple(selectors)))},
        accounts={
            "me": AccountConfig(
                domain=DOMAIN,
                destinations={USER: Destination()},
                keep_retired_message_period=timedelta(days=1),
                max_outgoing_messages_per_day=100_000,
                max_first_time_recipients_per_day=100_000,
            )
        },
    )


def listens(port: int, address: str = "127.0.0.1") -> bool:
    """Say whether somebody listens there, and greets."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), 1) as connected:
        return bool(connected.recv(10))
    return False
