"""New TLS connections beside Dovecot: with and without client certificate, to the end of LOGOUT.

python -m bench.besidedovecot              needs Debian's dovecot-imapd, and root

Rounds alternate, so that both have the same machine; a client of Python shares the processors with either.
With a client certificate our server greets with PREAUTH: that is beside Dovecot's AUTHENTICATE EXTERNAL, too.
"""

import argparse
import asyncio
import os
import pwd
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.server import LocalServer
from bench.signin import add_key, run_visits, visit

from moxkit.net import client_context
from moxkit.testing import make_certificate

_CONFIGURATION = """
base_dir = {d}/run
state_dir = {d}/state
log_path = {d}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <{d}/server.pem
ssl_key = <{d}/server.key
ssl_ca = <{d}/client.pem
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_username_from_cert = yes
ssl_cert_username_field = commonName
auth_mechanisms = plain external
auth_cache_size = 10M
mail_location = maildir:{d}/mail/%n
first_valid_uid = 1
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={d}/mail/%n
}}
mail_max_userip_connections = 5000
service imap-login {{
  service_count = 0
  process_min_avail = 2
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 512
  service_count = 100
}}
"""


@contextmanager
def dovecot(certificate: tuple[bytes, bytes]) -> Iterator[int]:
    """Run Dovecot, which takes this client certificate; yield its port."""
    with tempfile.TemporaryDirectory(prefix="mox-bench-dovecot-") as directory:
        folder, port = Path(directory), _free_port()
        folder.chmod(0o755)
        nobody = pwd.getpwnam("mail")
        (folder / "mail").mkdir()
        os.chown(folder / "mail", nobody.pw_uid, nobody.pw_gid)
        pem, key = make_certificate("localhost", "p256")
        (folder / "server.pem").write_bytes(pem)
        (folder / "server.key").write_bytes(key)
        (folder / "client.pem").write_bytes(certificate[0])
        file = folder / "dovecot.conf"
        file.write_text(_CONFIGURATION.format(d=folder, port=port, uid=nobody.pw_uid, gid=nobody.pw_gid))
        process = subprocess.Popen(["dovecot", "-F", "-c", file])
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.perf_counter() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if process.poll() is not None or time.perf_counter() > until:
                raise RuntimeError("Dovecot did not start") from None
            time.sleep(0.05)
        else:
            return


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=600)
    options = parser.parse_args()
    certificate = make_certificate("bench", "p256", client=True)
    plain, with_certificate = client_context(), client_context([certificate])
    external = b"a AUTHENTICATE EXTERNAL YmVuY2g="
    with dovecot(certificate) as port, LocalServer() as server:
        add_key(server, certificate[0])
        ours = server.imaps
        ways: list[tuple[str, Callable[[], Awaitable[None]]]] = [
            ("handshake, ours", lambda: visit(ours, plain, b"* OK")),
            ("handshake, dovecot", lambda: visit(port, plain, b"* OK")),
            ("with certificate, ours (signed in)", lambda: visit(ours, with_certificate, b"* PREAUTH")),
            ("with certificate, dovecot", lambda: visit(port, with_certificate, b"* OK")),
            (
                "with certificate, dovecot (signed in)",
                lambda: visit(port, with_certificate, b"* OK", external),
            ),
        ]
        rates: dict[str, list[float]] = {name: [] for name, _ in ways}
        for _ in range(options.rounds):
            for name, way in ways:
                rates[name].append(options.connections / asyncio.run(run_visits(way, options.connections)))
    for name, found in rates.items():
        print(f"{name:<40} {statistics.median(found):>8.0f} /s   {min(found):.0f}..{max(found):.0f}")


if __name__ == "__main__":
    main()
