"""The control socket, on both kinds of sockets."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mox.control import ControlError, ControlServer, request
from mox.control.endpoint import connect, serve
from mox.control.server import CommandRefusedError


async def echo(arguments: dict[str, Any]) -> object:
    return arguments


async def refuse(arguments: dict[str, Any]) -> object:
    raise CommandRefusedError("not today")


async def crash(arguments: dict[str, Any]) -> object:
    raise ZeroDivisionError


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ControlServer]:
    server = ControlServer(data_dir=tmp_path, commands={"echo": echo, "refuse": refuse, "crash": crash})
    await server.start()
    yield server
    await server.close()


async def ask(data_dir: Path, command: str, arguments: dict[str, object]) -> Any:
    return await asyncio.to_thread(request, data_dir, command, arguments, timeout_s=5)


@pytest.mark.usefixtures("server")
async def test_answers(tmp_path: Path) -> None:
    assert await ask(tmp_path, "echo", {"x": "é", "n": [1]}) == {"x": "é", "n": [1]}


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("command", "says"),
    [("refuse", "not today"), ("crash", "internal error"), ("what", "unknown command 'what'")],
)
async def test_tells_what_went_wrong(tmp_path: Path, command: str, says: str) -> None:
    with pytest.raises(ControlError, match=says):
        await ask(tmp_path, command, {})


def talk(data_dir: Path, line: bytes) -> bytes:
    connected, _ = connect(data_dir)
    with connected, connected.makefile("rb") as reader:
        connected.settimeout(5)
        connected.sendall(line)
        return reader.readline()


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"no json\n",
        b"\xff\n",
        b"[]\n",
        b"3\n",
        b'{"command": "echo"}\n',
        b'{"command": ["echo"], "arguments": {}}\n',
        b'{"command": "echo", "arguments": []}\n',
        b"[" * 100_000 + b"\n",
    ],
)
async def test_a_malformed_request_is_told_so(tmp_path: Path, line: bytes) -> None:
    answer = await asyncio.to_thread(talk, tmp_path, line)
    assert json.loads(answer) == {"error": "malformed request"}
    assert await ask(tmp_path, "echo", {}) == {}


@pytest.mark.usefixtures("server")
async def test_a_line_without_end_is_cut_off(tmp_path: Path) -> None:
    def flood() -> bytes:
        try:
            return talk(tmp_path, b"x" * (2 << 20))
        except ConnectionError:
            return b""

    assert await asyncio.to_thread(flood) == b""
    assert await ask(tmp_path, "echo", {}) == {}


async def test_says_so_when_no_server_runs(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="no server is running"):
        await ask(tmp_path, "echo", {})


async def test_a_server_that_goes_away_is_told_or_was_asked_to(tmp_path: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    listening, _ = await serve(tmp_path, hang_up, limit=1000)
    with pytest.raises(ControlError, match="closed the connection"):
        await ask(tmp_path, "echo", {})
    assert await ask(tmp_path, "stop", {}) is None
    listening.close()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
@pytest.mark.usefixtures("server")
async def test_the_socket_is_not_for_others(tmp_path: Path) -> None:
    mode = await asyncio.to_thread(lambda: (tmp_path / "ctl").stat().st_mode)
    assert mode & 0o007 == 0


class TokenServer(ControlServer):
    """Listens as on Windows."""

    async def start(self) -> None:
        self._server, self._token = await serve(self._data_dir, self._handle, limit=1000, wants_unix=False)


def talk_with_token(data_dir: Path, token: object) -> Any:
    connected, right = connect(data_dir, wants_unix=False)
    with connected, connected.makefile("rb") as reader:
        connected.settimeout(5)
        given = right if token is None else token
        text = json.dumps({"token": given, "command": "echo", "arguments": {"x": 1}})
        connected.sendall(text.encode() + b"\n")
        return json.loads(reader.readline())


async def test_a_loopback_port_wants_the_token(tmp_path: Path) -> None:
    server = TokenServer(data_dir=tmp_path, commands={"echo": echo})
    await server.start()
    assert await asyncio.to_thread(talk_with_token, tmp_path, None) == {"result": {"x": 1}}
    for wrong in ("", "x" * 43, 7, ["a"], "\udcff"):
        answer = await asyncio.to_thread(talk_with_token, tmp_path, wrong)
        assert answer["error"] in {"wrong token", "malformed request"}
    if sys.platform != "win32":
        mode = await asyncio.to_thread(lambda: (tmp_path / "ctl.json").stat().st_mode)
        assert mode & 0o077 == 0
    await server.close()


async def test_a_path_that_is_too_long_for_a_socket_uses_a_port(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    await asyncio.to_thread(deep.mkdir)
    server = ControlServer(data_dir=deep, commands={"echo": echo})
    await server.start()
    connected, token = await asyncio.to_thread(connect, deep)
    assert connected.family == socket.AF_INET
    assert token
    connected.close()
    assert await ask(deep, "echo", {"y": 2}) == {"y": 2}
    await server.close()


async def test_ends_in_silence_with_connections_open(
    server: ControlServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    connected, _ = await asyncio.to_thread(connect, tmp_path)
    await asyncio.sleep(0.05)
    await server.close()
    await asyncio.sleep(0.01)
    connected.close()
    assert caplog.records == []
