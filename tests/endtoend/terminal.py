"""A program on a screen nobody looks at: keys in, what it shows out."""

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

__all__ = ["Terminal"]


class Terminal:
    """A program in tmux, on a socket of its own; use it as a context manager."""

    def __init__(self, tmux: str, directory: Path, command: str, environment: Mapping[str, str]) -> None:
        self._tmux = [tmux, "-L", f"mox-{uuid4().hex}", "-f", "/dev/null"]
        variables = [word for name, value in environment.items() for word in ("-e", f"{name}={value}")]
        # It stays when the program ends, so that its last words can be read.
        shell = f"{command}; printf 'ended with %s' $?; sleep 60"
        self._call("new-session", "-d", "-x", "120", "-y", "40", "-c", str(directory), *variables, shell)

    def _call(self, *arguments: str) -> str:
        done = subprocess.run([*self._tmux, *arguments], capture_output=True, check=True, timeout=20)
        return done.stdout.decode(errors="replace")

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, check=False, timeout=20)

    @property
    def screen(self) -> str:
        """What is shown now."""
        return self._call("capture-pane", "-p")

    def type(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._call("send-keys", *keys)

    def wait_for(self, *texts: str, timeout_s: float = 25) -> str:
        """Return the screen once it shows all the texts."""
        end = time.monotonic() + timeout_s
        while not all(text in (shown := self.screen) for text in texts):
            assert time.monotonic() < end, f"no {texts} on:\n{shown}"
            time.sleep(0.05)
        return shown

    def wait_until_shown_times(self, text: str, count: int, timeout_s: float = 25) -> None:
        """Return once the screen shows a text so many times."""
        end = time.monotonic() + timeout_s
        while (shown := self.screen).count(text) != count:
            assert time.monotonic() < end, f"not {count} of {text} on:\n{shown}"
            time.sleep(0.05)

    def wait_until_gone(self, text: str, timeout_s: float = 25) -> None:
        """Return once the screen does not show a text any more."""
        self.wait_until_shown_times(text, 0, timeout_s)
