"""WebSockets that lead to another web server (RFC 6455; reference http.md §5.3)."""

import asyncio
import logging
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

__all__ = ["tunnel"]

logger = logging.getLogger(__name__)

_OPEN_S = 30
_MOST_OCTETS = 16 << 20
# They are made anew on the other side (RFC 6455 §4.1).
_HANDSHAKE = (b"sec-websocket-", b"host", b"content-length")
_NORMAL, _GOING_AWAY = 1000, 1001
_HTTP, _HTTPS = 80, 443


async def tunnel(
    websocket: WebSocket,
    url: str,
    headers: Sequence[tuple[bytes, bytes]],
    context: ssl.SSLContext | None,
) -> None:
    """Connect a client to the other server, and carry messages in both ways until one of them ends.

    Args:
        websocket: Not accepted yet.
        url: At the other server, http or https.
        headers: For it.
        context: For https.
    """
    target = urlsplit(url)
    # The other server sees the host that the client named.
    named = target._replace(
        scheme="ws" if context is None else "wss", netloc=websocket.headers.get("host", target.netloc)
    )
    tls: dict[str, Any] = {} if context is None else {"ssl": context, "server_hostname": target.hostname}
    try:
        connection = await connect(
            named.geturl(),
            host=target.hostname,
            port=target.port or (_HTTP if context is None else _HTTPS),
            additional_headers=[
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in headers
                if not name.startswith(_HANDSHAKE)
            ],
            subprotocols=[Subprotocol(each) for each in websocket.scope["subprotocols"]] or None,
            **tls,
            max_size=_MOST_OCTETS,
            open_timeout=_OPEN_S,
            ping_interval=None,
            user_agent_header=None,
            proxy=None,
        )
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
        logger.warning(
            "web server behind us has no websocket",
            extra={"url": url.partition("?")[0], "reason": repr(error)},
        )
        await websocket.close(_GOING_AWAY)
        return
    try:
        await websocket.accept(connection.subprotocol)
        await _carry(websocket, connection)
    finally:
        await connection.close()


async def _carry(websocket: WebSocket, connection: ClientConnection) -> None:
    sizes = {"received": 0, "sent": 0}
    ways = [
        asyncio.ensure_future(_from_client(websocket, connection, sizes)),
        asyncio.ensure_future(_to_client(websocket, connection, sizes)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        logger.debug("websocket ended", extra={"path": websocket.scope["path"], **sizes})


async def _from_client(websocket: WebSocket, connection: ClientConnection, sizes: dict[str, int]) -> None:
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                await connection.close(message.get("code") or _NORMAL)
                return
            data: str | bytes | None = message.get("text")
            data = message["bytes"] if data is None else data
            sizes["received"] += len(data)
            await connection.send(data)
    except (ConnectionClosed, WebSocketDisconnect):
        return


async def _to_client(websocket: WebSocket, connection: ClientConnection, sizes: dict[str, int]) -> None:
    try:
        async for data in connection:
            sizes["sent"] += len(data)
            if isinstance(data, str):
                await websocket.send_text(data)
            else:
                await websocket.send_bytes(data)
        await websocket.close(connection.close_code or _NORMAL, connection.close_reason or None)
    except ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd is not None else _GOING_AWAY
        await websocket.close(code)
    except (WebSocketDisconnect, RuntimeError):
        # The client went in the meantime.
        return
