"""Two new mail hosts on a small internet, set up as their owners would: quickstart, DNS, certificates, mail.

Network namespaces are the machines, with the real ports; nsd and unbound the DNS, signed from the root on;
pebble the provider of certificates.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from endtoend.dnssec import find_programs
from endtoend.namespaces import Host, make_network, needs_namespaces
from endtoend.pebble import Pebble
from endtoend.realserver import open_way_to, wait_for_text
from endtoend.signedworld import SignedZones, resolving
from endtoend.workers import children_of, use_workers, wait_for_end

pytestmark = [pytest.mark.endtoend, pytest.mark.skipif(os.getuid() != 0, reason="root makes networks")]

_BASE = "mail A {address}\n"


class MailHost:
    """A machine with a server that quickstart has set up."""

    def __init__(self, host: Host, domain: str, directory: Path, python: Path, roots: Path) -> None:
        self.host, self.domain, self.directory = host, domain, directory
        self._mox = ["env", f"SSL_CERT_FILE={roots}", str(python), "-m", "mox"]
        self._roots = roots
        self.password = ""
        self.log = directory / "log"
        self.process: subprocess.Popen[bytes] | None = None
        directory.mkdir(exist_ok=True)
        open_way_to(directory)

    @property
    def hostname(self) -> str:
        return f"mail.{self.domain}"

    @property
    def address(self) -> str:
        return f"you@{self.domain}"

    def quickstart(self, user: str, acme: str) -> str:
        """Set it up; return the zone that is to be published."""
        told = json.loads(
            self.host.run(
                *(*self._mox, "quickstart", "--skip-dial", "--json", "--acme-directory", acme),
                *("--hostname", self.hostname, self.address, user),
                cwd=self.directory,
            )
        )
        self.password = told["password"]
        bad = [each for each in told["findings"] if each["level"] == "warning"]
        assert not bad, bad
        use_workers(self.directory / "config" / "mox.toml")
        return self.run("config", "dnsrecords", self.domain)

    def run(self, *arguments: str, given: str = "", status: int = 0) -> str:
        config = ("--config", str(self.directory / "config" / "mox.toml"))
        return self.host.run(*self._mox, *config, *arguments, given=given, status=status)

    def start(self) -> None:
        argv = [*self.host.within, *self._mox, "--config", str(self.directory / "config" / "mox.toml")]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*argv, "--log-level", "debug", "serve"], stderr=log, cwd=self.directory
            )
        self.wait_for("ready to serve", self.log.read_text().count("ready to serve") + 1)

    def wait_for(self, text: str, count: int = 1, timeout_s: float = 60) -> None:
        assert self.process is not None
        wait_for_text(self.log, text, self.process, count, timeout_s)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        children = children_of(self.process.pid)
        self.process.send_signal(number)
        self.process.wait(30)
        for child in children:
            wait_for_end(child)

    def send(self, to: str, subject: str) -> None:
        """Submit a message with swaks, as a mail program does."""
        self.host.run(
            *("swaks", "--server", self.hostname, "--port", "465", "--tls-on-connect", "--tls-verify"),
            *("--tls-ca-path", self._roots, "--auth", "PLAIN", "--auth-user", self.address),
            *("--auth-password", self.password, "--from", self.address, "--to", to),
            *("--header", f"Subject: {subject}", "--body", "hello"),
        )

    def mail(self, number: int, *, login: str = "", timeout_s: float = 90) -> str:
        """Return a message of the inbox, once it is there."""
        end = time.monotonic() + timeout_s
        login = login or f"{self.address}:{self.password}"
        url = f"imaps://{self.hostname}/INBOX;MAILINDEX={number}"
        while True:
            done = subprocess.run(
                [*self.host.within, "curl", "-sS", "--cacert", self._roots, "-u", login, url],
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode == 0 and done.stdout:
                return done.stdout
            assert time.monotonic() < end, (
                f"no message {number}: {done.stderr}\n{self.log.read_text()[-20_000:]}"
            )
            time.sleep(1)


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as entered:
        yield entered


def results(message: str) -> dict[str, str]:
    """Return what a message says of how it was verified."""
    header = re.search(r"^Authentication-Results: (.*?)^\S", message, re.MULTILINE | re.DOTALL)
    assert header is not None, message
    return dict(re.findall(r"(?<![\w.])(spf|dkim|dmarc|iprev)=(\w+)", header[1]))


def test_two_new_hosts_exchange_mail_that_passes_everything(
    tmp_path: Path, python: Path, user: str, program: Callable[[str, str], str], stack: contextlib.ExitStack
) -> None:
    needs_namespaces()
    for name, package in (("ip", "iproute2"), ("pebble", "pebble"), ("swaks", "swaks"), ("curl", "curl")):
        program(name, package)
    programs = find_programs(program)
    network = stack.enter_context(make_network())
    names = network.host("dns", "5.5.5.1")
    provider = network.host("acme", "5.5.5.2")
    hosts = {"one": network.host("one", "5.5.5.10"), "two": network.host("two", "5.5.5.20")}
    zones = SignedZones(tmp_path / "zones", programs, names)
    stack.callback(zones.close)
    zones.add(".", "ns.com. A 5.5.5.1\n")
    zones.add("com.", "ns A 5.5.5.1\nacme A 5.5.5.2\n")
    zones.add("5.5.5.in-addr.arpa.", "10 PTR mail.one.com.\n20 PTR mail.two.com.\n")
    for name, host in hosts.items():
        zones.add(f"{name}.com.", _BASE.format(address=host.address))
    zones.add("three.com.", "")
    zones.serve()
    for host in hosts.values():
        stack.enter_context(resolving(host, zones, programs, tmp_path / f"resolver-{host.address}"))
    pebble = Pebble(
        tmp_path / "pebble",
        http=80,
        tls=443,
        validity_s=180,
        dns="5.5.5.1:53",
        address=provider.address,
        name="acme.com",
        within=provider.within,
    )
    stack.enter_context(pebble)
    roots = tmp_path / "roots.pem"
    roots.write_bytes(pebble.authority.read_bytes() + pebble.root())
    one, two = (MailHost(host, f"{name}.com", tmp_path / name, python, roots) for name, host in hosts.items())
    for each in (one, two):
        stack.callback(each.end)
        zones.append(f"{each.domain}.", each.quickstart(user, pebble.directory_url))
    zones.serve()
    for each in (one, two):
        each.start()
    for each in (one, two):
        # Both kinds for the host, and one for each of autoconfig, mta-sts.
        each.wait_for("certificate in use", 4, 120)

    # What others see of them is all right.
    for each in (one, two):
        told = json.loads(each.run("config", "dnscheck", "--json", "--ca-file", str(roots), each.domain))
        assert [found for found in told if found["errors"] or found["warnings"]] == []

    one.send(two.address, "there")
    message = two.mail(1)
    assert "Subject: there" in message
    assert results(message) == {"spf": "pass", "dkim": "pass", "dmarc": "pass", "iprev": "pass"}
    two.send(one.address, "and back")
    assert results(one.mail(1))["dmarc"] == "pass"
    for each in (one, two):
        assert "tls=TLSv1.3 verified_by=dane mta_sts=enforce" in each.log.read_text()

    # Killed in the middle of everything, it goes on.
    one.end(signal.SIGKILL)
    two.send(one.address, "while it was away")
    two.wait_for("result=retry")
    one.start()
    assert "Subject: and back" in one.mail(1)
    two.run("queue", "schedule", "--now", "0")
    assert "Subject: while it was away" in one.mail(2)

    # A domain that is added while it runs.
    one.run("config", "domain", "add", "three.com", "pat", "pat")
    one.run("setaccountpassword", "pat", given="correct horse battery\n")
    zones.append("three.com.", one.run("config", "dnsrecords", "three.com"))
    zones.serve()
    one.wait_for("host=mta-sts.three.com", timeout_s=60)
    two.send("pat@three.com", "to the new domain")
    assert "new domain" in one.mail(1, login="pat@three.com:correct horse battery")

    # Certificates are renewed: a third of their three minutes is left.
    one.wait_for("is_renewal=true", timeout_s=240)

    # A backup, on another machine, in its place.
    one.run("backup", str(tmp_path / "backup"))
    one.end()
    spare = network.host("spare", "5.5.5.30")
    spare.take_address(one.host)
    stack.enter_context(resolving(spare, zones, programs, tmp_path / "resolver-spare"))
    restored = MailHost(spare, "one.com", tmp_path / "restored", python, roots)
    restored.password = one.password
    stack.callback(restored.end)
    for name in ("config", "data"):
        shutil.copytree(tmp_path / "backup" / name, restored.directory / name)
    restored.run("verifydata", str(restored.directory / "data"))
    restored.start()
    assert "Subject: and back" in restored.mail(1)
    two.send(one.address, "to the new machine")
    assert "Subject: to the new machine" in restored.mail(3)
