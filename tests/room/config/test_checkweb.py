"""What is wrong with handlers of the web server, each with its place."""

from pathlib import Path

import pytest

from mox.config import ConfigError, load_config

STATIC = """LogLevel = "info"
Hostname = "mail.mox.example"
[Postmaster]
Account = "me"
Mailbox = "Postmaster"
[Listeners.public]
IPs = ["192.0.2.1"]
{server}"""
SERVER = "[Listeners.public.WebserverHTTP]\nEnabled = true\n"
DYNAMIC = """[Domains."mox.example"]
[Accounts.me]
Domain = "mox.example"
[Accounts.me.Destinations."me@mox.example"]
"""
HANDLER = """[[WebHandlers]]
Domain = "www.mox.example"
PathRegexp = "^/"
"""


def problems(directory: Path, web: str, server: str = SERVER) -> list[str]:
    (directory / "mox.toml").write_text(STATIC.format(server=server))
    (directory / "domains.toml").write_text(DYNAMIC + web)
    try:
        load_config(directory / "mox.toml")
    except ConfigError as error:
        return [str(each).replace(f"{directory}/", "") for each in error.problems]
    return []


@pytest.mark.parametrize(
    "web",
    [
        '[WebDomainRedirects]\n"mox.example" = "www.mox.example"\n',
        HANDLER + '[WebHandlers.WebStatic]\nRoot = "www"\nStripPrefix = "/x"\n',
        HANDLER + '[WebHandlers.WebRedirect]\nBaseURL = "//else.example/?a=b"\nStatusCode = 301\n',
        HANDLER + '[WebHandlers.WebForward]\nURL = "http://127.0.0.1:8080/x"\n'
        'ResponseHeaders = { "X-Own" = "1" }\n',
        HANDLER + '[WebHandlers.WebInternal]\nBasePath = "/account/"\nService = "account"\n',
    ],
)
def test_good_ones_are_taken(tmp_path: Path, web: str) -> None:
    assert problems(tmp_path, web) == []


@pytest.mark.parametrize(
    ("web", "says"),
    [
        (HANDLER, "needs exactly one of WebStatic"),
        (
            HANDLER + '[WebHandlers.WebStatic]\nRoot = "a"\n[WebHandlers.WebForward]\nURL = "http://a/"\n',
            "needs exactly one of WebStatic",
        ),
        (
            HANDLER.replace("^/", "/") + '[WebHandlers.WebStatic]\nRoot = "a"\n',
            "must begin with ^",
        ),
        (
            HANDLER.replace("^/", "^(") + '[WebHandlers.WebStatic]\nRoot = "a"\n',
            "not a regular expression",
        ),
        (HANDLER.replace("www.", "..") + '[WebHandlers.WebStatic]\nRoot = "a"\n', "is not a domain name"),
        (HANDLER + '[WebHandlers.WebStatic]\nRoot = ""\n', "WebStatic.Root: must not be empty"),
        (HANDLER + '[WebHandlers.WebStatic]\nRoot = "a"\nStripPrefix = "x"\n', "StripPrefix: must begin"),
        (HANDLER + "[WebHandlers.WebRedirect]\nStatusCode = 302\n", "needs BaseURL, or"),
        (HANDLER + '[WebHandlers.WebRedirect]\nReplacePath = "/"\nBaseURL = "//a"\n', "needs both"),
        (HANDLER + '[WebHandlers.WebRedirect]\nBaseURL = "https://a/b"\n', "BaseURL: must be http, https"),
        (
            HANDLER + '[WebHandlers.WebRedirect]\nBaseURL = "//a"\nStatusCode = 200\n',
            "must be one of 301",
        ),
        (HANDLER + '[WebHandlers.WebForward]\nURL = "127.0.0.1:80"\n', "URL: must be a full address"),
        (
            HANDLER + '[WebHandlers.WebForward]\nURL = "http://a/"\nResponseHeaders = { "X Y" = "1" }\n',
            "is no name of a header",
        ),
        (
            HANDLER + '[WebHandlers.WebForward]\nURL = "http://a/"\nResponseHeaders = { "X" = "a\\nb" }\n',
            "must be printable ASCII",
        ),
        (
            HANDLER + '[WebHandlers.WebInternal]\nBasePath = "/a"\nService = "account"\n',
            "must begin and end",
        ),
        (HANDLER + '[WebHandlers.WebInternal]\nBasePath = "/a/"\nService = "x"\n', "Service: must be one of"),
        ('[WebDomainRedirects]\n"mox.example" = "mox.example"\n', "leads to itself"),
    ],
)
def test_each_mistake_has_its_place(tmp_path: Path, web: str, says: str) -> None:
    found = problems(tmp_path, web)
    assert len(found) == 1
    assert says in found[0]
    assert found[0].startswith("domains.toml:")


def test_without_a_web_server_they_are_of_no_use(tmp_path: Path) -> None:
    redirect = '[WebDomainRedirects]\n"mox.example" = "www.mox.example"\n'
    [found] = problems(tmp_path, redirect, server="")
    assert "WebDomainRedirects: is of no use" in found
