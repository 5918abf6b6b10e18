"""The resolver for real: several name servers, retries, a cache. dnspython makes and parses messages only."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from moxkit.dns.answer import Answer, ExtendedError, NotFound, TemporaryFailure
from moxkit.dns.bytype import RecordType, ResolverByType
from moxkit.dns.cache import Cache
from moxkit.dns.exchange import Exchange, NameServer
from moxkit.dns.records import read_record
from moxkit.dns.special import special_answer
from moxkit.dns.system import system_servers, trusts_ad
from moxkit.dns.tlsarecords import read_tlsa

__all__ = ["DnsResolver"]

logger = logging.getLogger(__name__)

# Passes unfragmented everywhere (RFC 9715 §3, DNS flag day 2020).
_UDP_OCTETS = 1232
_MAX_EXTENDED = 5


class DnsResolver(ResolverByType):
    """Asks recursive resolvers, by default those the machine is configured with."""

    __slots__ = ("_attempts", "_cache", "_exchanges", "_timeout_s", "_trust_ad")

    def __init__(
        self,
        *,
        servers: Sequence[NameServer] | None = None,
        trust_ad: bool = False,
        timeout_s: float = 2.0,
        attempts: int = 3,
        max_cached: int = 10_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; nothing is asked or opened yet.

        Args:
            servers: Asked in order; `None` reads the system's configuration, ``options trust-ad`` included.
            trust_ad: Believe the AD bit of name servers that are not on this machine, because the way to
                them is secured (RFC 4035 §4.9.3).
            timeout_s: For one query to one server.
            attempts: How many times the servers are gone through.
            max_cached: Bound of the cache.
            monotonic: Seconds, for the cache.

        Raises:
            OSError: There is no configuration of the system, or it names no server.
        """
        if servers is None:
            servers, trust_ad = system_servers(), trust_ad or trusts_ad()
        self._exchanges = [Exchange(server) for server in servers]
        self._cache = Cache(max_entries=max_cached, monotonic=monotonic)
        self._trust_ad = trust_ad
        self._timeout_s = timeout_s
        self._attempts = attempts

    async def lookup(self, name: str, kind: RecordType) -> Answer[Any]:
        """Return the records of this type; see `ResolverByType.lookup`."""
        # What is cached stands there as it is written, but for the case.
        key = (name.removesuffix(".").lower(), kind)
        if (answer := special_answer(*key)) is not None:
            return answer
        answer = self._cache.get(key)
        if answer is None:
            absolute = _absolute(name)
            key = (absolute.to_text(omit_final_dot=True).lower(), kind)
            answer = self._cache.get(key)
            if answer is None:
                answer = await self._ask(absolute, kind)
                self._cache.put(key, answer)
        if not answer.records:
            raise NotFound(key[0], authentic=answer.authentic)
        return answer

    def close(self) -> None:
        """Close sockets; the resolver can still be used and opens new ones."""
        for exchange in self._exchanges:
            exchange.close()

    async def _ask(self, name: dns.name.Name, kind: RecordType) -> Answer[Any]:
        problem = "no name server"
        extended: tuple[ExtendedError, ...] = ()
        for _ in range(self._attempts):
            for exchange in self._exchanges:
                query = dns.message.make_query(
                    name, kind.value, use_edns=0, payload=_UDP_OCTETS, flags=dns.flags.RD | dns.flags.AD
                )
                try:
                    message = await exchange.ask(query, self._timeout_s)
                    if message.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
                        trusted = self._trust_ad or exchange.server.is_local
                        return _read(message, kind, authentic=trusted and bool(message.flags & dns.flags.AD))
                    problem, extended = dns.rcode.to_text(message.rcode()).lower(), _extended_errors(message)
                except TimeoutError:
                    problem = "timeout"
                except (OSError, dns.exception.DNSException) as error:
                    problem = str(error) or type(error).__name__
                logger.debug(
                    "dns query failed",
                    extra={"qname": str(name), "server": exchange.server.address, "reason": problem},
                )
        said = "".join(f"; {error}" for error in extended)
        raise TemporaryFailure(f"{name} {kind}: {problem}{said}", extended=extended)


def _absolute(name: str) -> dns.name.Name:
    """Take the name as absolute, whether it ends in a dot or not: there is no search list."""
    try:
        return dns.name.from_text(name.encode("ascii").decode(), origin=dns.name.root)
    except (dns.exception.DNSException, UnicodeError, ValueError):
        # Not in DNS, so it does not exist there.
        raise NotFound(name) from None


def _read(message: dns.message.Message, kind: RecordType, *, authentic: bool) -> Answer[Any]:
    """Follow aliases inside the answer and convert the records; none for a negative answer."""
    if not isinstance(message, dns.message.QueryMessage):
        raise OSError("name server sent something else than an answer")
    # Raises for alias loops and for NXDOMAIN with records.
    chain = message.resolve_chaining()
    records: tuple[Any, ...]
    if kind is RecordType.TLSA:
        records = read_tlsa(message.wire or b"", chain.canonical_name)
    else:
        records = () if chain.answer is None else tuple(read_record(kind, each) for each in chain.answer)
    ttl = chain.minimum_ttl
    if not records and not any(each.rdtype == dns.rdatatype.SOA for each in message.authority):
        # RFC 2308 §5: a negative answer without SOA must not be cached.
        ttl = 0
    return Answer(records, authentic, ttl)


def _extended_errors(message: dns.message.Message) -> tuple[ExtendedError, ...]:
    found = []
    for option in message.options[:_MAX_EXTENDED]:
        if isinstance(option, dns.edns.EDEOption):
            text = "".join(character for character in option.text or "" if character.isprintable())
            found.append(ExtendedError(int(option.code), text[:200]))
    return tuple(found)
