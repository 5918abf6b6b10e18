"""A recursive resolver on loopback that answers from zone text, for tests of whole programs."""

import asyncio
import contextlib
import struct
import threading
from collections.abc import Callable, Collection, Iterator
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from moxkit.dns import Mx, NotFound, RecordType, Srv, TemporaryFailure, Tlsa
from moxkit.testing.resolver import FakeResolver

__all__ = ["serve_zone"]

_UDP_OCTETS = 1232


@contextlib.contextmanager
def serve_zone(
    zone: str, *, authentic: bool | Collection[str] = False, temporary: Collection[str] = ()
) -> Iterator[str]:
    """Answer queries over UDP and TCP in a thread of its own; arguments as for `FakeResolver`.

    Yields:
        Where it listens, as ``127.0.0.1:port``.
    """
    resolver = FakeResolver(zone, authentic=authentic, temporary=temporary)
    ready: threading.Event = threading.Event()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Event, int]] = []

    async def serve() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        tcp = await asyncio.start_server(lambda r, w: _serve_tcp(resolver, r, w), "127.0.0.1", 0)
        port = tcp.sockets[0].getsockname()[1]
        udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(resolver), ("127.0.0.1", port))
        running.append((loop, ended, port))
        ready.set()
        async with tcp:
            await ended.wait()
        udp.close()
        # The transport is freed by the loop, once more around.
        await asyncio.sleep(0)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    if not ready.wait(10):
        raise OSError("the name server did not start")
    loop, ended, port = running[0]
    try:
        yield f"127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, resolver: FakeResolver) -> None:
        self._resolver = resolver
        self._transport: asyncio.DatagramTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override] # datagram
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        task = asyncio.get_running_loop().create_task(self._answer(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        answer = await _respond(self._resolver, data)
        if answer is None or self._transport is None:
            return
        self._transport.sendto(answer.to_wire(max_size=_UDP_OCTETS, prefer_truncation=True), addr)


async def _serve_tcp(
    resolver: FakeResolver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError):
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        answer = await _respond(resolver, await reader.readexactly(length))
        if answer is not None:
            wire = answer.to_wire(max_size=65535)
            writer.write(struct.pack("!H", len(wire)) + wire)
    writer.close()
    await writer.wait_closed()


async def _respond(resolver: FakeResolver, data: bytes) -> dns.message.Message | None:
    try:
        query = dns.message.from_wire(data)
        question = query.question[0]
        kind = RecordType(dns.rdatatype.to_text(question.rdtype))
    except (dns.exception.DNSException, ValueError, IndexError):
        return None
    answer = dns.message.make_response(query, recursion_available=True)
    try:
        found = await resolver.lookup(question.name.to_text(), kind)
    except TemporaryFailure:
        answer.set_rcode(dns.rcode.SERVFAIL)
        return answer
    except NotFound as missing:
        answer.set_rcode(dns.rcode.NXDOMAIN)
        authentic = missing.authentic
    else:
        texts = [_TEXT.get(kind, str)(record) for record in found.records]
        answer.answer.append(dns.rrset.from_text_list(question.name, found.ttl, "IN", kind.value, texts))
        authentic = found.authentic
    if authentic:
        answer.flags |= dns.flags.AD
    return answer


def _host(name: str) -> str:
    return name.rstrip(".") + "."


def _quoted(text: str) -> str:
    octets = text.encode("utf-8", "surrogateescape")
    strings = [octets[at : at + 255] for at in range(0, len(octets), 255)] or [b""]
    return " ".join('"' + "".join(f"\\{octet:03}" for octet in string) + '"' for string in strings)


def _mx(record: Mx) -> str:
    return f"{record.preference} {_host(record.host)}"


def _srv(record: Srv) -> str:
    return f"{record.priority} {record.weight} {record.port} {_host(record.host)}"


def _tlsa(record: Tlsa) -> str:
    return f"{record.usage} {record.selector} {record.matching_type} {record.data.hex()}"


_TEXT: dict[RecordType, Callable[[Any], str]] = {
    RecordType.CNAME: _host,
    RecordType.MX: _mx,
    RecordType.NS: _host,
    RecordType.PTR: _host,
    RecordType.SRV: _srv,
    RecordType.TLSA: _tlsa,
    RecordType.TXT: _quoted,
}
