"""Against other implementations: the standard library's ssl, both sides, and OpenSSL's own client."""

import asyncio
import contextlib
import re
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from moxkit.net import (
    ImplicitTLS,
    LineConn,
    TLSError,
    TLSTransport,
    client_context,
    connect,
    server_context,
)
from moxkit.testing import make_certificate

CERTIFICATE = make_certificate("mx.example")
OPENSSL = shutil.which("openssl")


@contextlib.asynccontextmanager
async def serve() -> AsyncIterator[tuple[int, asyncio.Queue[LineConn]]]:
    loop = asyncio.get_running_loop()
    accepted: asyncio.Queue[LineConn] = asyncio.Queue()
    ctx = server_context([CERTIFICATE], judge_client=lambda _certificate, _address: True)
    server = await loop.create_server(
        lambda: TLSTransport(loop, ctx, lambda _info: LineConn(loop, accepted.put_nowait), server=True),
        "127.0.0.1",
        0,
    )
    yield server.sockets[0].getsockname()[1], accepted
    server.close()
    await server.wait_closed()


async def test_stdlib_client_talks_to_us() -> None:
    context = ssl.create_default_context(cadata=CERTIFICATE[0].decode())
    async with serve() as (port, accepted):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname="mx.example"
        )
        conn = await accepted.get()
        writer.write(b"hello\r\n")
        assert await conn.readline(100) == b"hello\r\n"
        conn.write(b"x" * 300_000)
        assert await reader.readexactly(300_000) == b"x" * 300_000
        conn.close()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        await conn.wait_closed()


async def test_we_talk_to_a_stdlib_server(tmp_path: Path) -> None:
    pem = tmp_path / "server.pem"
    pem.write_bytes(b"".join(CERTIFICATE))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    conn = await connect("127.0.0.1", port, timeout=5, tls=ImplicitTLS(client_context(), "mx.example"))
    conn.write(b"echo\r\n")
    assert await conn.readline(100) == b"echo\r\n"
    assert await conn.read() == b""
    conn.close()
    await conn.wait_closed()
    server.close()
    await server.wait_closed()


@pytest.mark.skipif(OPENSSL is None, reason="needs openssl (Debian package openssl)")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_openssl_client_talks_to_us_and_exports_the_same_key(version: str) -> None:
    assert OPENSSL is not None
    async with serve() as (port, accepted):
        process = await asyncio.create_subprocess_exec(
            OPENSSL,
            *("s_client", "-connect", f"127.0.0.1:{port}", version, "-servername", "mx.example"),
            *("-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        conn = await accepted.get()
        conn.read_timeout = 10
        ours = conn.channel_binding("tls-exporter")
        assert process.stdin is not None
        process.stdin.write(b"hello\n")
        assert await conn.readline(100) == b"hello\n"
        conn.write(b"goodbye\r\n")
        conn.close()
        output, _ = await process.communicate()
        assert b"goodbye" in output
        found = re.search(rb"Keying material: ([0-9A-F]+)", output)
        assert found is not None
        # Only TLS 1.3 gives the binding (RFC 9266 §3); the export itself is there in both.
        assert ours == (bytes.fromhex(found[1].decode()) if version == "-tls1_3" else None)
        with contextlib.suppress(TLSError, ConnectionError):
            await conn.wait_closed()
