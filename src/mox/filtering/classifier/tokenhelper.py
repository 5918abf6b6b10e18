"""Tokens of many messages on two processors: half of them in a process of its own.

It reads what is asked on its standard input and ends with it: it outlives nobody who wanted something. A
question is a number of messages, then for each its id, the length of its prefix, and that; a negative length
says that there is none. The answer is for each the number of its tokens, and them; a negative number says
that the message is gone.
"""

import contextlib
import os
import struct
import subprocess
import sys
from array import array
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import IO

from mox.filtering.classifier.learning import Wanted, read_all
from mox.filtering.classifier.words import Grams
from mox.runtime import python_argv
from mox.store import MessageFiles

__all__ = ["HELPER", "TokenHelper", "help_with_tokens"]

HELPER = "tokens"
"""First argument of the process."""
_COUNT, _MESSAGE, _TOKENS = struct.Struct("<I"), struct.Struct("<Qi"), struct.Struct("<i")
_Read = list[Collection[int] | None]


class TokenHelper:
    """Makes tokens together with another process, which is started when it is first of use."""

    def __init__(self, files: MessageFiles, grams: Grams) -> None:
        self._files = files
        self._grams = grams
        self._process: subprocess.Popen[bytes] | None = None
        self._is_of_use = (os.cpu_count() or 1) > 1

    def read(self, wanted: Sequence[Wanted]) -> _Read:
        """Return the tokens of messages; `None` for one that is gone."""
        half = len(wanted) // 2 if self._is_of_use else 0
        if not half or not self._ask(wanted[:half]):
            return read_all(self._files, wanted, self._grams)
        own = read_all(self._files, wanted[half:], self._grams)
        helped = self._answers(half)
        return [*(read_all(self._files, wanted[:half], self._grams) if helped is None else helped), *own]

    def _ask(self, wanted: Sequence[Wanted]) -> bool:
        try:
            if self._process is None:
                self._process = self._started()
            if (stdin := self._process.stdin) is None:
                return False
            question = [_COUNT.pack(len(wanted))]
            for id_, prefix in wanted:
                question += [_MESSAGE.pack(id_, -1 if prefix is None else len(prefix)), prefix or b""]
            stdin.write(b"".join(question))
            stdin.flush()
        except OSError:
            self._is_of_use = False
            return False
        return True

    def _started(self) -> subprocess.Popen[bytes]:
        argv = [
            *python_argv("mox.filtering.classifier"),
            HELPER,
            str(self._files.root),
            str(int(self._grams)),
        ]
        return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603  our own program

    def _answers(self, count: int) -> _Read | None:
        """Return what the other process found; `None` if it does not work any more."""
        stdout = None if self._process is None else self._process.stdout
        try:
            return None if stdout is None else [_read_tokens(stdout) for _ in range(count)]
        except (OSError, EOFError):
            self._is_of_use = False
            return None

    def close(self) -> None:
        """End the other process."""
        if self._process is not None:
            with contextlib.suppress(OSError), self._process as process:
                if process.stdout is not None:
                    process.stdout.close()


def help_with_tokens(arguments: Sequence[str]) -> None:
    """Be the other process: answer until nobody asks any more."""
    root, grams = arguments
    files, kinds = MessageFiles(Path(root)), Grams(int(grams))
    asked, answered = sys.stdin.buffer, sys.stdout.buffer
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            wanted = _read_question(asked)
            for tokens in read_all(files, wanted, kinds):
                answered.write(_TOKENS.pack(-1 if tokens is None else len(tokens)))
                answered.write(array("Q", tokens or ()).tobytes())
            answered.flush()


def _read_question(asked: IO[bytes]) -> list[Wanted]:
    (count,) = _COUNT.unpack(_exactly(asked, _COUNT.size))
    wanted: list[Wanted] = []
    for _ in range(count):
        id_, length = _MESSAGE.unpack(_exactly(asked, _MESSAGE.size))
        wanted.append((id_, None if length < 0 else _exactly(asked, length)))
    return wanted


def _read_tokens(answered: IO[bytes]) -> Collection[int] | None:
    (count,) = _TOKENS.unpack(_exactly(answered, _TOKENS.size))
    if count < 0:
        return None
    tokens = array("Q")
    tokens.frombytes(_exactly(answered, count * tokens.itemsize))
    return tokens


def _exactly(stream: IO[bytes], count: int) -> bytes:
    octets = stream.read(count)
    if len(octets) < count:
        raise EOFError
    return octets
