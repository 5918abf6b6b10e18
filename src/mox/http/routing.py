"""Which site answers a request: by host, then by the longest path (reference http.md §1, §2)."""

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import ip_address
from typing import Any

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mox.http.problems import ProblemError
from mox.listen import Limiter
from mox.runtime import Clock
from moxkit.domain import DomainError, parse_domain

__all__ = ["DeclinedError", "Rank", "Router", "Site", "host_of", "is_local_host"]


class Rank(IntEnum):
    """Whose turn it is, before the length of the path counts (reference http.md §2)."""

    SYSTEM = 0
    """What others rely on, at fixed addresses."""
    CONFIGURED = 1
    """What somebody wants to be served."""
    OWN = 2
    """Our pages."""


class DeclinedError(Exception):
    """A site leaves a request to those after it; it has not answered, and not read the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Something that is served below a path.

    Attributes:
        name: For logs.
        path: Begins with a slash; with one at its end too, all below it belongs to the site.
        app: Sees requests with this path as its root, or with the whole path if only that is its.
        serves_host: Whether it answers for a host (lower-case, ASCII, no port).
        is_forwarded: Believe a proxy's X-Forwarded-For and -Proto.
        rank: Which sites are asked before it.
        takes_websockets: It is asked about these, too.
    """

    name: str
    path: str
    app: ASGIApp
    serves_host: Callable[[str], bool]
    is_forwarded: bool = False
    rank: Rank = Rank.OWN
    takes_websockets: bool = False


class Router:
    """Chooses, tells the application its root and who really asks, and counts requests."""

    def __init__(self, sites: Sequence[Site], *, clock: Clock, limiter: Limiter | None) -> None:
        self._sites = sorted(sites, key=lambda site: (site.rank, -len(site.path)))
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
        self._note_client(scope, headers)
        state: dict[str, Any] = scope["state"]
        if self._limiter is not None and not self._limiter.add(state["remote_ip"], self._clock.now()):
            state["handler"] = "(ratelimited)"
            raise ProblemError(429, "Too many requests from your network. Wait a minute.")
        path, host = _clean(scope["path"]), host_of(headers.get(b"host", b"").decode("latin-1"))
        for site in self._sites:
            if not site.serves_host(host):
                continue
            if _is_below(path, site):
                try:
                    await site.app(_inner(site, path, headers, scope), receive, send)
                except DeclinedError:
                    continue
                return
            if f"{path}/" == site.path:
                state["handler"] = site.name
                await RedirectResponse(site.path, 303)(scope, receive, send)
                return
        state["handler"] = "(nomatch)"
        raise ProblemError(404, "There is no page at this address.")

    async def websocket(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Pass on who wants a WebSocket (RFC 6455); return whether there was somebody for that."""
        headers = dict(scope["headers"])
        try:
            self._note_client(scope, headers)
        except ProblemError:
            return False
        remote_ip = scope["state"]["remote_ip"]
        if self._limiter is not None and not self._limiter.add(remote_ip, self._clock.now()):
            return False
        path, host = _clean(scope["path"]), host_of(headers.get(b"host", b"").decode("latin-1"))
        for site in self._sites:
            if site.takes_websockets and site.serves_host(host) and _is_below(path, site):
                try:
                    await site.app(_inner(site, path, headers, scope), receive, send)
                except DeclinedError:
                    continue
                return True
        return False

    def _note_client(self, scope: Scope, headers: dict[bytes, bytes]) -> None:
        client = scope.get("client")
        remote_ip = "" if client is None else client[0]
        scope["state"]["remote_ip"] = _forwarded_for(headers) if self._is_forwarded else remote_ip


def _is_below(path: str, site: Site) -> bool:
    return path == site.path or (site.path.endswith("/") and path.startswith(site.path))


def _inner(site: Site, path: str, headers: dict[bytes, bytes], scope: Scope) -> Scope:
    """Return what a site sees of a request."""
    state: dict[str, Any] = scope["state"]
    state["handler"] = site.name
    # Starlette finds routes behind the root.
    root = site.path[:-1] if site.path.endswith("/") else ""
    inner = {**scope, "path": path, "root_path": root}
    if site.is_forwarded:
        proto = headers.get(b"x-forwarded-proto", b"").decode("latin-1").lower()
        if scope["type"] == "http" and proto in {"http", "https"}:
            inner["scheme"] = proto
    state["is_secure"] = inner["scheme"] in {"https", "wss"}
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
    """Return the host of a Host header: lower-case ASCII, without port and brackets; empty for none.

    What has something else than a number for a port is none: it would be sent back in addresses.
    """
    text = header.strip().lower()
    is_literal = text.startswith("[")
    name, colon, port = (text.partition("]")[2] if is_literal else text).partition(":")
    if colon and not (port.isascii() and port.isdigit()):
        return ""
    if is_literal:
        return text[1:].partition("]")[0]
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
