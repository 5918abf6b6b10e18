"""From the bootstrap file to the registry, and from its answer to a date."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

from moxkit.domain import Domain
from moxkit.https import Get, HttpsError, Response
from moxkit.publicsuffix import organizational_domain

__all__ = ["BOOTSTRAP_URL", "RdapError", "registered_at"]

BOOTSTRAP_URL = "https://data.iana.org/rdap/dns.json"
"""Which registry has which names (RFC 9224 §3, §4)."""

_MAX_OCTETS = 4 * 1024 * 1024
_MAX_REDIRECTS = 5
_MAX_SERVERS = 3


class RdapError(Exception):
    """The registration cannot be found out."""


async def registered_at(get: Get, domain: Domain, *, bootstrap_url: str = BOOTSTRAP_URL) -> dt.datetime:
    """Return when the organizational domain of `domain` was registered.

    Raises:
        RdapError: Nobody knows, or nobody answers.
    """
    name = organizational_domain(domain)
    problem = f"no registry for {name} has this protocol"
    for base in _servers(await _fetch(get, bootstrap_url), name)[:_MAX_SERVERS]:
        try:
            return _registration(await _fetch(get, urljoin(base.rstrip("/") + "/", f"domain/{name}")))
        except RdapError as error:
            problem = str(error)
    raise RdapError(problem)


async def _fetch(get: Get, url: str) -> Any:
    """Return the JSON document at `url`; registries redirect to registrars (RFC 7480 §5.2)."""
    for _ in range(_MAX_REDIRECTS):
        try:
            response = await get(url, max_octets=_MAX_OCTETS)
        except HttpsError as error:
            raise RdapError(f"{url}: {error}") from error
        if response.status not in {301, 302, 303, 307, 308} or not response.location:
            return _read(url, response)
        url = urljoin(url, response.location)
    raise RdapError(f"more than {_MAX_REDIRECTS} redirects, to {url}")


def _read(url: str, response: Response) -> Any:
    if response.status == 404:
        raise RdapError(f"{url}: not registered, or not known there")
    if response.status != 200:
        raise RdapError(f"{url}: status {response.status} instead of 200")
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        raise RdapError(f"{url}: not JSON") from None


def _servers(bootstrap: Any, name: Domain) -> list[str]:
    """Return the addresses for the longest label-wise suffix of a name (RFC 9224 §4)."""
    labels = name.ascii.split(".")
    suffixes = [".".join(labels[at:]) for at in range(len(labels))]
    by_suffix: dict[str, list[str]] = {}
    for service in _items(bootstrap, "services"):
        if not (isinstance(service, list) and len(service) == 2):
            continue
        names, urls = service
        if isinstance(names, list) and isinstance(urls, list):
            secure = [url for url in urls if isinstance(url, str) and url.startswith("https://")]
            by_suffix |= {each.lower(): secure for each in names if isinstance(each, str)}
    return next((by_suffix[suffix] for suffix in suffixes if suffix in by_suffix), [])


def _registration(document: Any) -> dt.datetime:
    """Return the date of the event "registration" (RFC 9083 §4.5, §10.2.3)."""
    for event in _items(document, "events"):
        if isinstance(event, dict) and event.get("eventAction") == "registration":
            try:
                at = dt.datetime.fromisoformat(event["eventDate"])
            except (KeyError, TypeError, ValueError):
                raise RdapError("the registry gives no date that can be read") from None
            return at if at.tzinfo is not None else at.replace(tzinfo=dt.UTC)
    raise RdapError("the registry does not say when the domain was registered")


def _items(document: Any, key: str) -> Iterator[Any]:
    found = document.get(key) if isinstance(document, dict) else None
    yield from found if isinstance(found, list) else ()
