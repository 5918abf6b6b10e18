"""Problems of what the configurable web server is to do."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from mox.config.dynamic import DynamicConfig
from mox.config.patterns import PatternError, compile_pattern
from mox.config.problem import KeyPath
from mox.config.static import StaticConfig
from mox.config.webhandlers import WebForward, WebHandler, WebInternal, WebRedirect, WebStatic
from moxkit.domain import DomainError, parse_domain

__all__ = ["WEB_SERVICES", "check_web"]

Found = tuple[KeyPath, str]

WEB_SERVICES = ("account", "admin", "webmail", "webapi")
# RFC 9110 §5.1.
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_REDIRECTS = (301, 302, 303, 307, 308)


def check_web(config: DynamicConfig, static: StaticConfig) -> Iterator[Found]:
    """Find them all."""
    has_server = any(
        service is not None and service.enabled
        for listener in static.listeners.values()
        for service in (listener.webserver_http, listener.webserver_https)
    )
    for key, entries in (
        ("WebDomainRedirects", config.web_domain_redirects),
        ("WebHandlers", config.web_handlers),
    ):
        if entries and not has_server:
            yield (key,), "is of no use: no listener has WebserverHTTP or WebserverHTTPS enabled"
    for source, target in config.web_domain_redirects.items():
        path: KeyPath = ("WebDomainRedirects", source)
        yield from _check_domain(source, path)
        yield from _check_domain(target, path)
        if source == target:
            yield path, "leads to itself"
    for index, handler in enumerate(config.web_handlers):
        yield from _check_handler(handler, ("WebHandlers", index))


def _check_handler(handler: WebHandler, path: KeyPath) -> Iterator[Found]:
    yield from _check_domain(handler.domain, (*path, "Domain"))
    if not handler.path_regexp.startswith("^"):
        yield (*path, "PathRegexp"), "must begin with ^"
    yield from _check_pattern(handler.path_regexp, (*path, "PathRegexp"))
    kinds = (handler.web_static, handler.web_redirect, handler.web_forward, handler.web_internal)
    if sum(kind is not None for kind in kinds) != 1:
        yield path, "needs exactly one of WebStatic, WebRedirect, WebForward and WebInternal"
    if handler.web_static is not None:
        yield from _check_static(handler.web_static, (*path, "WebStatic"))
    if handler.web_redirect is not None:
        yield from _check_redirect(handler.web_redirect, (*path, "WebRedirect"))
    if handler.web_forward is not None:
        yield from _check_forward(handler.web_forward, (*path, "WebForward"))
    if handler.web_internal is not None:
        yield from _check_internal(handler.web_internal, (*path, "WebInternal"))


def _check_static(static: WebStatic, path: KeyPath) -> Iterator[Found]:
    if static.strip_prefix and not static.strip_prefix.startswith("/"):
        yield (*path, "StripPrefix"), "must begin with a slash"
    if not static.root:
        yield (*path, "Root"), "must not be empty"
    yield from _check_headers(static.response_headers, (*path, "ResponseHeaders"))


def _check_redirect(redirect: WebRedirect, path: KeyPath) -> Iterator[Found]:
    if bool(redirect.orig_path_regexp) != bool(redirect.replace_path):
        yield path, "needs both OrigPathRegexp and ReplacePath, or neither"
    if not redirect.base_url and not redirect.orig_path_regexp:
        yield path, "needs BaseURL, or OrigPathRegexp and ReplacePath"
    yield from _check_pattern(redirect.orig_path_regexp, (*path, "OrigPathRegexp"))
    if redirect.status_code not in _REDIRECTS:
        yield (*path, "StatusCode"), f"must be one of {', '.join(map(str, _REDIRECTS))}"
    if redirect.base_url:
        url = urlsplit(redirect.base_url)
        if not url.netloc or url.path.strip("/") or url.scheme not in {"", "http", "https"}:
            yield (*path, "BaseURL"), "must be http, https or nothing, then //host, and no path"


def _check_forward(forward: WebForward, path: KeyPath) -> Iterator[Found]:
    url = urlsplit(forward.url)
    if url.scheme not in {"http", "https"} or not url.netloc or url.fragment:
        yield (*path, "URL"), "must be a full address, like http://127.0.0.1:8080/"
    yield from _check_headers(forward.response_headers, (*path, "ResponseHeaders"))


def _check_internal(internal: WebInternal, path: KeyPath) -> Iterator[Found]:
    if not (internal.base_path.startswith("/") and internal.base_path.endswith("/")):
        yield (*path, "BasePath"), "must begin and end with a slash"
    if internal.service not in WEB_SERVICES:
        yield (*path, "Service"), f"must be one of {', '.join(WEB_SERVICES)}"


def _check_headers(headers: dict[str, str], path: KeyPath) -> Iterator[Found]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            yield (*path, name), "is no name of a header"
        if not value.isascii() or not value.isprintable() or value != value.strip():
            yield (*path, name), "must be printable ASCII, without spaces around it"


def _check_pattern(text: str, where: KeyPath) -> Iterator[Found]:
    try:
        compile_pattern(text)
    except PatternError as error:
        yield where, f"is not a regular expression (RE2): {error}"


def _check_domain(name: str, path: KeyPath) -> Iterator[Found]:
    try:
        parse_domain(name)
    except DomainError as error:
        yield path, f"{name!r} is not a domain name: {error}"
