"""From bootstrap file to registry to date (RFC 9224 §4, RFC 9083 §4.5); everything that can be missing."""

import datetime as dt
import json
from typing import Any

import pytest

from moxkit.domain import parse_domain
from moxkit.https import HttpsError, Response, Stage
from moxkit.rdap import RdapError, registered_at

BOOTSTRAP = "https://data.iana.org/rdap/dns.json"
SERVICES = [
    [["com", "net"], ["http://plain.example/", "https://registry.example/com"]],
    [["uk"], ["https://registry.example/uk/", "https://second.example/"]],
    ["odd"],
    [["bad"], "https://x.example/"],
]
ANSWER = {
    "events": [
        {"eventAction": "expiration", "eventDate": "2030-01-01T00:00:00Z"},
        {"eventAction": "registration", "eventDate": "1995-08-14T04:00:00Z"},
    ]
}
REGISTERED = dt.datetime(1995, 8, 14, 4, tzinfo=dt.UTC)


class Web:
    """Documents by URL."""

    def __init__(self, documents: dict[str, Any]) -> None:
        self.documents = {BOOTSTRAP: {"services": SERVICES}, **documents}

    async def get(self, url: str, *, max_octets: int) -> Response:
        assert max_octets > 0
        found = self.documents.get(url)
        if found is None:
            raise HttpsError(Stage.CONNECT, "refused")
        if isinstance(found, Response):
            return found
        return Response(200, "application/rdap+json", "", json.dumps(found).encode())


async def test_date_of_the_organizational_domain() -> None:
    web = Web({"https://registry.example/com/domain/mox.com": ANSWER})
    assert await registered_at(web.get, parse_domain("a.b.mox.com")) == REGISTERED


async def test_next_server_answers_for_the_first() -> None:
    web = Web({"https://second.example/domain/mox.co.uk": ANSWER})
    assert await registered_at(web.get, parse_domain("mox.co.uk")) == REGISTERED


async def test_redirects_are_followed_but_not_for_ever() -> None:
    here, there = "https://registry.example/com/domain/mox.com", "https://registrar.example/domain/mox.com"
    web = Web({here: Response(302, "", there, b""), there: ANSWER})
    assert await registered_at(web.get, parse_domain("mox.com")) == REGISTERED
    web = Web({here: Response(302, "", here, b"")})
    with pytest.raises(RdapError, match="redirects"):
        await registered_at(web.get, parse_domain("mox.com"))


@pytest.mark.parametrize(
    ("name", "answer", "problem"),
    [
        ("mox.example", None, "no registry"),
        ("mox.bad", None, "no registry"),
        ("mox.com", None, "refused"),
        ("mox.com", Response(404, "", "", b""), "not registered"),
        ("mox.com", Response(500, "", "", b""), "status 500"),
        ("mox.com", Response(200, "", "", b"<html>"), "not JSON"),
        ("mox.com", Response(200, "", "", b"[" * 100_000), "not JSON"),
        ("mox.com", [], "does not say"),
        ("mox.com", {"events": "x"}, "does not say"),
        ("mox.com", {"events": [1, {"eventAction": "transfer"}]}, "does not say"),
        ("mox.com", {"events": [{"eventAction": "registration"}]}, "no date"),
        ("mox.com", {"events": [{"eventAction": "registration", "eventDate": 5}]}, "no date"),
    ],
)
async def test_what_is_missing_is_told(name: str, answer: Any, problem: str) -> None:
    web = Web({"https://registry.example/com/domain/mox.com": answer})
    with pytest.raises(RdapError, match=problem):
        await registered_at(web.get, parse_domain(name))


async def test_date_without_zone_is_utc() -> None:
    answer = {"events": [{"eventAction": "registration", "eventDate": "1995-08-14T04:00:00"}]}
    web = Web({"https://registry.example/com/domain/mox.com": answer})
    assert await registered_at(web.get, parse_domain("mox.com")) == REGISTERED
