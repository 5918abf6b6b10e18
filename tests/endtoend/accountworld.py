"""An account that has been used for a while: mail, keys, sign-ins, suppressed addresses."""

import contextlib
import imaplib
import subprocess

from endtoend.localserve import PASSWORD, USER, Localserve
from moxkit.net import minimal_certificate


def furnish(server: Localserve) -> None:
    """Use the account."""
    for number in range(3):
        server.deliver(b"Subject: hello %d\r\n\r\nHello.\r\n" % number)
    for password in ("wrong password", PASSWORD):
        with imaplib.IMAP4("127.0.0.1", server.imap) as client, contextlib.suppress(imaplib.IMAP4.error):
            client.login(USER, password)
    for name in ("Laptop", "Phone"):
        certificate, _ = minimal_certificate(name.encode().ljust(32), name=name)
        run(server, "config", "tlspubkey", "add", USER, name, given=certificate)
    run(server, "config", "apppassword", "add", "mox", "Printer in the hall", "--service", "submission")
    run(server, "queue", "suppress", "add", "mox", "gone@else.example")


def run(server: Localserve, *arguments: str, given: bytes = b"") -> None:
    subprocess.run(server.mox(*arguments), input=given, check=True, capture_output=True)
