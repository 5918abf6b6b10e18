"""Schemathesis asks the account's API, as its description says and as it does not: no crash, no surprise."""

import http.client
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from endtoend.localserve import PASSWORD, USER, Localserve

pytestmark = pytest.mark.endtoend

# What would end the session that the others need.
_LEFT_OUT = ("login", "logout", "logout_everywhere", "end_session")
# It signs in by a header of ours, so that what has no session is not found out; room tests do that. And a
# right form is no promise: an address may be nobody's.
_OTHER_CHECKS = "ignored_auth,positive_data_acceptance"


def test_account_api_withstands_noise(new_server: Callable[[], Localserve], tmp_path: Path) -> None:
    server = new_server().start()
    program = Path(sys.executable).parent / "schemathesis"
    assert shutil.which(program) is not None
    api = f"http://127.0.0.1:{server.http}/api"
    command = [str(program), "run", f"{api}/openapi.json", "--url", api, "--no-color", "--seed", "1"]
    for name, value in session(server).items():
        command += ["--header", f"{name}: {value}"]
    for name in _LEFT_OUT:
        command += ["--exclude-operation-id", name]
    command += ["--phases", "coverage,fuzzing", "--max-examples", "10", "--checks", "all"]
    command += ["--exclude-checks", _OTHER_CHECKS, "--generation-with-security-parameters", "false"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    log = server.log.read_text()
    assert "http request crashed" not in log
    assert "Traceback" not in log


def session(server: Localserve) -> dict[str, str]:
    """Sign in; return the headers that requests need."""
    connection = http.client.HTTPConnection("127.0.0.1", server.http)
    connection.request("POST", "/api/login/prepare")
    prepared = connection.getresponse()
    token = json.load(prepared)["login_token"]
    headers = {"Content-Type": "application/json", "Cookie": cookie(prepared, "webaccountlogin")}
    body = {"login_token": token, "username": USER, "password": PASSWORD}
    connection.request("POST", "/api/login", json.dumps(body), headers)
    answer = connection.getresponse()
    csrf = json.load(answer)["csrf"]
    connection.close()
    return {"Cookie": cookie(answer, "webaccountsession"), "x-mox-csrf": csrf}


def cookie(answer: http.client.HTTPResponse, name: str) -> str:
    found = [value.partition(";")[0] for key, value in answer.getheaders() if key.lower() == "set-cookie"]
    return next(each for each in found if each.startswith(f"{name}="))
