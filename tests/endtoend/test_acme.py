"""Certificates from an ACME provider: pebble looks at our ports, issues, and old ones are replaced."""

import contextlib
import json
import os
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from endtoend.pebble import KEY_ID, MAC_KEY, Pebble
from endtoend.realserver import RealServer
from endtoend.workers import kill_all

pytestmark = [
    pytest.mark.endtoend,
    pytest.mark.skipif(os.getuid() != 0, reason="root starts it"),
]

HOST = "mail.mox.example"
ACME_TLS = """[Listeners.public.TLS]
ACME = "pebble"
{more}"""


@pytest.fixture
def world(
    tmp_path: Path, python: Path, user: str, program: Callable[[str, str], str]
) -> Iterator[Callable[..., tuple[RealServer, Pebble]]]:
    """Make a server and its provider, both running."""
    program("pebble", "pebble")
    with contextlib.ExitStack() as stack:

        def make(
            *, port: int | None = None, files: str = "", more: str = "", binding: str = "", **options: object
        ) -> tuple[RealServer, Pebble]:
            server = RealServer(tmp_path, python, user, tls=ACME_TLS.format(more=files))
            stack.callback(server.close)
            pebble = Pebble(tmp_path / "pebble", http=server.http, tls=port or server.https, **options)  # type: ignore[arg-type]
            stack.enter_context(pebble)
            with (server.config / "mox.toml").open("a") as file:
                file.write(
                    f'[TLS.CA]\nCertFiles = ["{pebble.authority}"]\n'
                    f'[ACME.pebble]\nDirectoryURL = "{pebble.directory_url}"\n'
                    f'ContactEmail = "me@mox.example"\nPort = {port or server.https}\n{binding}{more}'
                )
            return server, pebble

        yield make


def certificate_of(port: int, *, name: str | None = HOST, rsa_only: bool = False) -> x509.Certificate:
    """Return what a port shows, as it is seen by who knows only RSA, or everything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if rsa_only:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname=name) as wrapped,
    ):
        der = wrapped.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


def trusting(root: bytes) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=root.decode())


def test_all_ports_have_certificates_of_both_kinds(
    world: Callable[..., tuple[RealServer, Pebble]],
) -> None:
    server, pebble = world()
    server.start()
    server.wait_for("certificate in use", 2, timeout_s=60)
    context = trusting(pebble.root())
    for port in (server.https, server.imaps, server.submissions):
        with (
            socket.create_connection(("127.0.0.1", port), 10) as plain,
            context.wrap_socket(plain, server_hostname=HOST) as wrapped,
        ):
            assert wrapped.version() == "TLSv1.3"
        assert isinstance(certificate_of(port).public_key(), ec.EllipticCurvePublicKey)
        assert isinstance(certificate_of(port, rsa_only=True).public_key(), rsa.RSAPublicKey)
    with smtplib.SMTP("127.0.0.1", server.smtp, timeout=20) as client:
        client._host = HOST  # type: ignore[attr-defined]  # the name that it expects
        client.starttls(context=context)
    # Others' names: a browser is told, a mail server gets what there is.
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        certificate_of(server.https, name="else.example")
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        certificate_of(server.https, name=None)
    assert certificate_of(server.imaps, name=None) == certificate_of(server.imaps)
    # Nobody but the server may read keys.
    cached = server.data / "acme" / "keycerts" / "pebble"
    assert sorted(each.name for each in cached.iterdir()) == [HOST, f"{HOST}+rsa"]
    assert {each.stat().st_mode & 0o777 for each in cached.iterdir()} == {0o600}
    assert (server.data / "acme" / "pebble.key").stat().st_mode & 0o777 == 0o600
    # After a restart nothing is asked for.
    before = certificate_of(server.https)
    server.end()
    server.start()
    assert certificate_of(server.https) == before
    time.sleep(3)
    assert "certificate asked for" not in server.log.read_text()


def test_looks_find_nothing_on_the_tls_port_and_are_answered_by_http(
    world: Callable[..., tuple[RealServer, Pebble]],
) -> None:
    server, _ = world(port=(closed := free_tcp_port()))
    # Somebody else has what is there.
    text = (
        (server.config / "mox.toml").read_text().replace(f"\nPort = {closed}\n", f"\nPort = {server.https}\n")
    )
    (server.config / "mox.toml").write_text(text)
    server.start()
    server.wait_for("certificate in use", 2, timeout_s=60)
    assert "way=tls-alpn-01" in server.log.read_text()


def test_a_port_only_for_looks(world: Callable[..., tuple[RealServer, Pebble]]) -> None:
    server, _ = world(port=free_tcp_port())
    server.start()
    server.wait_for("certificate in use", 2, timeout_s=60)
    assert "acme provider did not find us" not in server.log.read_text()


def test_the_first_client_of_a_web_site_waits_for_its_certificate(
    world: Callable[..., tuple[RealServer, Pebble]],
) -> None:
    server, pebble = world()
    with (server.config / "mox.toml").open("a") as file:
        file.write(f"[Listeners.public.WebserverHTTPS]\nEnabled = true\nPort = {server.https}\n")
    with (server.config / "domains.toml").open("a") as file:
        file.write('[WebDomainRedirects]\n"www.mox.example" = "mox.example"\n')
    server.start()
    server.wait_for("certificate in use", 2, timeout_s=60)
    cached = server.data / "acme" / "keycerts" / "pebble"
    assert not (cached / "www.mox.example").exists()
    with (
        socket.create_connection(("127.0.0.1", server.https), 30) as plain,
        trusting(pebble.root()).wrap_socket(plain, server_hostname="www.mox.example") as wrapped,
    ):
        wrapped.sendall(b"GET /x HTTP/1.1\r\nHost: www.mox.example\r\nConnection: close\r\n\r\n")
        assert wrapped.recv(1000).startswith(b"HTTP/1.1 308 ")
    assert (cached / "www.mox.example").exists()


def test_an_account_is_bound_to_a_customer(world: Callable[..., tuple[RealServer, Pebble]]) -> None:
    binding = f'[ACME.pebble.ExternalAccountBinding]\nKeyID = "{KEY_ID}"\nKeyFile = "eab.key"\n'
    server, _ = world(wants_binding=True, binding=binding)
    (server.config / "eab.key").write_text(f"{MAC_KEY}\n")
    server.start()
    server.wait_for("certificate in use", 1, timeout_s=60)
    assert MAC_KEY not in server.log.read_text()


def test_a_provider_that_refuses_is_told_and_others_are_served(
    world: Callable[..., tuple[RealServer, Pebble]],
) -> None:
    server, _ = world(wants_binding=True)
    server.start()
    server.wait_for("no certificate, it is tried again", timeout_s=60)
    assert "externalAccountRequired" in server.log.read_text()
    assert "again_in=10m" in server.log.read_text()
    with smtplib.SMTP("127.0.0.1", server.smtp, timeout=20) as client:
        assert client.noop()[0] == 250


def test_keys_of_the_host_are_used_and_an_old_certificate_is_replaced(
    world: Callable[..., tuple[RealServer, Pebble]], tmp_path: Path
) -> None:
    ecdsa, of_rsa = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for number, pem in enumerate((ecdsa.private_bytes(*form), of_rsa.private_bytes(*form))):
        path = tmp_path / f"host{number}.pem"
        path.write_bytes(pem)
        path.chmod(0o600)
    server, _ = world(files='HostPrivateKeyFiles = ["../host0.pem", "../host1.pem"]\n', validity_s=15)
    server.start()
    server.wait_for("certificate in use", 2, timeout_s=60)
    first = certificate_of(server.https)
    # Fifteen seconds: a new one after ten.
    end = time.monotonic() + 60
    while certificate_of(server.https).serial_number == first.serial_number:
        assert time.monotonic() < end, server.log.read_text()
        time.sleep(0.2)
    assert certificate_of(server.https).public_key() == ecdsa.public_key()
    assert certificate_of(server.imaps, rsa_only=True).public_key() == of_rsa.public_key()
    assert "is_renewal=true" in server.log.read_text()


def test_a_domain_that_is_added_gets_certificates_and_one_killed_goes_on(
    world: Callable[..., tuple[RealServer, Pebble]],
) -> None:
    server, _ = world()
    server.start()
    server.wait_for("certificate in use", 2, timeout_s=60)
    server.run("config", "domain", "add", "other.example", "pat", "pat")
    server.wait_for("certificate in use", 3, timeout_s=60)
    assert server.process is not None
    kill_all(server.process)
    server.start()
    names = certificate_of(server.imaps, name="mail.other.example").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["mail.other.example"]
    account = json.loads((server.data / "acme" / "pebble.json").read_text())
    assert account["contact"] == "me@mox.example"
    key = load_pem_private_key((server.data / "acme" / "pebble.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)


def test_root_alone_reads_key_files_beside_acme(world: Callable[..., tuple[RealServer, Pebble]]) -> None:
    port = free_tcp_port()
    server, _ = world(
        more=f"""[Listeners.inside]
IPs = ["127.0.0.1"]
[[Listeners.inside.TLS.KeyCerts]]
CertFile = "../cert.pem"
KeyFile = "../key.pem"
[Listeners.inside.IMAPS]
Enabled = true
Port = {port}
"""
    )
    server.start()
    server.wait_for("certificate in use", 2, timeout_s=60)
    assert (server.directory / "key.pem").stat().st_mode & 0o777 == 0o600
    assert certificate_of(port).issuer != certificate_of(server.imaps).issuer


def free_tcp_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
