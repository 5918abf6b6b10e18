"""`mox checkupdate`: whether there is a newer version, and each exit status."""

import json
from pathlib import Path

import mox
from moxkit.testing import serve_zone
from room.cli.commandline import Run

ZONE = f"""
_updates.newer.example TXT "v=UPDATES0; l=99.0.0"
_updates.same.example TXT "v=UPDATES0; l={mox.__version__}"
_updates.broken.example TXT "v=UPDATES0; l=soon"
"""


def test_a_newer_version_is_status_1(run: Run) -> None:
    with serve_zone(ZONE) as server:
        done = run("checkupdate", "--domain", "newer.example", "--dns-server", server)
        scripted = run("checkupdate", "--domain", "newer.example", "--json", "--dns-server", server)
    assert (done.status, done.out) == (
        1,
        f"own: {mox.__version__}\nlast known: (none)\nlatest: 99.0.0\n",
    )
    assert json.loads(scripted.out) == {"own": mox.__version__, "last_known": None, "latest": "99.0.0"}


def test_the_latest_is_status_0_and_what_cannot_be_known_2(run: Run) -> None:
    with serve_zone(ZONE) as server:
        assert run("checkupdate", "--domain", "same.example", "--dns-server", server).status == 0
        broken = run("checkupdate", "--domain", "broken.example", "--dns-server", server)
        none = run("checkupdate", "--domain", "none.example", "--dns-server", server)
        unnamed = run("checkupdate", "--dns-server", server)
    assert (broken.status, "has no version after l=" in broken.err) == (2, True)
    assert none.status == 2
    assert (unnamed.status, "name the domain with --domain" in unnamed.err) == (2, True)


def test_the_configuration_says_whose_versions_count(run: Run, directory: Path, tmp_path: Path) -> None:
    for name in ("mox.toml", "domains.toml", "localhost.crt", "localhost.key", "adminpasswd"):
        (tmp_path / name).write_bytes((directory / name).read_bytes())
    (tmp_path / "dkim.localserve.privatekey.pkcs8.pem").write_bytes(
        (directory / "dkim.localserve.privatekey.pkcs8.pem").read_bytes()
    )
    config = tmp_path / "mox.toml"
    config.write_text(f'UpdatesDomain = "newer.example"\n{config.read_text()}')
    (tmp_path / "lastknownversion").write_text("98.0.0\n")
    with serve_zone(ZONE) as server:
        done = run("--config", str(config), "checkupdate", "--dns-server", server)
    assert (done.status, done.out.splitlines()[1:]) == (1, ["last known: 98.0.0", "latest: 99.0.0"])
