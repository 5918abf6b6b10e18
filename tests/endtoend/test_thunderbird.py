"""Thunderbird signs in by client certificate over 993 and 465, with and without PREAUTH; mail goes round."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from endtoend.localserve import USER, Localserve
from endtoend.thunderbird import Programs, Settings, start
from moxkit.testing import make_authority, make_certificate

pytestmark = pytest.mark.endtoend

AUTHORITY = make_authority("test authority for thunderbird")


@pytest.fixture
def signed_server(new_server: Callable[..., Localserve]) -> Localserve:
    """Return a server whose certificate an authority signed: Thunderbird takes no other without a click."""
    server = new_server()
    command = [sys.executable, "-m", "mox", "localserve", "--dir", str(server.directory), "--init-only"]
    subprocess.run([*command, "--port-offset", str(server.offset)], check=True, capture_output=True)
    certificate, key = make_certificate("localhost", issuer=AUTHORITY)
    server.certificate.write_bytes(certificate)
    server.certificate.with_suffix(".key").write_bytes(key)
    return server.start()


@pytest.mark.parametrize("options", [(), ("--no-imap-preauth",)], ids=["preauth", "external"])
def test_thunderbird_signs_in_by_certificate(
    signed_server: Localserve, tmp_path: Path, program: Callable[[str, str], str], options: tuple[str, ...]
) -> None:
    programs = Programs(
        thunderbird=program("thunderbird", "thunderbird"),
        certutil=program("certutil", "libnss3-tools"),
        pk12util=program("pk12util", "libnss3-tools"),
        openssl=program("openssl", "openssl"),
    )
    authority = tmp_path / "authority.pem"
    authority.write_bytes(AUTHORITY[0])
    certificate = make_certificate("thunderbird", "p256", client=True)
    add = signed_server.mox("config", "tlspubkey", "add", *options, USER)
    subprocess.run(add, input=certificate[0], check=True, capture_output=True)
    settings = Settings(
        address=USER,
        imaps=signed_server.imaps,
        submissions=signed_server.submissions,
        authority=authority,
        certificate=certificate,
    )
    with start(tmp_path, programs, settings) as thunderbird:
        assert thunderbird.send("by thunderbird") == "sent 0"
        thunderbird.wait_for("inbox", "by thunderbird")
        thunderbird.wait_for("sent", "by thunderbird")
    listed = signed_server.mox("config", "loginattempts", "mox", "--json")
    attempts = json.loads(subprocess.run(listed, check=True, capture_output=True).stdout)
    seen = {(each["service"], each["mechanism"], each["result"]) for each in attempts}
    assert ("submission", "tlsclientauth", "ok") in seen
    assert ("imap", "EXTERNAL" if options else "tlsclientauth", "ok") in seen
