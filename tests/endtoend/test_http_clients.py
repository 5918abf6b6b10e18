"""Programs of others ask our HTTP: curl with HTTP/1.1 and HTTP/2, a script that uses the API."""

import json
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from endtoend.localserve import PASSWORD, USER, Localserve

pytestmark = pytest.mark.endtoend


@pytest.fixture
def curl(program: Callable[[str, str], str], server: Localserve, tmp_path: Path) -> Callable[..., str]:
    """Runs curl with the server's certificate and a jar for cookies."""
    path = program("curl", "curl")
    jar = str(tmp_path / "cookies")

    def run(*arguments: str) -> str:
        command = [path, "-sS", "--cacert", str(server.certificate), "-b", jar, "-c", jar, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize(("option", "version"), [("--http1.1", "1.1"), ("--http2", "2")])
def test_version_is_chosen_by_alpn(
    curl: Callable[..., str], server: Localserve, option: str, version: str
) -> None:
    told = curl(
        option, "-o", "-", "-w", "\n%{http_version} %{response_code}", f"https://localhost:{server.https}/"
    )
    assert told.startswith("<!doctype html>")
    assert told.splitlines()[-1] == f"{version} 200"


def test_plain_http_may_be_upgraded(curl: Callable[..., str], server: Localserve) -> None:
    url = f"http://localhost:{server.http}/"
    for option in ("--http1.1", "--http2", "--http2-prior-knowledge"):
        assert curl(option, url).startswith("<!doctype html>")


def test_large_answers_come_whole(curl: Callable[..., str], server: Localserve) -> None:
    sizes = {
        curl(option, "--compressed", "-o", "/dev/null", "-w", "%{size_download} %{errormsg}", url)
        for option in ("--http1.1", "--http2")
        for url in [f"https://localhost:{server.https}/licenses.txt"]
    }
    assert len(sizes) == 1


def test_script_signs_in_and_changes_something(curl: Callable[..., str], server: Localserve) -> None:
    api = f"https://localhost:{server.https}/api/"
    token = json.loads(curl("-X", "POST", f"{api}login/prepare"))["login_token"]
    login = {"login_token": token, "username": USER, "password": PASSWORD}
    session = json.loads(curl("--json", json.dumps(login), f"{api}login"))
    header = f"x-mox-csrf: {session['csrf']}"
    added = curl("-H", header, "--json", '{"address": "who@else.example"}', f"{api}suppressions")
    assert json.loads(added)["base_address"] == "who@else.example"
    assert json.loads(curl("--json", '{"address": "x@y.example"}', f"{api}suppressions"))["code"] == "csrf"
    curl("-H", header, "-X", "POST", f"{api}logout")
    assert json.loads(curl(f"{api}account"))["code"] == "no-session"


def test_error_for_people_is_a_page(curl: Callable[..., str], server: Localserve) -> None:
    page = curl("-H", "Accept: text/html", f"https://localhost:{server.https}/nothing")
    assert "<h1>Not Found</h1>" in page


def test_server_ends_while_a_connection_is_idle(new_server: Callable[[], Localserve]) -> None:
    server = new_server().start()
    with socket.create_connection(("127.0.0.1", server.http), 10) as connection:
        connection.sendall(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b" 200 " in connection.recv(1000)
        assert server.stop() == 2
        assert connection.recv(1000) == b""
