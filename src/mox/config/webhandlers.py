"""What the configurable web server does, in `domains.toml` (reference config.md §3.4)."""

from dataclasses import dataclass, field

__all__ = ["WebForward", "WebHandler", "WebInternal", "WebRedirect", "WebStatic"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebStatic:
    """Files of a directory."""

    strip_prefix: str = ""
    """Beginning of the path that is not part of names of files; begins with a slash."""
    root: str
    """The directory, relative to where the server was started."""
    list_files: bool = False
    """Show what is in a directory without index.html."""
    continue_not_found: bool = False
    """Let other handlers answer where there is no file; else the answer is 404."""
    response_headers: dict[str, str] = field(default_factory=dict)
    """Headers of answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRedirect:
    """Another address."""

    base_url: str = field(default="", metadata={"key": "BaseURL"})
    """Scheme, host, query and fragment of it, without a path; `//host` keeps the scheme."""
    orig_path_regexp: str = ""
    """Regular expression (RE2) that the path has to match; with ReplacePath."""
    replace_path: str = ""
    """The new path; $1 is what the first pair of parentheses matched."""
    status_code: int = 308
    """301, 302, 303, 307 or 308, which is for ever and keeps the method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebForward:
    """Another web server, which is asked instead."""

    strip_path: bool = False
    """Leave out the part of the path that PathRegexp matched."""
    url: str = field(metadata={"key": "URL"})
    """Of that server: http or https, with a path that others are put behind."""
    response_headers: dict[str, str] = field(default_factory=dict)
    """Headers of answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebInternal:
    """One of our own sites."""

    base_path: str
    """Where it is; begins and ends with a slash."""
    service: str
    """account, admin, webmail or webapi."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebHandler:
    """Who answers which requests; exactly one of the last four keys."""

    log_name: str = ""
    """Name in logs and metrics; by default its number."""
    domain: str
    """Host of the requests."""
    path_regexp: str
    """Regular expression (RE2) that the path has to match; begins with ^."""
    dont_redirect_plain_http: bool = field(default=False, metadata={"key": "DontRedirectPlainHTTP"})
    """Answer without TLS, too; else requests without are sent to https."""
    compress: bool = False
    """Compress answers where that helps."""
    web_static: WebStatic | None = None
    """Files of a directory."""
    web_redirect: WebRedirect | None = None
    """Another address."""
    web_forward: WebForward | None = None
    """Another web server."""
    web_internal: WebInternal | None = None
    """One of our own sites."""
