"""The command line's side of the control socket; blocking."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mox.control.endpoint import connect

__all__ = ["ControlError", "request"]


class ControlError(Exception):
    """The server cannot be reached, or refused; the text says why."""


def request(
    data_dir: Path, command: str, arguments: Mapping[str, object], *, timeout_s: float | None = 60
) -> Any:
    """Have the running server do something; return its result.

    Raises:
        ControlError: No server runs there, it went away, or it refused.
    """
    try:
        connected, token = connect(data_dir)
    except (OSError, ValueError, KeyError) as error:
        raise ControlError(
            f"no server is running on {data_dir}: {error}; start it first, or use --config"
        ) from error
    with connected:
        connected.settimeout(timeout_s)
        line = json.dumps({"token": token, "command": command, "arguments": arguments}) + "\n"
        try:
            connected.sendall(line.encode())
            with connected.makefile("rb") as reader:
                answer = reader.readline()
                if command == "stop":
                    # The server is gone when its last connection is.
                    reader.read()
        except TimeoutError as error:
            raise ControlError("the server does not answer") from error
        except OSError as error:
            raise ControlError(f"connection to the server broke: {error}") from error
    if not answer:
        if command == "stop":
            return None
        raise ControlError("the server closed the connection; look into its log")
    result = json.loads(answer)
    if "error" in result:
        raise ControlError(result["error"])
    return result["result"]
