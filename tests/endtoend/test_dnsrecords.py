"""What `mox config dnsrecords` prints is a zone that a name server takes."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from endtoend.localserve import Localserve
from mox.config import DYNAMIC_NAME, STATIC_NAME
from moxkit.dkim import encode_private_key, generate_rsa

pytestmark = pytest.mark.endtoend

_SOA = "@ SOA ns hostmaster 1 3600 900 604800 300\n@ NS ns\nns A 127.0.0.1\n"
_DOMAIN = """[Domains."mox.example"]
ClientSettingsDomain = "imap.mox.example"
[Domains."mox.example".MTASTS]
PolicyID = "20300101"
Mode = "enforce"
MaxAge = "168h"
[Domains."mox.example".DKIM]
Sign = ["2030a"]
[Domains."mox.example".DKIM.Selectors.2030a]
PrivateKeyFile = "2030a.pem"
"""


def test_a_name_server_takes_the_zone(
    new_server: Callable[..., Localserve], program: Callable[[str, str], str], tmp_path: Path
) -> None:
    check = program("nsd-checkzone", "nsd")
    server = new_server()
    subprocess.run(
        [*server.mox("localserve"), "--dir", str(server.directory), "--init-only"],
        check=True,
        capture_output=True,
    )
    (server.directory / "2030a.pem").write_bytes(encode_private_key(generate_rsa(2048)))
    static, dynamic = server.directory / STATIC_NAME, server.directory / DYNAMIC_NAME
    text = static.read_text().replace('Hostname = "localhost"', 'Hostname = "mx.mox.example"')
    static.write_text(f"{text}\n[Listeners.local.MTASTSHTTPS]\nEnabled = true\nPort = 8443\n")
    dynamic.write_text(f"{dynamic.read_text()}\n{_DOMAIN}")
    done = subprocess.run(
        server.mox("config", "dnsrecords", "mox.example", "--dns-server", "127.0.0.1:9"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "DNS does not say whether mx.mox.example is signed; taken for unsigned\n"
    zone = tmp_path / "zone"
    zone.write_text(f"$TTL 300\n{_SOA}mx A 127.0.0.1\n{done.stdout}")
    checked = subprocess.run([check, "mox.example", zone], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "zone mox.example is ok\n"), checked.stderr
