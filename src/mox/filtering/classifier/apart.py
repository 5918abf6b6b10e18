"""Learning in a process of its own, where much waits: mail comes and goes undisturbed on the other processor.

The process ends when nothing waits any more, when it took its time, and when its standard input ends: so it
outlives neither `stop` nor the death of its parent.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from mox.database import open_reader
from mox.filtering.classifier.counts import open_words
from mox.filtering.classifier.learning import Recipe, learn_batch
from mox.filtering.classifier.words import Grams
from mox.store import MessageFiles

__all__ = ["LearningProcess", "learn_until_done"]

_NICENESS = 10
# Then it is another account's turn.
_LONGEST_S = 60.0


class LearningProcess:
    """Runs the process; `stop` may be called from any thread."""

    def __init__(self, *, words: Path, mail: Path, files: Path, recipe: Recipe) -> None:
        arguments = (str(words), str(mail), str(files), recipe.account, str(int(recipe.grams)))
        self._argv = [sys.executable, "-m", "mox.filtering.classifier", *arguments]
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._is_stopped = False

    def run(self) -> str:
        """Learn until nothing waits; blocking. Return what went wrong, empty if nothing did."""
        with self._lock:
            if self._is_stopped:
                return ""
            process = self._process = subprocess.Popen(  # noqa: S603  our own program
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
        with process:
            trouble = process.stderr.read() if process.stderr is not None else ""
            status = process.wait()
        with self._lock:
            self._process = None
        return "" if status == 0 else (trouble.strip() or f"exit status {status}")

    def stop(self) -> None:
        """Have it end after the batch that it is at, and not start again."""
        with self._lock:
            self._is_stopped = True
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()


def learn_until_done(arguments: Sequence[str]) -> None:
    """Be that process.

    Raises:
        mox.database.DriverError, mox.database.DatabaseError, OSError: The counts cannot be written.
    """
    words_path, mail_path, files, account, grams = arguments
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    ended = threading.Event()
    threading.Thread(target=_watch, args=(ended,), daemon=True).start()
    mail = open_reader(Path(mail_path))
    words = open_words(Path(words_path))
    recipe = Recipe(account, Grams(int(grams)))
    ends_at = time.monotonic() + _LONGEST_S
    try:
        while learn_batch(words, mail, MessageFiles(Path(files)), recipe):
            if ended.is_set() or time.monotonic() > ends_at:
                return
    finally:
        words.close()
        mail.close()


def _watch(ended: threading.Event) -> None:
    # Unbuffered: a lock of `sys.stdin` that is held at the end of the program would be fatal to it.
    while os.read(0, 64):
        pass
    ended.set()
