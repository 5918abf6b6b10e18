"""What a client says first (RFC 8446 §4.1.2): the server name and the protocols that it wants. Pure.

OpenSSL tells the server name before it chooses a certificate, and the protocols (ALPN) only after. Where a
certificate depends on both, the octets are read here before OpenSSL gets them.
"""

from dataclasses import dataclass

__all__ = ["MAX_HELLO_OCTETS", "ClientHello", "HelloIncompleteError", "parse_client_hello"]

MAX_HELLO_OCTETS = 16384
"""More than any client sends; who sends more is not looked at."""
# A hello is read again after each piece: many tiny records would make that expensive.
_MOST_RECORDS = 8

_HANDSHAKE, _CLIENT_HELLO = 22, 1
_SERVER_NAME, _ALPN = 0, 16
_HOST_NAME = 0


class HelloIncompleteError(Exception):
    """There is more to come."""


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What the client wants; untrusted.

    Attributes:
        server_name: In lower case; `None` without (RFC 6066 §3).
        alpn: Application protocols, best first (RFC 7301 §3.1).
    """

    server_name: str | None
    alpn: tuple[str, ...]


def parse_client_hello(octets: bytes) -> ClientHello | None:
    """Read the first octets of a connection; `None` if they are not a TLS client's.

    Raises:
        HelloIncompleteError: The client has not said all yet.
    """
    try:
        message = _message(octets)
        return None if message is None else _hello(message)
    except (_ShortError, UnicodeDecodeError):
        return None


class _ShortError(Exception):
    """Something promises more octets than there are."""


class _Reader:
    """Takes octets from the front."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._octets)

    def take(self, count: int) -> bytes:
        taken = self._octets[self._at : self._at + count]
        if len(taken) < count:
            raise _ShortError
        self._at += count
        return taken

    def number(self, octets: int) -> int:
        return int.from_bytes(self.take(octets), "big")

    def vector(self, length_octets: int) -> bytes:
        """Take what follows its own length (RFC 8446 §3.4)."""
        return self.take(self.number(length_octets))


def _message(octets: bytes) -> bytes | None:
    """Join the records that the ClientHello is in (RFC 8446 §5.1); return its body.

    Raises:
        HelloIncompleteError: There is more to come.
    """
    reader, joined, records = _Reader(octets), b"", 0
    try:
        while reader:
            records += 1
            if records > _MOST_RECORDS:
                return None
            if reader.number(1) != _HANDSHAKE:
                return None
            if reader.number(2) >> 8 != 3:
                return None
            joined += reader.vector(2)
            if joined and joined[0] != _CLIENT_HELLO:
                return None
            if len(joined) >= 4 and len(joined) >= 4 + (length := int.from_bytes(joined[1:4], "big")):
                return joined[4 : 4 + length]
    except _ShortError:
        pass
    if len(octets) >= MAX_HELLO_OCTETS:
        return None
    raise HelloIncompleteError


def _hello(message: bytes) -> ClientHello:
    """Read a ClientHello's body.

    Raises:
        _ShortError, UnicodeDecodeError: It is none.
    """
    reader = _Reader(message)
    reader.take(2 + 32)  # version, random
    reader.vector(1)  # session
    reader.vector(2)  # cipher suites
    reader.vector(1)  # compression
    name: str | None = None
    alpn: tuple[str, ...] = ()
    extensions = _Reader(reader.vector(2)) if reader else _Reader(b"")
    while extensions:
        kind, data = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            name = _server_name(data)
        elif kind == _ALPN:
            alpn = _protocols(data)
    return ClientHello(name, alpn)


def _server_name(data: bytes) -> str | None:
    names = _Reader(_Reader(data).vector(2))
    while names:
        kind, name = names.number(1), names.vector(2)
        if kind == _HOST_NAME:
            return name.decode("ascii").lower()
    return None


def _protocols(data: bytes) -> tuple[str, ...]:
    protocols, found = _Reader(_Reader(data).vector(2)), []
    while protocols:
        found.append(protocols.vector(1).decode("ascii", "replace"))
    return tuple(found)
