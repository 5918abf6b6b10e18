"""Sending a query to one name server and getting its answer: UDP first, TCP when it is truncated.

A forged answer must guess the id, the port and the question (RFC 5452 §9). A name server on this machine gets
one socket for many queries; towards others each query has a socket, so a port, of its own.
"""

import asyncio
import re
import struct
from dataclasses import dataclass
from ipaddress import ip_address

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype

__all__ = ["Exchange", "NameServer", "parse_name_server"]

# How many queries share a port of a name server on this machine.
_QUERIES_PER_PORT = 1000
# An IPv6 address with a port is in brackets (RFC 5952 §6).
_NAME_SERVER = re.compile(
    r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::([0-9]{1,5}))?|([0-9A-Fa-f:.]+)",
)


@dataclass(frozen=True, slots=True)
class NameServer:
    """Address of a recursive resolver."""

    address: str
    port: int = 53

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, so that nobody else can answer in its place."""
        return ip_address(self.address).is_loopback


def parse_name_server(text: str) -> NameServer:
    """Read ``address`` or ``address:port``; an IPv6 address with a port is in brackets.

    Raises:
        ValueError: It is neither.
    """
    if (found := _NAME_SERVER.fullmatch(text)) is None:
        raise ValueError(f"{text!r} is no address with or without port")
    bracketed, dotted, port, bare = found.groups()
    server = NameServer(str(ip_address(bracketed or dotted or bare)), int(port or 53))
    if not 0 < server.port < 65536:
        raise ValueError(f"{text!r} has a port that does not exist")
    return server


class _Endpoint(asyncio.DatagramProtocol):
    """One UDP socket; answers find their query by id."""

    __slots__ = ("pending", "transport", "used")

    def __init__(self) -> None:
        self.pending: dict[int, tuple[dns.message.Message, asyncio.Future[dns.message.Message]]] = {}
        self.transport: asyncio.DatagramTransport | None = None
        self.used = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # datagram
        self.transport = transport

    def datagram_received(self, data: bytes, _addr: tuple[str | int, ...]) -> None:
        waiting = self.pending.get(int.from_bytes(data[:2])) if len(data) >= 12 else None
        if waiting is None:
            return
        query, answered = waiting
        answer = _parse(query, data)
        # What does not fit is noise or forged: go on waiting for the real one (RFC 5452 §9.1).
        if answer is not None and not answered.done():
            answered.set_result(answer)

    def error_received(self, exc: Exception) -> None:
        self._fail(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._fail(OSError(f"name server socket closed: {exc}" if exc else "name server socket closed"))

    def _fail(self, error: Exception) -> None:
        for _, answered in self.pending.values():
            if not answered.done():
                answered.set_exception(error)


class Exchange:
    """Queries to one name server."""

    __slots__ = ("_endpoint", "_opening", "server")

    def __init__(self, server: NameServer) -> None:
        self.server = server
        self._endpoint: _Endpoint | None = None
        self._opening = asyncio.Lock()

    async def ask(self, query: dns.message.Message, timeout_s: float) -> dns.message.Message:
        """Return the answer to `query`.

        Raises:
            OSError: The name server cannot be reached or did not answer in time (`TimeoutError`).
        """
        async with asyncio.timeout(timeout_s):
            answer = await self._ask_by_udp(query)
        if answer.flags & dns.flags.TC:
            async with asyncio.timeout(timeout_s):
                return await self._ask_by_tcp(query)
        return answer

    def close(self) -> None:
        """Close the shared socket; a query in flight fails."""
        endpoint, self._endpoint = self._endpoint, None
        if endpoint is not None and endpoint.transport is not None:
            endpoint.transport.close()

    async def _ask_by_udp(self, query: dns.message.Message) -> dns.message.Message:
        endpoint = await self._take_endpoint()
        answered: asyncio.Future[dns.message.Message] = asyncio.get_running_loop().create_future()
        while query.id in endpoint.pending:
            query.id = dns.message.make_query(".", "NS").id
        endpoint.pending[query.id] = (query, answered)
        try:
            if endpoint.transport is None:
                raise OSError("name server socket closed")
            endpoint.transport.sendto(query.to_wire())
            return await answered
        finally:
            del endpoint.pending[query.id]
            if endpoint is not self._endpoint and not endpoint.pending and endpoint.transport is not None:
                endpoint.transport.close()

    async def _take_endpoint(self) -> _Endpoint:
        if not self.server.is_local:
            return await self._open()
        # Locked, so that a burst of first queries opens one socket.
        async with self._opening:
            endpoint = self._endpoint
            if endpoint is None or endpoint.transport is None or endpoint.used >= _QUERIES_PER_PORT:
                self._endpoint, retired = await self._open(), endpoint
                if retired is not None and not retired.pending and retired.transport is not None:
                    retired.transport.close()
                endpoint = self._endpoint
            endpoint.used += 1
            return endpoint

    async def _open(self) -> _Endpoint:
        loop = asyncio.get_running_loop()
        _, endpoint = await loop.create_datagram_endpoint(
            _Endpoint, remote_addr=(self.server.address, self.server.port)
        )
        return endpoint

    async def _ask_by_tcp(self, query: dns.message.Message) -> dns.message.Message:
        # Two octets of length before each message (RFC 7766 §8), so an answer has at most 65535.
        reader, writer = await asyncio.open_connection(self.server.address, self.server.port)
        try:
            wire = query.to_wire()
            writer.write(struct.pack("!H", len(wire)) + wire)
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            answer = _parse(query, await reader.readexactly(length))
        except asyncio.IncompleteReadError:
            raise ConnectionResetError("name server closed the connection") from None
        finally:
            writer.close()
        if answer is None:
            raise OSError("name server sent something else than an answer")
        return answer


def _parse(query: dns.message.Message, wire: bytes) -> dns.message.Message | None:
    try:
        # TLSA records with data of the wrong length are errors here, but read by other means.
        answer = dns.message.from_wire(wire, continue_on_error=True)
    except (dns.exception.DNSException, ValueError):
        return None
    is_tlsa = bool(query.question) and query.question[0].rdtype == dns.rdatatype.TLSA
    if answer.errors and not is_tlsa:
        return None
    return answer if query.is_response(answer) else None
