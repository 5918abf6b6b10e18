"""One GET: look up, connect to one address after the other, TLS, ask, read."""

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence

import h11
from cryptography import x509

from moxkit.dns import Address, NotFound, Resolver, TemporaryFailure
from moxkit.https.errors import HttpsError, Stage
from moxkit.https.response import Response
from moxkit.https.url import Url, parse_url
from moxkit.net import ImplicitTLS, LineConn, TLSError, client_context, connect, webpki_verdict

__all__ = ["HttpsClient"]

# Of all header lines together; h11 counts.
_MAX_HEADER_OCTETS = 32768
_MAX_ADDRESSES = 4


class HttpsClient:
    """Fetches documents; keeps nothing between requests."""

    def __init__(
        self,
        resolver: Resolver,
        *,
        roots: Sequence[x509.Certificate],
        now: Callable[[], dt.datetime],
        timeout_s: float = 60,
        user_agent: str = "moxkit",
        port: int = 443,
    ) -> None:
        """Prepare; nothing is opened.

        Args:
            resolver: Knows the addresses.
            roots: Authorities to believe, at least one.
            now: The time to judge certificates for, aware.
            timeout_s: For a whole request (RFC 8461 §3.3 suggests a minute).
            user_agent: Name to give ourselves (RFC 9110 §10.1.5).
            port: Where URLs without a port lead.

        Raises:
            ValueError: No roots.
        """
        if not roots:
            raise ValueError("at least one root certificate is needed")
        self._resolver = resolver
        self._roots = tuple(roots)
        self._now = now
        self._timeout_s = timeout_s
        self._user_agent = user_agent
        self._port = port

    async def get(self, url: str, *, max_octets: int) -> Response:
        """Fetch a document; a redirect is returned, not followed.

        Args:
            url: ``https://`` with a DNS name.
            max_octets: A longer body is an error.

        Raises:
            HttpsError: There is no response.
        """
        parsed = parse_url(url, self._port)
        try:
            async with asyncio.timeout(self._timeout_s):
                conn = await self._connect(parsed)
                try:
                    return await _request(conn, parsed, self._user_agent, max_octets)
                finally:
                    conn.close()
        except TimeoutError:
            raise HttpsError(Stage.RESPONSE, f"no answer within {self._timeout_s:g} seconds") from None

    async def _connect(self, url: Url) -> LineConn:
        problem = HttpsError(Stage.NAME, "no address")
        tls = ImplicitTLS(
            client_context(), url.host, verdict=webpki_verdict(url.host, self._roots, now=self._now)
        )
        for address in await self._addresses(url.host):
            try:
                return await connect(str(address), url.port, timeout=self._timeout_s / 2, tls=tls)
            except TLSError as error:
                problem = HttpsError(Stage.TLS, error.reason)
            except OSError as error:  # TimeoutError is one
                problem = HttpsError(Stage.CONNECT, str(error) or "no answer")
        raise problem

    async def _addresses(self, host: str) -> tuple[Address, ...]:
        try:
            answer = await self._resolver.ips(host)
        except NotFound:
            raise HttpsError(Stage.NAME, f"{host} does not exist or has no address") from None
        except TemporaryFailure as failure:
            raise HttpsError(Stage.DNS, str(failure)) from failure
        return answer.records[:_MAX_ADDRESSES]


async def _request(conn: LineConn, url: Url, user_agent: str, max_octets: int) -> Response:
    machine = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEADER_OCTETS)
    headers = [
        ("Host", url.authority),
        ("User-Agent", user_agent),
        ("Accept", "*/*"),
        ("Connection", "close"),
    ]
    try:
        for event in (h11.Request(method="GET", target=url.target, headers=headers), h11.EndOfMessage()):
            conn.write(machine.send(event) or b"")
        await conn.drain()
        return await _response(conn, machine, max_octets)
    except h11.RemoteProtocolError as error:
        raise HttpsError(Stage.RESPONSE, f"not HTTP, or not all of it: {error}") from None
    except ConnectionError as error:
        raise HttpsError(Stage.RESPONSE, f"connection lost: {error}") from None


async def _response(conn: LineConn, machine: h11.Connection, max_octets: int) -> Response:
    head: h11.Response | None = None
    body = bytearray()
    while True:
        event = machine.next_event()
        if event is h11.NEED_DATA:
            machine.receive_data(await conn.read())
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > max_octets:
                raise HttpsError(Stage.RESPONSE, f"more than {max_octets} octets")
        elif isinstance(event, h11.EndOfMessage):
            break
        elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            raise HttpsError(Stage.RESPONSE, "the connection ended early")
    if head is None:
        raise HttpsError(Stage.RESPONSE, "no response")
    fields = {name.lower(): value.decode("latin-1") for name, value in reversed(list(head.headers))}
    content_type = fields.get(b"content-type", "").partition(";")[0].strip().lower()
    return Response(head.status_code, content_type, fields.get(b"location", ""), bytes(body))
