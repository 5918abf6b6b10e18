"""Thunderbird without a screen, with a profile made for one test and driven over its Marionette protocol."""

import contextlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moxkit.testing import CertificateAndKey

__all__ = ["Programs", "Settings", "Thunderbird", "start"]

_WAIT_S = 60
# nsMsgSocketType.SSL and nsMsgAuthMethod.External.
_SSL, _EXTERNAL = 3, 7
_SEND = """
const [subject, resolve] = arguments;
(async () => {
  const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
  const account = MailServices.accounts.defaultAccount;
  const identity = account.defaultIdentity;
  const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
  fields.from = fields.to = identity.email;
  fields.subject = subject;
  const send = Cc["@mozilla.org/messengercompose/send;1"].createInstance(Ci.nsIMsgSend);
  const listener = {
    onStartSending() {}, onProgress() {}, onStatus() {}, onGetDraftFolderURI() {},
    onTransportSecurityError() {},
    onStopSending(id, status) { resolve("sent " + status); },
    onSendNotPerformed(id, status) { resolve("not sent " + status); },
    QueryInterface: ChromeUtils.generateQI(["nsIMsgSendListener"]),
  };
  send.createAndSendMessage(null, identity, account.key, fields, false, false, Ci.nsIMsgCompDeliverMode.Now,
    null, "text/plain", "hello\\r\\n", null, null, listener, null, "", Ci.nsIMsgCompType.New);
})().catch(error => resolve("error " + error));
"""
_SUBJECTS = """
const [name, resolve] = arguments;
(async () => {
  const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
  const root = MailServices.accounts.defaultAccount.incomingServer.rootFolder;
  const folder = root.descendants.find(each => each.name.toLowerCase() == name);
  resolve(folder ? [...folder.messages].map(each => each.mime2DecodedSubject) : null);
})().catch(error => resolve("error " + error));
"""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs it takes, as paths."""

    thunderbird: str
    certutil: str
    pk12util: str
    openssl: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What the profile holds.

    Attributes:
        authority: PEM file of who signed the server's certificate.
        certificate: Of the client.
    """

    address: str
    imaps: int
    submissions: int
    authority: Path
    certificate: CertificateAndKey


class Thunderbird:
    """A running program."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected
        self._reader = connected.makefile("rb")
        self._number = 0

    def command(self, name: str, **parameters: object) -> Any:
        """Have it do something; return its result."""
        self._number += 1
        octets = json.dumps([0, self._number, name, parameters]).encode()
        self._connected.sendall(b"%d:%b" % (len(octets), octets))
        _, _, error, result = self.read()
        assert error is None, error
        return result

    def read(self) -> Any:
        """Return the next packet: its length, a colon, JSON."""
        digits = b""
        while (octet := self._reader.read(1)) not in {b":", b""}:
            digits += octet
        return json.loads(self._reader.read(int(digits)))

    def send(self, subject: str) -> str:
        """Write to oneself; return how that went."""
        return str(self._run(_SEND, subject))

    def wait_for(self, folder: str, subject: str) -> None:
        """Return when a folder (in lower case) shows a message."""
        end = time.monotonic() + _WAIT_S
        while subject not in (shown := self._run(_SUBJECTS, folder) or []):
            assert time.monotonic() < end, shown
            time.sleep(0.2)

    def _run(self, script: str, *arguments: str) -> Any:
        result = self.command(
            "WebDriver:ExecuteAsyncScript", script=script, args=list(arguments), scriptTimeout=_WAIT_S * 1000
        )
        return result["value"]


@contextlib.contextmanager
def start(directory: Path, programs: Programs, settings: Settings) -> Iterator[Thunderbird]:
    """Make a profile and run the program with it; it ends with the context."""
    profile = directory / "profile"
    profile.mkdir()
    _write_keys(profile, directory, programs, settings)
    port = _free_port()
    preferences = _preferences(settings) | {"marionette.port": port}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
    (profile / "user.js").write_text("".join(lines))
    command = [programs.thunderbird, "--headless", "--marionette", "--remote-allow-system-access"]
    with (directory / "thunderbird.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--no-remote", "--profile", str(profile)],
            stdout=log,
            stderr=log,
            env={**os.environ, "HOME": str(directory)},
        )
    try:
        with _connect(port, process) as connected:
            running = Thunderbird(connected)
            running.read()
            running.command("WebDriver:NewSession", capabilities={})
            running.command("Marionette:SetContext", value="chrome")
            yield running
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _write_keys(profile: Path, directory: Path, programs: Programs, settings: Settings) -> None:
    chain, key, both = (directory / f"client.{suffix}" for suffix in ("crt", "key", "p12"))
    chain.write_bytes(settings.certificate[0])
    key.write_bytes(settings.certificate[1])
    database = ["-d", f"sql:{profile}"]
    for command in (
        [
            *(programs.openssl, "pkcs12", "-export", "-in", str(chain), "-inkey", str(key)),
            *("-out", str(both), "-passout", "pass:x", "-name", "device"),
        ],
        [programs.certutil, "-N", *database, "--empty-password"],
        [programs.pk12util, "-i", str(both), *database, "-W", "x", "-K", ""],
        [programs.certutil, "-A", *database, "-n", "authority", "-t", "C,,", "-i", str(settings.authority)],
    ):
        subprocess.run(command, check=True, capture_output=True)


def _preferences(settings: Settings) -> dict[str, object]:
    server, smtp, identity = "mail.server.server1", "mail.smtpserver.smtp1", "mail.identity.id1"
    return {
        "mail.accountmanager.accounts": "account1,account2",
        "mail.accountmanager.defaultaccount": "account1",
        "mail.accountmanager.localfoldersserver": "server2",
        "mail.account.account1.identities": "id1",
        "mail.account.account1.server": "server1",
        "mail.account.account2.server": "server2",
        f"{identity}.fullName": "Mox",
        f"{identity}.useremail": settings.address,
        f"{identity}.smtpServer": "smtp1",
        f"{identity}.valid": True,
        f"{server}.type": "imap",
        f"{server}.name": "mox",
        f"{server}.hostname": "localhost",
        f"{server}.port": settings.imaps,
        f"{server}.userName": settings.address,
        f"{server}.socketType": _SSL,
        f"{server}.authMethod": _EXTERNAL,
        f"{server}.login_at_startup": True,
        f"{server}.check_new_mail": True,
        "mail.server.server2.type": "none",
        "mail.server.server2.name": "Local Folders",
        "mail.server.server2.hostname": "Local Folders",
        "mail.server.server2.userName": "nobody",
        "mail.smtpservers": "smtp1",
        f"{smtp}.hostname": "localhost",
        f"{smtp}.port": settings.submissions,
        f"{smtp}.try_ssl": _SSL,
        f"{smtp}.authMethod": _EXTERNAL,
        f"{smtp}.username": settings.address,
        "security.default_personal_cert": "Select Automatically",
        # Nothing that would look for something elsewhere, or wait for a click.
        "app.update.enabled": False,
        "browser.safebrowsing.enabled": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "extensions.update.enabled": False,
        "mail.provider.suppress_dialog_on_startup": True,
        "mail.rights.version": 1,
        "mail.shell.checkDefaultClient": False,
        "mail.spotlight.firstRunDone": True,
        "mailnews.start_page.enabled": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "network.dns.disableIPv6": True,
        "services.settings.server": "http://127.0.0.1:1/",
        "toolkit.telemetry.enabled": False,
    }


def _connect(port: int, process: "subprocess.Popen[bytes]") -> socket.socket:
    end = time.monotonic() + _WAIT_S
    while True:
        try:
            connected = socket.create_connection(("127.0.0.1", port), 5)
        except OSError:
            assert process.poll() is None, "Thunderbird ended"
            assert time.monotonic() < end, "Thunderbird does not answer"
            time.sleep(0.1)
        else:
            connected.settimeout(2 * _WAIT_S)
            return connected


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
