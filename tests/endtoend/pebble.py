"""Debian's pebble, an ACME provider for tests, with its own DNS; all names lead to this machine."""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from endtoend.dnssec import free_port
from moxkit.testing import make_certificate

__all__ = ["Pebble"]

KEY_ID, MAC_KEY = "kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"


class Pebble:
    """A provider that looks at two ports; use it as a context manager.

    Attributes:
        directory_url: Where a client begins.
        authority: File with the certificate of its own site.
    """

    def __init__(
        self,
        directory: Path,
        *,
        http: int,
        tls: int,
        validity_s: int = 30 * 86400,
        wants_binding: bool = False,
        dns: str = "",
        address: str = "127.0.0.1",
        name: str = "localhost",
        within: Sequence[str] = (),
    ) -> None:
        """Write its files.

        Args:
            directory: For them.
            http: Port of http-01.
            tls: Port of tls-alpn-01.
            validity_s: Of certificates.
            wants_binding: Accounts have to be bound to `KEY_ID`, with `MAC_KEY`.
            dns: A server that is asked instead of its own one.
            address: Where it listens.
            name: Of its own site.
            within: What puts a command into another network.
        """
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._port, self._management, self._dns = free_port(), free_port(), free_port()
        self._address, self._within = address, list(within)
        self._dns_server = dns or f"127.0.0.1:{self._dns}"
        self._has_own_dns = not dns
        certificate, key = make_certificate((name, address), "p256")
        self.authority = directory / "site.pem"
        self.authority.write_bytes(certificate)
        (directory / "site.key").write_bytes(key)
        self.directory_url = f"https://{name}:{self._port}/dir"
        settings = {
            "listenAddress": f"{address}:{self._port}",
            "managementListenAddress": f"{address}:{self._management}",
            "certificate": str(self.authority),
            "privateKey": str(directory / "site.key"),
            "httpPort": http,
            "tlsPort": tls,
            "ocspResponderURL": "",
            "certificateValidityPeriod": validity_s,
            "externalAccountBindingRequired": wants_binding,
            "externalAccountMACKeys": {KEY_ID: MAC_KEY},
        }
        (directory / "pebble.json").write_text(json.dumps({"pebble": settings}))
        self._processes: list[subprocess.Popen[bytes]] = []
        self.log = directory / "pebble.log"

    def __enter__(self) -> "Pebble":
        with self.log.open("wb") as log:
            if self._has_own_dns:
                names = ["pebble-challtestsrv", "-dns01", self._dns_server, "-defaultIPv6", ""]
                none = ["-http01", "", "-https01", "", "-tlsalpn01", ""]
                management = ["-management", f"127.0.0.1:{free_port()}"]
                self._start([*names, *none, *management], log)
            # It does not wait before it looks; as usual some of what it is told is to be said again.
            environment = {**os.environ, "PEBBLE_VA_NOSLEEP": "1"}
            config = str(self._directory / "pebble.json")
            self._start(["pebble", "-config", config, "-dnsserver", self._dns_server], log, environment)
        self._wait()
        return self

    def _start(self, argv: list[str], log: IO[bytes], environment: dict[str, str] | None = None) -> None:
        whole = [*self._within, *argv]
        self._processes.append(subprocess.Popen(whole, stdout=log, stderr=log, env=environment))

    def _wait(self) -> None:
        end = time.monotonic() + 20
        while "ACME directory available" not in self.log.read_text():
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def root(self) -> bytes:
        """Return the certificate, PEM, of the authority that signs what it issues."""
        url = f"https://{self._address}:{self._management}/roots/0"
        command = [*self._within, "curl", "-sS", "--retry", "5", "--retry-connrefused", "--retry-all-errors"]
        done = subprocess.run([*command, "--cacert", self.authority, url], capture_output=True, check=True)
        return done.stdout
