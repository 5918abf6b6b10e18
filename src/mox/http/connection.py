"""One HTTP connection: hypercorn's protocols on one of our streams.

Hypercorn's own server wants sockets and `ssl` objects, so this is the smallest thing in its place: octets go
in, octets come out, and the timer ends who sends nothing. Decision 19 says why.
"""

import asyncio
import logging
from typing import TYPE_CHECKING

from hypercorn.asyncio.task_group import TaskGroup
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.typing import ConnectionState

from moxkit.net import LineConn

if TYPE_CHECKING:
    from hypercorn.typing import AppWrapper

__all__ = ["HttpConnection"]

logger = logging.getLogger(__name__)

# For a request's header, from its first octet to its last; between requests; for a client to take octets.
_HEADER_S, _IDLE_S, _WRITE_S = 30, 65, 60
# A frame as large as we allow, with its header (RFC 9113 §4.1).
_FRAME_OCTETS = 9 + 2**14


class HttpConnection:
    """A connection, from the first octet to the end of all that was asked on it."""

    def __init__(self, conn: LineConn, *, app: "AppWrapper", config: Config, context: WorkerContext) -> None:
        self._conn = conn
        self._app = app
        self._config = config
        self._context = context
        self._sending = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._is_idle = self._waits_for_header = True
        self._protocol: ProtocolWrapper | None = None

    async def serve(self) -> None:
        """Answer requests until the client goes, or is sent away."""
        self._conn.write_timeout = _WRITE_S
        tls = self._conn.tls
        try:
            async with TaskGroup(asyncio.get_running_loop()) as group:
                self._protocol = ProtocolWrapper(
                    self._app,
                    self._config,
                    self._context,
                    group,
                    ConnectionState({"tls": tls}),
                    tls is not None,
                    _address(self._conn.peername),
                    _address(self._conn.sockname),
                    self._send,
                    "http/1.1" if tls is None else tls.alpn,
                )
                self._expect(_HEADER_S)
                await self._protocol.initiate()
                await self._read(self._protocol)
        except* Exception as group:  # noqa: BLE001  of hypercorn's tasks; what crashes in an application does not come here
            _log_misunderstood(group)
        finally:
            self._forget_timer()

    def end_if_idle(self) -> None:
        """Close unless something is being answered, which then is the last."""
        if self._is_idle:
            self._conn.close()

    async def _read(self, protocol: ProtocolWrapper) -> None:
        try:
            while octets := await self._conn.read():
                if self._is_idle and not self._waits_for_header:
                    # A slow header gets no more time with each octet.
                    self._waits_for_header = True
                    self._expect(_HEADER_S)
                await protocol.handle(RawData(octets))
                if isinstance(protocol.protocol, H2Protocol) and not await self._goes_on(protocol.protocol):
                    break
        except (ConnectionError, TimeoutError) as error:
            logger.debug("http client is gone", extra={"reason": str(error)})
        except Exception as error:  # noqa: BLE001  hypercorn raises KeyError and others for what hostile clients send
            _log_misunderstood(error)
        await protocol.handle(Closed())
        if isinstance(protocol.protocol, H2Protocol):
            # Nobody takes these any more; applications that wait for that would wait for ever.
            for buffer in tuple(protocol.protocol.stream_buffers.values()):
                await buffer.close()

    async def _goes_on(self, protocol: H2Protocol) -> bool:
        """Say whether more is read of an HTTP/2 connection; note that all it asked for is given up."""
        if _holds_overlong_frame(protocol):
            return False
        if protocol.idle and not self._is_idle:
            # Streams that the client resets end without a word.
            await self._send(Updated(idle=True))
        return not protocol.idle or protocol.keep_alive_requests <= self._config.keep_alive_max_requests

    async def _send(self, event: Event) -> None:
        match event:
            case RawData():
                await self._write(event.data)
            case Closed():
                self._conn.close()
            case Updated(idle=True):
                self._is_idle, self._waits_for_header = True, False
                self._expect(_IDLE_S)
                if self._context.terminated.is_set():
                    self._conn.close()
            case Updated():
                self._is_idle = False
                self._forget_timer()
            case _:
                pass

    async def _write(self, octets: bytes) -> None:
        try:
            async with self._sending:
                self._conn.write(octets)
                await self._conn.drain()
        except (ConnectionError, TimeoutError):
            self._conn.abort()
            if self._protocol is not None:
                await self._protocol.handle(Closed())

    def _expect(self, seconds: float) -> None:
        self._forget_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._conn.close)

    def _forget_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _holds_overlong_frame(protocol: H2Protocol) -> bool:
    """Say whether a client sends a frame that is larger than allowed (RFC 9113 §4.2).

    The library refuses it, but gathers up to 16 MiB of it before. All else it takes away at once.
    """
    buffer = protocol.connection.incoming_buffer
    return len(buffer._data) > _FRAME_OCTETS  # noqa: SLF001  there is no public way to ask


def _log_misunderstood(error: BaseException) -> None:
    logger.debug("http connection not understood", exc_info=error)


def _address(name: tuple[str, int] | tuple[str, int, int, int]) -> tuple[str, int]:
    return name[0].partition("%")[0], name[1]
