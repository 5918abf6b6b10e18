"""The account site: its page, its files, its API."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from mox.accounts import Service
from mox.http import (
    CSRF_HEADER,
    Api,
    Operation,
    StaticFiles,
    StaticPage,
    WebDoor,
    check_origin,
    read_files,
)
from mox.webaccount.addresses import Addresses
from mox.webaccount.attempts import LoginAttempts
from mox.webaccount.developers import Developers
from mox.webaccount.devicesetup import DeviceSetups
from mox.webaccount.exporting import Exporting
from mox.webaccount.filtering import Filtering
from mox.webaccount.identity import Identity
from mox.webaccount.importing import Importing
from mox.webaccount.importprogress import ImportProgress
from mox.webaccount.importuploads import ImportUploads
from mox.webaccount.keys import Keys
from mox.webaccount.mailboxes import Mailboxes
from mox.webaccount.parts import AccountParts
from mox.webaccount.passwords import Passwords
from mox.webaccount.sending import SendingSettings
from mox.webaccount.signingin import SigningIn
from mox.webaccount.suppressions import SuppressionList

__all__ = ["account_api", "account_app", "account_door"]

_DESCRIPTION = """What the account pages can do, a script can do. Sign in with `prepare_login` and `login`;
keep the cookies; send the token that `login` and `session` return in the header that is named below with
each request that changes something.

Mail moves in and out as octets, not as JSON, beside the API. `POST ../import?name=mail.tgz` takes an archive
as the body (also `skip_prefix=`, `mailbox=` and `skip_present=1`) and answers with a `token`;
`GET ../importprogress?token=` tells how far it is, as a stream of events. `POST ../export` takes a form with
`csrf`, `format` (maildir or mbox), `archive` (none, tar, tgz or zip), `mailbox` and `recursive`, or
`messageids`, and answers with the file."""


# Scripts of single sections, which are read when these are shown.
_LATER = ("account/pages/", "account/keys/")


def account_door(parts: AccountParts) -> WebDoor:
    """Make the door that people come in by."""
    return WebDoor(
        kind="account",
        service=Service.ACCOUNT,
        identities=parts.identities,
        login_disabled=parts.accounts.login_disabled,
        clock=parts.clock,
    )


def account_api(parts: AccountParts, door: WebDoor) -> Api:
    """Make the API."""

    async def guard(request: Request, operation: Operation) -> object:
        if operation.is_open:
            check_origin(request)
            return request
        return await door.admit(request)

    return Api(
        title="mox account",
        version=parts.version,
        description=" ".join(_DESCRIPTION.split()),
        operations=[
            *SigningIn(parts, door).operations(),
            *Identity(parts).operations(),
            *Addresses(parts).operations(),
            *Passwords(parts, door).operations(),
            *Keys(parts).operations(),
            *DeviceSetups(parts).operations(),
            *LoginAttempts(parts).operations(),
            *SuppressionList(parts).operations(),
            *SendingSettings(parts).operations(),
            *Filtering(parts).operations(),
            *Developers(parts).operations(),
            *Importing(parts).operations(),
            *Mailboxes(parts).operations(),
        ],
        guard=guard,
        security={
            "session": {"type": "apiKey", "in": "cookie", "name": door.cookie_name},
            "csrf": {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
        },
    )


def account_app(parts: AccountParts) -> ASGIApp:
    """Make the site.

    Raises:
        OSError: Its files cannot be read.
    """
    door = account_door(parts)
    contents = read_files("mox.http", "shared") | read_files("mox.webaccount", "account")
    index = contents.pop("account/index.html")
    static = StaticFiles(contents)
    page = StaticPage.of("index.html", _with_addresses(index, static))
    licenses = StaticPage.of("licenses.txt", contents["shared/licenses.txt"])
    icon = StaticPage.of("favicon.svg", contents["shared/favicon.svg"])

    async def show_page(request: Request) -> Response:
        return page.answer(request)

    async def show_licenses(request: Request) -> Response:
        return licenses.answer(request)

    async def show_icon(request: Request) -> Response:
        return icon.answer(request)

    return Router(
        [
            Route("/", show_page),
            Route("/licenses.txt", show_licenses),
            Route("/favicon.ico", show_icon),
            Route("/assets/{version}/{name:path}", static.answer),
            *ImportUploads(parts, door).routes(),
            *ImportProgress(parts).routes(),
            *Exporting(parts, door).routes(),
            *account_api(parts, door).routes("/api/"),
        ]
    )


def _with_addresses(index: bytes, static: StaticFiles) -> bytes:
    """Fill in where the files are; what every page needs is asked for at once, not one after the other."""
    root = f"assets/{static.version}"
    needed = [name for name in static.names(".js") if not name.startswith(_LATER)]
    preload = "\n".join(f'<link rel="modulepreload" href="{root}/{name}">' for name in needed)
    return index.replace(b"{assets}", root.encode()).replace(b"<!-- preload -->", preload.encode())
