"""`mox mtasts lookup`: with a policy, without, not known for now."""

import json
from pathlib import Path

from moxkit.testing import serve_zone
from room.cli.commandline import Run
from room.cli.webserver import serve_https

POLICY = "version: STSv1\nmode: enforce\nmx: mx.mox.example\nmax_age: 86400\n"
PLACE = "mta-sts.mox.example/.well-known/mta-sts.txt"
ZONE = """
_mta-sts.mox.example TXT "v=STSv1; id=1;"
mta-sts.mox.example A 127.0.0.1
"""


def test_shows_record_and_policy(run: Run, tmp_path: Path) -> None:
    with serve_zone(ZONE, authentic=True) as dns, serve_https(tmp_path, {PLACE: POLICY}) as https:
        shown = run("mtasts", "lookup", "mox.example", "--dns-server", dns, *https)
        assert shown.status == 0
        assert shown.out == f"record (with dnssec): v=STSv1; id=1;\npolicy:\n{POLICY}"
        scripted = run("mtasts", "lookup", "mox.example", "--json", "--dns-server", dns, *https)
        assert json.loads(scripted.out)["policy"] == {
            "mode": "enforce",
            "max_age": 86400,
            "mx": ["mx.mox.example"],
            "extensions": {},
        }


def test_tells_why_there_is_no_policy(run: Run, tmp_path: Path) -> None:
    with (
        serve_zone(ZONE, temporary=["_mta-sts.bad.example"]) as dns,
        serve_https(tmp_path, {PLACE: "<html>"}) as https,
    ):
        broken = run("mtasts", "lookup", "mox.example", "--dns-server", dns, *https)
        assert (broken.status, "no policy counts: policysyntax" in broken.out) == (1, True)
        none = run("mtasts", "lookup", "none.example", "--dns-server", dns, *https)
        assert none.status == 1
        assert "record (without dnssec): (none)\nno policy counts: norecord" in none.out
        unknown = run("mtasts", "lookup", "bad.example", "--dns-server", dns, *https)
        assert (unknown.status, "no policy counts: dns" in unknown.out) == (2, True)


def test_a_file_without_certificates_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    refused = run(
        "mtasts",
        "lookup",
        "mox.example",
        "--ca-file",
        str(tmp_path / "empty.pem"),
        "--dns-server",
        "127.0.0.1",
    )
    assert (refused.status, "empty.pem" in refused.err) == (2, True)
