"""ImapFlow, the IMAP client of most programs in Node, against a started server."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from endtoend.localserve import PASSWORD, USER, Localserve

pytestmark = pytest.mark.endtoend


def test_imapflow_does_what_mail_programs_do(
    server: Localserve, program: Callable[[str, str], str], node_modules: Path
) -> None:
    node = program("node", "nodejs")
    done = subprocess.run(
        [node, "imapflow.js", "localhost", str(server.imaps), USER, PASSWORD],
        cwd=node_modules,
        capture_output=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr.decode()
    seen: dict[str, Any] = json.loads(done.stdout)
    # It speaks compressed whenever the server can.
    assert seen["compressed"]
    assert "OBJECTID" in seen["capabilities"]
    assert "CONDSTORE" in seen["enabled"]
    assert {"Flow", "INBOX", "Sent"} <= set(seen["listed"])
    assert seen["uid"] == 5
    assert seen["exists"] == 5
    assert seen["mailboxId"]
    assert seen["found"] == [1, 2, 3, 4, 5]
    assert seen["unseen"] == [2, 3, 4, 5]
    assert seen["subjects"] == [f"flow {n}" for n in range(5)]
    assert seen["sources"]
    assert seen["emailIds"] == 5
    assert seen["threads"]
    assert seen["downloaded"] == "body 0\r\n"
    assert seen["moved"] == 1
    assert seen["left"] == 3
    assert seen["pushed"] == 4
    assert seen["status"]["messages"] == 4
