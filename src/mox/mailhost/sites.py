"""The applications: which domain is asked about, and the answer."""

import asyncio
import io
from collections.abc import Callable
from urllib.parse import urlencode

import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mox.config import ClientServer, ClientSettings, ConfigSnapshot, DomainConfig, client_settings
from mox.http import ProblemError, host_of, is_local_host, read_body
from mox.mailhost.autoconfig import autoconfig
from mox.mailhost.autodiscover import (
    MAX_REQUEST_OCTETS,
    RequestError,
    autodiscover,
    requested_address,
)
from mox.mailhost.mobileconfig import profile, profile_name
from moxkit.domain import DomainError, parse_domain
from moxkit.mtasts import Mode, Policy

__all__ = ["POLICY_PATH", "SETTINGS_PATHS", "MailHost"]

_AUTOCONFIG = "/mail/config-v1.1.xml"
_PROFILE, _PROFILE_CODE = "/profile.mobileconfig", "/profile.mobileconfig.qrcode.png"
SETTINGS_PATHS = (
    _AUTOCONFIG,
    # As Thunderbird asks the domain itself.
    "/.well-known/autoconfig/mail/config-v1.1.xml",
    # Outlook writes it in both ways.
    "/autodiscover/autodiscover.xml",
    "/Autodiscover/Autodiscover.xml",
    _PROFILE,
    _PROFILE_CODE,
)
"""Where settings are asked for."""
POLICY_PATH = "/.well-known/mta-sts.txt"
_POLICY_PREFIX, _SETTINGS_PREFIX = "mta-sts.", "autoconfig."
_LONGEST_ADDRESS, _MOST_ADDRESSES, _LONGEST_NAME = 320, 20, 200
_PIXELS = 6
# A camera reads it from a screen, and it takes 30 ms.
_LONGEST_CODE = 600


class MailHost:
    """Answers for all domains of the configuration, whatever it is at the time."""

    def __init__(self, *, current: Callable[[], ConfigSnapshot]) -> None:
        self._current = current

    def serves_policy(self, host: str) -> bool:
        """Say whether a host has, or could have, an MTA-STS policy."""
        return host.startswith(_POLICY_PREFIX)

    def serves_settings(self, host: str) -> bool:
        """Say whether settings are to be had at a host: `autoconfig.` or not, ours or a domain of ours."""
        config = self._current()
        host = host.removeprefix(_SETTINGS_PREFIX)
        public = config.static.listeners.get("public")
        names = {config.static.hostname, *([public.hostname] if public and public.hostname else [])}
        return (
            is_local_host(host)
            or host in {parse_domain(name).ascii for name in names}
            or (host in config.domains and host not in config.reports_only)
        )

    async def policy(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the policy of a domain (RFC 8461 §3.2, §3.3)."""
        request = Request(scope, receive)
        _check_method(request, "GET", "HEAD")
        config = self._current()
        name = host_of(request.headers.get("host", "")).removeprefix(_POLICY_PREFIX)
        domain = config.domains.get(name)
        if domain is None or domain.mtasts is None:
            raise ProblemError(404, "This domain has no MTA-STS policy.")
        hosts = domain.mtasts.mx or (config.static.hostname,)
        text = str(Policy(Mode(domain.mtasts.mode), domain.mtasts.max_age, tuple(map(_pattern, hosts))))
        headers = {"cache-control": "no-cache, max-age=0"}
        await Response(text, headers=headers, media_type="text/plain")(scope, receive, send)

    async def settings(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for settings, at one of `SETTINGS_PATHS`."""
        request = Request(scope, receive)
        path = request.scope["path"]
        if path.lower().startswith("/autodiscover"):
            response = await self._autodiscover(request)
        elif path == _PROFILE:
            response = self._profile(request)
        elif path == _PROFILE_CODE:
            response = await self._profile_code(request)
        else:
            response = self._autoconfig(request)
        await response(scope, receive, send)

    def _autoconfig(self, request: Request) -> Response:
        address = request.query_params.get("emailaddress", "")
        if address:
            name, domain = self._domain_of(address)
        else:
            host = host_of(request.headers.get("host", "")).removeprefix(_SETTINGS_PREFIX)
            name, domain = self._domain(host)
            address = "%EMAILADDRESS%"
        settings = self._settings(domain)
        return Response(autoconfig(address, name, settings), media_type="application/xml")

    async def _autodiscover(self, request: Request) -> Response:
        _check_method(request, "POST")
        try:
            address = requested_address(await read_body(request, MAX_REQUEST_OCTETS))
        except RequestError as error:
            raise ProblemError(400, f"This is no request of autodiscover: {error}.") from error
        _, domain = self._domain_of(address)
        text = autodiscover(address, *self._best(domain))
        return Response(text, media_type="application/xml")

    def _profile(self, request: Request) -> Response:
        _check_method(request, "GET", "HEAD")
        addresses, name, domain = self._wanted_profile(request)
        imap, submission = self._best(domain[1])
        return Response(
            profile(addresses, name, domain=domain[0], imap=imap, submission=submission),
            media_type="application/x-apple-aspen-config",
            headers={"content-disposition": f'attachment; filename="{profile_name(addresses[0])}"'},
        )

    async def _profile_code(self, request: Request) -> Response:
        """Return a QR code of the profile's address, for a device with a camera."""
        _check_method(request, "GET", "HEAD")
        addresses, name, _ = self._wanted_profile(request)
        query = urlencode({"addresses": ",".join(addresses), **({"name": name} if name else {})})
        url = f"{request.url.scheme}://{request.headers.get('host', '')}{_PROFILE}?{query}"
        # Anybody may ask: what takes long to draw is not drawn, and nobody waits for it.
        if len(url) > _LONGEST_CODE:
            raise ProblemError(400, "There are too many addresses for a QR code.")
        return Response(await asyncio.to_thread(_code, url), media_type="image/png")

    def _wanted_profile(self, request: Request) -> tuple[list[str], str, tuple[str, DomainConfig]]:
        addresses = [each.strip() for each in request.query_params.get("addresses", "").split(",")]
        name = request.query_params.get("name", "")
        if len(addresses) > _MOST_ADDRESSES or len(name) > _LONGEST_NAME or not _is_text(name):
            raise ProblemError(400, "These are too many addresses, or a name that is none.")
        domains = [self._domain_of(address) for address in addresses]
        return addresses, name, domains[0]

    def _domain_of(self, address: str) -> tuple[str, DomainConfig]:
        localpart, _, name = address.rpartition("@")
        if not localpart or len(address) > _LONGEST_ADDRESS or not _is_text(address):
            raise ProblemError(400, "An address is missing, or is none.")
        return self._domain(name)

    def _domain(self, name: str) -> tuple[str, DomainConfig]:
        config = self._current()
        try:
            ascii_name = parse_domain(name).ascii
        except DomainError as error:
            raise ProblemError(400, "An address is missing, or is none.") from error
        domain = config.domains.get(ascii_name)
        if domain is None or ascii_name in config.reports_only:
            raise ProblemError(400, f"{ascii_name} is not a domain of this server.")
        return ascii_name, domain

    def _settings(self, domain: DomainConfig) -> ClientSettings:
        found = client_settings(self._current().static, domain)
        if not found.imap or not found.submission:
            raise ProblemError(400, "There are no servers for mail programs here.")
        return found

    def _best(self, domain: DomainConfig) -> tuple[ClientServer, ClientServer]:
        found = self._settings(domain)
        return found.imap[0], found.submission[0]


def _code(url: str) -> bytes:
    image = io.BytesIO()
    segno.make_qr(url, error="l").save(image, kind="png", scale=_PIXELS)
    return image.getvalue()


def _check_method(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise ProblemError(405, "This address is not for that.", allow=", ".join(methods))


def _is_text(text: str) -> bool:
    """Say whether it can stand in XML."""
    return all(each.isprintable() for each in text)


def _pattern(host: str) -> str:
    """Return a host, or `*.` and a domain, in ASCII."""
    wildcard = "*." if host.startswith("*.") else ""
    return f"{wildcard}{parse_domain(host.removeprefix('*.')).ascii}"
