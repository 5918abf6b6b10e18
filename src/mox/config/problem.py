"""A problem of a configuration file: where, what, what to do."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["ConfigError", "KeyPath", "Problem", "show_path"]

KeyPath = tuple[str | int, ...]


def show_path(path: KeyPath) -> str:
    """Write a key path as people do: `Listeners.public.IPs[0]`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem.

    Attributes:
        file: Which file.
        path: Of the key; empty for the whole file.
        text: What is wrong, and what to do.
        line: From 1; None if it cannot be told.
        is_extra: It is about something that is too much: the rest can be understood.
    """

    file: Path
    path: KeyPath
    text: str
    line: int | None = None
    is_extra: bool = False

    def __str__(self) -> str:
        where = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {show_path(self.path)}: {self.text}" if self.path else f"{where}: {self.text}"


class ConfigError(Exception):
    """The configuration cannot be used; holds all problems."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
