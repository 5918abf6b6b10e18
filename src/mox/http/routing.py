"""Which site answers a request: by host, then by the longest path (reference http.md §1, §2)."""

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mox.http.problems import ProblemError
from mox.listen import Limiter
from mox.runtime import Clock
from moxkit.domain import DomainError, parse_domain

__all__ = ["Router", "Site", "host_of", "is_local_host"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Something that is served below a path.

    Attributes:
        name: For logs.
        path: Begins with a slash; with one at its end too, all below it belongs to the site.
        app: Sees requests with this path as its root, or with the whole path if only that is its.
        serves_host: Whether it answers for a host (lower-case, ASCII, no port).
        is_forwarded: Believe a proxy's X-Forwarded-For and -Proto.
    """

    name: str
    path: str
    app: ASGIApp
    serves_host: Callable[[str], bool]
    is_forwarded: bool = False


class Router:
    """Chooses, tells the application its root and who really asks, and counts requests."""

    def __init__(self, sites: Sequence[Site], *, clock: Clock, limiter: Limiter | None) -> None:
        self._sites = sorted(sites, key=lambda site: len(site.path), reverse=True)
        self._is_forwarded = any(site.is_forwarded for site in sites)
        self._clock = clock
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request.

        Raises:
            ProblemError: Nobody does, or the client asks too much.
        """
        headers = dict(scope["headers"])
        if b"transfer-encoding" in headers and b"content-length" in headers:
            # A proxy in front may have believed the other one (RFC 9112 §6.3).
            raise ProblemError(400, "The request has two lengths.")
        state: dict[str, Any] = scope["state"]
        client = scope.get("client")
        state["remote_ip"] = "" if client is None else client[0]
        if self._is_forwarded:
            state["remote_ip"] = _forwarded_for(headers)
        if self._limiter is not None and not self._limiter.add(state["remote_ip"], self._clock.now()):
            state["handler"] = "(ratelimited)"
            raise ProblemError(429, "Too many requests from your network. Wait a minute.")
        path, host = _clean(scope["path"]), host_of(headers.get(b"host", b"").decode("latin-1"))
        for site in self._sites:
            if not site.serves_host(host):
                continue
            if path == site.path or (site.path.endswith("/") and path.startswith(site.path)):
                await site.app(_inner(site, path, headers, scope), receive, send)
                return
            if f"{path}/" == site.path:
                state["handler"] = site.name
                await RedirectResponse(site.path, 303)(scope, receive, send)
                return
        state["handler"] = "(nomatch)"
        raise ProblemError(404, "There is no page at this address.")


def _inner(site: Site, path: str, headers: dict[bytes, bytes], scope: Scope) -> Scope:
    """Return what a site sees of a request."""
    state: dict[str, Any] = scope["state"]
    state["handler"] = site.name
    # Starlette finds routes behind the root.
    root = site.path[:-1] if site.path.endswith("/") else ""
    inner = {**scope, "path": path, "root_path": root}
    if site.is_forwarded:
        proto = headers.get(b"x-forwarded-proto", b"").decode("latin-1").lower()
        inner["scheme"] = proto if proto in {"http", "https"} else scope["scheme"]
    state["is_secure"] = inner["scheme"] == "https"
    state["base_path"] = site.path
    return inner


def _clean(path: str) -> str:
    """Resolve `.` and `..`; a slash at the end stays."""
    cleaned = posixpath.normpath("/" + path.lstrip("/"))
    return f"{cleaned}/" if path.endswith(("/", "/.", "/..")) and cleaned != "/" else cleaned


def _forwarded_for(headers: dict[bytes, bytes]) -> str:
    """Return whom a proxy speaks for.

    Raises:
        ProblemError: It does not say.
    """
    first = headers.get(b"x-forwarded-for", b"").decode("latin-1").partition(",")[0].strip()
    try:
        return str(ip_address(first))
    except ValueError as error:
        raise ProblemError(400, "The proxy in front does not say whose request this is.") from error


def host_of(header: str) -> str:
    """Return the host of a Host header: lower-case ASCII, without port and brackets; empty for none."""
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    name = text.partition(":")[0]
    try:
        return parse_domain(name).ascii if name and not is_local_host(name) else name
    except DomainError:
        return ""


def is_local_host(host: str) -> bool:
    """Say whether a host is an address, or `localhost`: every site answers to these."""
    if host == "localhost":
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
