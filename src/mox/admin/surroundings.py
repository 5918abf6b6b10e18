"""Looking at the machine and its place on the internet, before a mail server is set up on it.

What is found is told with what follows from it; nothing of it stops the setup. Reference quickstart.md §2.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from moxkit import dnsbl
from moxkit.dns import Address, DnsError, NotFound, Resolver
from moxkit.domain import Domain, parse_domain

__all__ = ["Finding", "Level", "Surroundings", "look_around"]

_LISTS = ("sbl.spamhaus.org", "bl.spamcop.net")
_LOOKUP_S, _DIAL_S = 5.0, 10.0
_SMTP_PORT = 25
# Who takes mail from everybody; only a connection is made.
_DIALED = "gmail.com"

_TEXTS = {
    "unverified": "They are not, or the resolver is elsewhere and not believed. Without it there is no DANE:"
    " mail to other servers can be read on its way by who answers in their place. Install unbound on this"
    " machine and name it in resolv.conf (nameserver 127.0.0.1).",
    "translated": "They are not of this machine, which is {}: addresses are translated in between. It has to"
    " pass ports 25, 465 and 993, and keep the addresses of clients, on which much is decided.",
    "reverse": "It is {}, and has to be {} alone: many servers refuse mail otherwise. Whoever rents out the"
    " address sets it.",
    "blocked": "There is none ({}). Many providers block the port until they are asked; or mail goes out by"
    " another server: see Transports in the configuration.",
}


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, and what was found."""

    what: str
    level: Level
    text: str = ""


@dataclass(slots=True)
class Surroundings:
    """What is known.

    Attributes:
        hostname: Of the mail host.
        ips: Its addresses, as DNS has them.
        listen_ips: To listen on.
        nat_ips: What others see instead of these.
        is_signed: The name of the host is signed (DNSSEC).
    """

    hostname: str
    ips: tuple[str, ...] = ()
    listen_ips: tuple[str, ...] = ()
    nat_ips: tuple[str, ...] = ()
    is_signed: bool = False
    findings: list[Finding] = field(default_factory=list)

    @property
    def has_warnings(self) -> bool:
        """Whether something is wrong that others will hold against us."""
        return any(each.level is Level.WARNING for each in self.findings)


async def look_around(
    resolver: Resolver, hostname: Domain, *, dials: bool, own: Sequence[str] | None = None
) -> Surroundings:
    """Look at DNS, addresses, reverse names, the way out and block lists.

    Args:
        resolver: To be asked.
        hostname: Of the mail host.
        dials: Try to connect to another mail server.
        own: Addresses of this machine; by default those of `hostname` that can be bound.
    """
    looking = _Looking(resolver, hostname, own)
    await looking.dnssec()
    await looking.addresses()
    if not looking.found.has_warnings:
        await looking.reverse_names()
    if dials:
        await looking.way_out()
    await looking.block_lists()
    return looking.found


class _Looking:
    def __init__(self, resolver: Resolver, hostname: Domain, own: Sequence[str] | None) -> None:
        self.found = Surroundings(hostname.ascii)
        self._resolver = resolver
        self._hostname = hostname
        self._own = own

    def _tell(self, what: str, level: Level, text: str = "") -> None:
        self.found.findings.append(Finding(what=what, level=level, text=text))

    async def dnssec(self) -> None:
        what = "DNSSEC: answers of the resolver are verified"
        try:
            async with asyncio.timeout(_LOOKUP_S):
                is_verified = (await self._resolver.ns("com.")).authentic
        except (DnsError, TimeoutError) as error:
            self._tell(what, Level.WARNING, f"DNS does not answer ({_words(error)}): check resolv.conf.")
            return
        if is_verified:
            self._tell(what, Level.OK)
        else:
            self._tell(
                what,
                Level.WARNING,
                _TEXTS["unverified"],
            )

    async def addresses(self) -> None:
        what = f"addresses of {self._hostname}"
        try:
            async with asyncio.timeout(_LOOKUP_S):
                answer = await self._resolver.ips(f"{self._hostname.ascii}.")
        except (DnsError, TimeoutError) as error:
            self.found.is_signed = isinstance(error, NotFound) and error.authentic
            self._tell(
                what,
                Level.WARNING,
                "DNS has none: add an A and an AAAA record, or name another host with --hostname."
                if isinstance(error, NotFound)
                else "DNS does not answer; they are not known.",
            )
            self.found.listen_ips = ("0.0.0.0", "::")  # noqa: S104  all there are
            return
        self.found.is_signed = answer.authentic
        ips = tuple(str(each) for each in answer.records if not each.is_loopback)
        if not ips:
            self._tell(what, Level.WARNING, "They are those of this machine only: look into /etc/hosts.")
            self.found.listen_ips = ("0.0.0.0", "::")  # noqa: S104  all there are
            return
        self.found.ips = ips
        self._tell(what, Level.OK, ", ".join(ips))
        if not answer.authentic:
            self._tell(
                what, Level.NOTE, "They are not signed by DNSSEC: DANE records are of no use to others yet."
            )
        self._choose_listeners(what)

    def _choose_listeners(self, what: str) -> None:
        found = self.found
        here = tuple(ip for ip in found.ips if (ip in self._own if self._own is not None else _is_here(ip)))
        if here:
            found.listen_ips = here
            return
        private = _way_out(found.ips[0])
        if private is not None and ipaddress.ip_address(private).is_private:
            found.listen_ips, found.nat_ips = (private,), found.ips
            self._tell(
                what,
                Level.NOTE,
                _TEXTS["translated"].format(private),
            )
        else:
            found.listen_ips = ("0.0.0.0", "::")  # noqa: S104  all there are
            self._tell(what, Level.WARNING, "They are not of this machine; it listens on all that it has.")

    async def reverse_names(self) -> None:
        for ip in self.found.ips:
            what = f"reverse name of {ip}"
            try:
                async with asyncio.timeout(_LOOKUP_S):
                    names = (await self._resolver.ptr(ipaddress.ip_address(ip))).records
            except (DnsError, TimeoutError):
                names = ()
            said = [name.rstrip(".").lower() for name in names]
            if said == [self._hostname.ascii]:
                self._tell(what, Level.OK, self._hostname.ascii)
            else:
                self._tell(
                    what,
                    Level.WARNING,
                    _TEXTS["reverse"].format(", ".join(said) or "missing", self._hostname.ascii),
                )

    async def way_out(self) -> None:
        what = "connections to mail servers (port 25)"
        try:
            async with asyncio.timeout(_LOOKUP_S + _DIAL_S):
                found = (await self._resolver.mx(f"{_DIALED}.")).records
                hosts = sorted(found, key=lambda each: each.preference)
                address = (await self._resolver.ips(hosts[0].host)).records[0]
                _reader, writer = await asyncio.open_connection(str(address), _SMTP_PORT)
                writer.close()
        except (DnsError, OSError, TimeoutError) as error:
            self._tell(
                what,
                Level.WARNING,
                _TEXTS["blocked"].format(_words(error)),
            )
        else:
            self._tell(what, Level.OK)

    async def block_lists(self) -> None:
        for ip in self.found.ips:
            for zone in _LISTS:
                what = f"{ip} on the block list {zone}"
                address: Address = ipaddress.ip_address(ip)
                try:
                    async with asyncio.timeout(_LOOKUP_S):
                        result = await dnsbl.lookup(self._resolver, parse_domain(zone), address)
                except TimeoutError:
                    continue
                if result.status is dnsbl.Status.FAIL:
                    self._tell(what, Level.WARNING, f"It is on it: {result.explanation or 'ask there why'}.")


def _words(error: Exception) -> str:
    return str(error) or "it is too slow"


def _is_here(ip: str) -> bool:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        try:
            tried.bind((ip, 0))
        except OSError:
            return False
    return True


def _way_out(to: str) -> str | None:
    """Return the address that packets to another leave with; none is sent."""
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as tried:
        try:
            tried.connect((to, _SMTP_PORT))
        except OSError:
            return None
        return str(tried.getsockname()[0])
