"""What a mail program is to be told: servers, ports, and a profile for Apple's."""

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlencode

import segno

from mox.config import ConfigSnapshot, Security, client_settings
from mox.http import Caller, Operation, described
from mox.webaccount.parts import AccountParts
from moxkit.domain import parse_domain

__all__ = ["DeviceSetups"]

_HTTPS = 443
_PIXELS = 4
_LONGEST_CODE = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """A server that mail programs connect to."""

    protocol: str = field(metadata=described("imap or submission."))
    host: str
    port: int
    security: str = field(metadata=described("TLS, STARTTLS or plain."))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSetup:
    """How a device is set up for the account."""

    servers: tuple[MailServer, ...] = field(metadata=described("Of each protocol the best first."))
    logins: tuple[str, ...] = field(metadata=described("Addresses to sign in with."))
    profile_url: str = field(metadata=described("Where a device of Apple gets its settings; empty: nowhere."))
    profile_code: str = field(metadata=described("The same as a QR code, an image as a data URL."))


class DeviceSetups:
    """The operations."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts

    def operations(self) -> list[Operation]:
        """Return all of them."""
        return [
            Operation(
                method="GET",
                path="device-setup",
                summary="Servers for mail programs, and a profile for Apple's.",
                call=self.get_setup,
            )
        ]

    async def get_setup(self, caller: Caller) -> DeviceSetup:
        """Return how a device is set up."""
        config, account = self._parts.source.current, self._parts.settings(caller.account)
        domain = config.domains[parse_domain(account.domain).ascii]
        settings = client_settings(config.static, domain)
        logins = tuple(sorted(each for each in account.destinations if not each.startswith("@")))
        url = _profile_url(config, account.domain, logins, account.full_name)
        return DeviceSetup(
            servers=tuple(
                MailServer(
                    protocol=each.protocol, host=each.host, port=each.port, security=each.security.value
                )
                for each in (*settings.imap, *settings.submission)
                if each.security is not Security.NONE or not each.on_https
            ),
            logins=logins,
            profile_url=url,
            profile_code=await asyncio.to_thread(_code, url) if url else "",
        )


def _profile_url(config: ConfigSnapshot, domain: str, logins: tuple[str, ...], name: str) -> str:
    """Return where the profile is served to everybody; empty where it is not."""
    sites = [each.autoconfig_https for each in config.static.listeners.values()]
    served = [each for each in sites if each is not None and each.enabled]
    if not served or not logins:
        return ""
    # Behind a proxy it is the usual port.
    ports = {_HTTPS if each.non_tls else each.port for each in served}
    port = "" if _HTTPS in ports else f":{min(ports)}"
    query = urlencode({"addresses": ",".join(logins), **({"name": name} if name else {})})
    return f"https://autoconfig.{parse_domain(domain).ascii}{port}/profile.mobileconfig?{query}"


def _code(url: str) -> str:
    # With very many addresses no camera would read it.
    return str(segno.make_qr(url, error="l").png_data_uri(scale=_PIXELS)) if len(url) <= _LONGEST_CODE else ""
