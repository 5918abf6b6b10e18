"""Asking a list for an address (RFC 5782 §2.1, §2.4)."""

import logging
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address

from moxkit.dns import Address, DnsError, NotFound, Resolver, TemporaryFailure
from moxkit.domain import Domain

__all__ = ["Result", "Status", "ask", "lookup"]

logger = logging.getLogger(__name__)

_LISTED = IPv4Network("127.0.0.0/8")
# What lists answer to those they do not serve: open resolvers, too many queries, a name that does not exist.
_REFUSED = IPv4Network("127.255.255.0/24")
_MAX_EXPLANATION = 500
_MAX_CODES = 32


class Status(StrEnum):
    """Whether an address is listed; to be on a list is to fail."""

    PASS = "pass"  # noqa: S105  not a password
    FAIL = "fail"
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class Result:
    """What a list says about an address.

    Attributes:
        codes: Its answers, whose meaning is the list's own (RFC 5782 §2.3); only those of a listing.
        explanation: Of the list about a listing: printable ASCII, at most 500 characters, a stranger's words.
        problem: Why there is no answer, for people; empty when there is one.
        authentic: Whether DNSSEC has validated the answer that `status` rests on.
    """

    status: Status
    codes: tuple[IPv4Address, ...] = ()
    explanation: str = ""
    problem: str = ""
    authentic: bool = False


async def lookup(resolver: Resolver, zone: Domain, ip: Address) -> Result:
    """Ask a list whether it has an address; an IPv4 address in IPv6 clothes is asked for as IPv4.

    It asks two questions at most; how long that may take is up to the caller (``asyncio.timeout``).
    """
    ip = (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip
    result = await ask(resolver, zone, ip)
    logger.debug("dnsbl looked up", extra={"zone": zone.ascii, "ip": str(ip), "status": result.status.value})
    return result


async def ask(resolver: Resolver, zone: Domain, ip: Address) -> Result:
    """Ask for an address as it is; mapped ones are entries for tests (RFC 5782 §5)."""
    # 4.3.2.1.<zone>, or 32 nibbles (RFC 5782 §2.4): as in reverse DNS, of which the last two labels go.
    name = f"{ip.reverse_pointer.rsplit('.', 2)[0]}.{zone.ascii}"
    if len(name) > 253:
        return Result(Status.TEMPERROR, problem="the name of the list is too long for this address")
    try:
        answer = await resolver.a(name)
    except NotFound as missing:
        return Result(Status.PASS, authentic=missing.authentic)
    except TemporaryFailure as failure:
        return Result(Status.TEMPERROR, problem=f"no answer from DNS: {failure}")
    codes = tuple(code for code in answer.records if isinstance(code, IPv4Address))[:_MAX_CODES]
    if problem := _find_problem(codes):
        return Result(Status.TEMPERROR, problem=problem, authentic=answer.authentic)
    listed = tuple(code for code in codes if code in _LISTED)
    return Result(Status.FAIL, listed, await _explain(resolver, name), authentic=answer.authentic)


def _find_problem(codes: tuple[IPv4Address, ...]) -> str:
    """Return why these answers are no listing; empty if they are one."""
    for code in codes:
        if code in _REFUSED:
            return f"the list refuses to answer us ({code})"
    # A list that is no more, or a resolver that redirects: all the world would be listed (RFC 5782 §2.1).
    if not any(code in _LISTED for code in codes):
        return f"the answer is not one of a list ({', '.join(map(str, codes[:3]))})"
    return ""


async def _explain(resolver: Resolver, name: str) -> str:
    """Return what the list says about a listing; empty if nothing, the listing counts all the same."""
    try:
        texts = (await resolver.txt(name)).records
    except DnsError:
        return ""
    text = "; ".join(text[:_MAX_EXPLANATION] for text in texts[:4])[:_MAX_EXPLANATION]
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in text)
