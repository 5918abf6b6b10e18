"""The world around a server that sends: a signed internet, a Postfix with many doors, policies by HTTPS.

A domain is named for what is special there: ``expired.insecure.example`` has its mail at a door whose
certificate has expired. Each exists below the signed zone ``secure`` and below ``insecure``.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from endtoend.cuttingproxy import serve_cutting
from endtoend.dnssec import DIGEST, Internet, find_programs, free_port, serve_internet
from endtoend.policyservice import serve_policies
from endtoend.postfix import Door, Postfix, find_postfix
from endtoend.sendingserver import AUTHORITY, DOMAIN, SendingServer, records_of_sender
from moxkit.testing import CertificateAndKey, make_certificate
from room.cli.webserver import serve_https

__all__ = ["World", "mail_world"]

_ZONES = ("secure", "insecure")
# What is special, and the last octet of the door's address.
_DOORS = {
    "plain": 1,
    "good": 2,
    "expired": 3,
    "wrong": 4,
    "self": 5,
    "oldtls": 6,
    "grey": 7,
    "slow": 8,
    "hangup": 9,
    "small": 10,
    "ascii": 11,
    "busy": 12,
    "refuses": 13,
}
_CUT = 20
# More domains at some of these doors.
_STS = {
    "stsgood": "good",
    "stsexpired": "expired",
    "stswrong": "wrong",
    "stsself": "self",
    "stsplain": "plain",
    "stsmismatch": "good",
    "ststesting": "self",
    "stsmissing": "plain",
    "stsuntrusted": "self",
}
_DANE = {"danegood": "self", "danebad": "self", "daneta": "good", "daneplain": "plain", "danepkix": "self"}


@dataclass(frozen=True, slots=True)
class World:
    """All that runs."""

    server: SendingServer
    postfix: Postfix
    internet: Internet
    smtp_port: int
    https_port: int

    def arrived(self, name: str, count: int = 1, timeout_s: float = 20) -> list[bytes]:
        """Return the messages that the Postfix took for a localpart, when they are so many."""
        try:
            return self.postfix.wait_for(name, count, timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n\nour log:\n{self.server.log_tail()}") from error


def _hosts(*cases: str) -> tuple[str, ...]:
    return tuple(f"mx.{case}.{zone}.example" for case in cases for zone in _ZONES)


def _certificates() -> dict[str, CertificateAndKey]:
    good = make_certificate(_hosts("good", "daneta", *_STS), issuer=AUTHORITY)
    return {
        # With its authority, for DANE-TA (RFC 7672 §3.1.2).
        "good": (good[0] + AUTHORITY[0], good[1]),
        "expired": make_certificate(_hosts("expired", *_STS), issuer=AUTHORITY, expired=True),
        "wrong": make_certificate("mx.elsewhere.example", issuer=AUTHORITY),
        "self": make_certificate(_hosts("self", *_STS, *_DANE)),
        "oldtls": make_certificate(_hosts("oldtls"), issuer=AUTHORITY),
    }


def _doors(port: int, policy_port: int) -> dict[str, Door]:
    settings = {
        "oldtls": {"smtpd_tls_protocols": "TLSv1"},
        "grey": {"smtpd_recipient_restrictions": f"check_policy_service inet:127.0.0.1:{policy_port}"},
        "slow": {"smtpd_recipient_restrictions": "sleep 2", "smtpd_end_of_data_restrictions": "sleep 2"},
        "hangup": {"smtpd_end_of_data_restrictions": "check_client_access static:{421 4.3.2 Closing}"},
        "small": {"message_size_limit": "3000"},
        "ascii": {"smtputf8_enable": "no", "smtpd_discard_ehlo_keywords": "dsn"},
        "busy": {"smtpd_recipient_restrictions": "check_client_access static:{450 4.2.1 Busy today}"},
        "refuses": {"smtpd_sender_restrictions": "check_client_access static:{554 5.7.1 We know you}"},
    }
    certificates = _certificates()
    doors = {
        name: Door(f"127.1.0.{number}", port, certificates.get(name), settings.get(name, {}))
        for name, number in _DOORS.items()
    }
    return doors | {"six": Door("::1", port)}


def _records() -> str:
    at = {
        name: f"127.1.0.{number}"
        for name, number in (_DOORS | {"cutearly": _CUT, "cutlate": _CUT, "dead": 250}).items()
    }
    at |= {case: at[door] for case, door in (_STS | _DANE).items()}
    lines = [f"{case} MX 10 mx.{case}\nmx.{case} A {address}" for case, address in at.items()]
    certificates = _certificates()
    key = _sha256(
        _load(certificates["self"]).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    authority = _sha256(_load(AUTHORITY).public_bytes(Encoding.DER))
    for case in _STS:
        lines += [f'_mta-sts.{case} TXT "v=STSv1; id=one;"', f"mta-sts.{case} A 127.0.0.1"]
    return "\n".join(
        [
            *lines,
            f"_25._tcp.mx.danegood TLSA 3 1 1 {key}",
            f"_25._tcp.mx.danebad TLSA 3 1 1 {DIGEST}",
            f"_25._tcp.mx.daneta TLSA 2 0 1 {authority}",
            f"_25._tcp.mx.daneplain TLSA 3 1 1 {key}",
            # Not for mail (RFC 7672 §3.1.3): TLS is a must, whoever is there.
            f"_25._tcp.mx.danepkix TLSA 1 1 1 {DIGEST}",
            "nomail MX 0 .",
            "alias CNAME good",
            f"implicit A {at['plain']}",
            "second MX 10 mx.dead\nsecond MX 20 mx.plain",
            f"dual MX 10 mx.dual\nmx.dual A {at['plain']}\nmx.dual AAAA ::1",
            "nohost MX 10 mx.nowhere",
            '_mta-sts.forged TXT "v=STSv1; id=original;"',
            records_of_sender(),
        ]
    )


def _load(made: CertificateAndKey) -> x509.Certificate:
    return x509.load_pem_x509_certificate(made[0])


def _sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def _policies() -> dict[str, str]:
    documents = {}
    for case in _STS:
        for zone in _ZONES:
            domain = f"{case}.{zone}.example"
            mx = "mx.other.example" if case == "stsmismatch" else f"mx.{domain}"
            mode = "testing" if case == "ststesting" else "enforce"
            text = f"version: STSv1\nmode: {mode}\nmx: {mx}\nmax_age: 86400\n"
            # Who has no document at all is not in the web server's certificate.
            if case != "stsuntrusted":
                path = "other" if case == "stsmissing" else ".well-known/mta-sts.txt"
                documents[f"mta-sts.{domain}/{path}"] = text
    return documents


@contextlib.contextmanager
def mail_world(directory: Path, program: Callable[[str, str], str]) -> Iterator[World]:
    """Start all of it, and a server that sends."""
    program_path, programs = find_postfix(program), find_programs(program)
    port = free_port()
    with contextlib.ExitStack() as stack:
        for name in ("internet", "policies", "server"):
            (directory / name).mkdir()
        internet = stack.enter_context(serve_internet(directory / "internet", programs, _records()))
        policy_port = stack.enter_context(serve_policies())
        *_, https_port = stack.enter_context(serve_https(directory / "policies", _policies()))
        server = SendingServer(
            directory / "server", dns=internet.resolver, smtp_port=port, https_port=int(https_port)
        )
        postfix = Postfix(
            program_path,
            _doors(port, policy_port),
            elsewhere=DOMAIN,
            settings={
                "relayhost": f"[127.0.0.1]:{server.smtp}",
                "smtp_tls_security_level": "may",
                # Taken, and then found to be for nobody.
                "virtual_alias_maps": "inline:{{later@good.insecure.example=nobody@good.insecure.example}}",
            },
        )
        stack.enter_context(postfix)
        stack.enter_context(serve_cutting(f"127.1.0.{_CUT}", "127.1.0.1", port))
        stack.callback(server.kill)
        server.start()
        yield World(server, postfix, internet, port, int(https_port))
        assert server.stop() == 0, server.log_tail()
