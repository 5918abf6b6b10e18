"""`mox dane lookup|makerecord`."""

import hashlib
import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from moxkit.testing import make_certificate, serve_zone
from room.cli.commandline import Run

CERTIFICATE, KEY = make_certificate("mx.example")
LOADED = x509.load_pem_x509_certificate(CERTIFICATE)
SPKI_PEM = LOADED.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
SPKI = LOADED.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
RECORD = f"3 1 1 {hashlib.sha256(SPKI).hexdigest()}"
ZONE = f"""
mx.example A 192.0.2.1
_25._tcp.mx.example TLSA {RECORD}
_465._tcp.mx.example TLSA 0 1 1 {"ab" * 32}
"""


@pytest.mark.parametrize("content", [CERTIFICATE, KEY, SPKI_PEM, b"note\n" + KEY + CERTIFICATE])
@pytest.mark.parametrize("kinds", [("3", "1", "1"), ("dane-ee", "SPKI", "sha2-256")])
def test_makes_a_record(run: Run, tmp_path: Path, content: bytes, kinds: tuple[str, ...]) -> None:
    (tmp_path / "x.pem").write_bytes(content)
    made = run("dane", "makerecord", *kinds, str(tmp_path / "x.pem"))
    assert (made.status, made.out) == (0, RECORD + "\n")


def test_tells_what_it_cannot_make(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "x.pem"
    file.write_bytes(KEY)
    assert run("dane", "makerecord", "9", "1", "1", str(file)).status == 2
    needs = run("dane", "makerecord", "3", "cert", "1", str(file))
    assert (needs.status, "a certificate is needed" in needs.err) == (2, True)
    file.write_bytes(b"nothing")
    empty = run("dane", "makerecord", "3", "1", "1", str(file))
    assert (empty.status, "no PEM block" in empty.err) == (2, True)


def test_shows_what_binds(run: Run) -> None:
    with serve_zone(ZONE, authentic=True, temporary=["bad.example"]) as dns:
        shown = run("dane", "lookup", "mx.example", "--dns-server", dns)
        assert shown.status == 0
        expected = f"usable\n_25._tcp.mx.example. TLSA {RECORD}\naddress 192.0.2.1 (with dnssec)\n"
        assert shown.out == expected
        unusable = run("dane", "lookup", "mx.example:465", "--json", "--dns-server", dns)
        assert (unusable.status, json.loads(unusable.out)["status"]) == (1, "unusable")
        assert run("dane", "lookup", "bad.example", "--dns-server", dns).status == 2
        assert run("dane", "lookup", "mx.example:0", "--dns-server", dns).status == 2
    with serve_zone(ZONE) as dns:
        unsigned = run("dane", "lookup", "mx.example", "--dns-server", dns)
        assert (unsigned.status, unsigned.out.startswith("none: the addresses are not signed")) == (1, True)
