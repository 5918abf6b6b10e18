"""Where a redirect leads (reference http.md §5.2). Pure."""

from urllib.parse import SplitResult, quote, urlsplit

from mox.config import WebRedirect, compile_pattern

__all__ = ["PathMismatchError", "redirect_target"]

# What a path may hold as it is (RFC 3986 §3.3).
_SAFE = "/:@!$&'()*+,;=~-._"


class PathMismatchError(Exception):
    """The path is not one that is redirected."""


def redirect_target(redirect: WebRedirect, *, scheme: str, host: str, path: str, query: str) -> str | None:
    """Return the address, or `None` if it is the one that was asked for.

    Args:
        redirect: What is wanted.
        scheme: Of the request: http or https.
        host: Of the request, with its port if it had one.
        path: Decoded.
        query: As it came, without the question mark.

    Raises:
        PathMismatchError: The path does not match OrigPathRegexp.
    """
    target = path
    if redirect.orig_path_regexp:
        pattern = compile_pattern(redirect.orig_path_regexp)
        if not pattern.is_in(path):
            raise PathMismatchError
        target = pattern.replaced_in(path, redirect.replace_path)
    base = urlsplit(redirect.base_url)
    url = SplitResult(
        base.scheme or scheme,
        base.netloc or host,
        quote(target, safe=_SAFE),
        "&".join(filter(None, (base.query, query))),
        base.fragment,
    )
    is_same = (url.scheme, url.netloc.lower(), target) == (scheme, host.lower(), path)
    return None if is_same else url.geturl()
