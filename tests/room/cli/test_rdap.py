"""`mox rdap domainage`: from the registries' list to years and days."""

import datetime as dt
import json
from pathlib import Path

import pytest

from mox.cli.rdap import format_age
from moxkit.testing import serve_zone
from room.cli.commandline import Run
from room.cli.webserver import serve_https

ZONE = "data.iana.org A 127.0.0.1\nregistry.example A 127.0.0.1"
DOCUMENTS = {
    "data.iana.org/rdap/dns.json": '{"services": [[["com"], ["https://registry.example/"]]]}',
    "registry.example/domain/mox.com": (
        '{"events": [{"eventAction": "registration", "eventDate": "2001-02-03T04:05:06Z"}]}'
    ),
}


def test_tells_the_age(run: Run, tmp_path: Path) -> None:
    with serve_zone(ZONE) as dns, serve_https(tmp_path, DOCUMENTS) as https:
        shown = run("rdap", "domainage", "www.mox.com", "--dns-server", dns, *https)
        assert shown.status == 0
        assert shown.out.startswith("2")
        assert " years, " in shown.out
        scripted = run("rdap", "domainage", "mox.com", "--json", "--dns-server", dns, *https)
        assert json.loads(scripted.out)["registered_at"] == "2001-02-03T04:05:06+00:00"
        unknown = run("rdap", "domainage", "other.com", "--dns-server", dns, *https)
        assert (unknown.status, "not registered" in unknown.err) == (2, True)


@pytest.mark.parametrize(
    ("registered", "now", "age"),
    [
        ("2020-06-01", "2026-06-01", "6 years, 0 days"),
        ("2020-06-02", "2026-06-01", "5 years, 364 days"),
        ("2024-02-29", "2025-02-28", "0 years, 365 days"),
        ("2024-02-29", "2025-03-01", "1 year, 0 days"),
        ("2026-05-31", "2026-06-01", "0 years, 1 day"),
        ("2027-01-01", "2026-06-01", "0 years, 0 days"),
    ],
)
def test_age_is_in_years_and_days(registered: str, now: str, age: str) -> None:
    def day(text: str) -> dt.datetime:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)

    assert format_age(day(registered), day(now)) == age
