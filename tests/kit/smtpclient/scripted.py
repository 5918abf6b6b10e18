"""A server that follows a script, for tests of the client."""

import asyncio
from collections.abc import Sequence

from moxkit.smtpclient import SmtpClient

__all__ = ["ScriptedServer"]


class ScriptedServer:
    """Greets, then waits for what each line of its script says and answers; then it closes.

    Attributes:
        heard: What came for each line of the script.
    """

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._running: list[asyncio.Server] = []
        self._clients: list[SmtpClient] = []

    async def start(self, greeting: str, script: Sequence[tuple[str, str]]) -> int:
        """Listen; return the port."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                writer.write(greeting.replace("\n", "\r\n").encode("latin-1"))
                for awaited, answer in script:
                    self.heard.append(await reader.readuntil(awaited.encode()))
                    writer.write(answer.replace("\n", "\r\n").encode("latin-1"))
                await writer.drain()
            except asyncio.IncompleteReadError:
                # The client had enough; what is missing in `heard` fails the test that wants it.
                pass
            finally:
                writer.close()

        self._running.append(await asyncio.start_server(serve, "127.0.0.1", 0))
        return int(self._running[-1].sockets[0].getsockname()[1])

    async def client(self, *script: tuple[str, str], greeting: str = "220 mx.example\n") -> SmtpClient:
        """Start, and connect."""
        port = await self.start(greeting, script)
        client = await SmtpClient.connect("127.0.0.1", port, ehlo="client.example", timeout_s=5)
        self._clients.append(client)
        return client

    async def close(self) -> None:
        """End all."""
        for client in self._clients:
            await client.quit()
        for each in self._running:
            each.close()
            await each.wait_closed()
