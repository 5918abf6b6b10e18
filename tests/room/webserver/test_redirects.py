"""Where redirects lead."""

import pytest

from mox.config import WebRedirect
from mox.webserver.redirects import PathMismatchError, redirect_target


def target(redirect: WebRedirect, path: str = "/a b", query: str = "", scheme: str = "https") -> str | None:
    return redirect_target(redirect, scheme=scheme, host="mox.example", path=path, query=query)


@pytest.mark.parametrize(
    ("redirect", "path", "query", "expected"),
    [
        (WebRedirect(base_url="https://else.example"), "/a b", "", "https://else.example/a%20b"),
        (WebRedirect(base_url="https://else.example?x=1#f"), "/a", "y=2", "https://else.example/a?x=1&y=2#f"),
        (WebRedirect(base_url="//else.example"), "/a", "", "https://else.example/a"),
        (
            WebRedirect(orig_path_regexp="^/old/(.*)$", replace_path="/new/$1"),
            "/old/x/y",
            "q=%20",
            "https://mox.example/new/x/y?q=%20",
        ),
        (
            WebRedirect(
                base_url="http://else.example", orig_path_regexp="^/([a-z]+)", replace_path="/${1}s/$$"
            ),
            "/dog",
            "",
            "http://else.example/dogs/$",
        ),
    ],
)
def test_the_address_is_put_together(redirect: WebRedirect, path: str, query: str, expected: str) -> None:
    assert target(redirect, path, query) == expected


def test_one_that_leads_to_itself_is_none() -> None:
    redirect = WebRedirect(base_url="https://MOX.example")
    assert target(redirect) is None
    # From http to https it leads somewhere.
    assert target(redirect, scheme="http") == "https://MOX.example/a%20b"


def test_a_path_that_does_not_match_has_no_address() -> None:
    with pytest.raises(PathMismatchError):
        target(WebRedirect(orig_path_regexp="^/old/", replace_path="/new/"), "/older")
