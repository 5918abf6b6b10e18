"""Connections: TLS on any asyncio transport, a bounded line connection, STARTTLS in place.

RFC 8446 and 5246 (TLS, by OpenSSL), 7301 (ALPN), 6066 (server name), 5929 and 9266 (channel bindings),
3207 (STARTTLS), 9525 (names in certificates), 1928 (SOCKS5, as a client). It does not resolve names, does
not decide which certificates to trust, does not speak any mail protocol, and clients do not resume sessions
(so that every verdict sees the whole chain). Works on asyncio and uvloop, selector and proactor loops.

    conn = await connect("192.0.2.1", 25, timeout=30)
    conn.read_timeout = conn.write_timeout = 300
    greeting = await conn.readline(512)
    conn.write(b"EHLO ...")
    await conn.start_tls(client_context(), server=False, hostname="mx.example", verdict=verdict)

A server gives `create_server` a callable making ``LineConn(loop, opened)``, or
``TLSTransport(loop, context, lambda info: LineConn(loop, opened), server=True)``.

Waiting methods raise `TimeoutError`, `ConnectionError` (`TLSError` among them) and, for lines, `LineTooLong`;
making contexts raises `ValueError`.
"""

from moxkit.net.chains import build_path, is_named
from moxkit.net.clienthello import ClientHello
from moxkit.net.clientkeys import minimal_certificate
from moxkit.net.connect import ImplicitTLS, connect
from moxkit.net.contexts import (
    ClientJudge,
    HelloSelector,
    Selector,
    TLSContext,
    TLSVersion,
    client_context,
    server_context,
)
from moxkit.net.errors import LineTooLong, TLSError
from moxkit.net.lineconn import LineConn
from moxkit.net.socks import SocksError, SocksProxy, connect_by_socks
from moxkit.net.tlsinfo import TLSInfo, spki_of
from moxkit.net.tlstransport import TLSTransport, Verdict
from moxkit.net.webpki import system_roots, webpki_verdict

__all__ = [
    "ClientHello",
    "ClientJudge",
    "HelloSelector",
    "ImplicitTLS",
    "LineConn",
    "LineTooLong",
    "Selector",
    "SocksError",
    "SocksProxy",
    "TLSContext",
    "TLSError",
    "TLSInfo",
    "TLSTransport",
    "TLSVersion",
    "Verdict",
    "build_path",
    "client_context",
    "connect",
    "connect_by_socks",
    "is_named",
    "minimal_certificate",
    "server_context",
    "spki_of",
    "system_roots",
    "webpki_verdict",
]
