"""From TOML text to dataclasses, with every problem and its line."""

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, get_origin

from mox.config.durations import parse_duration
from mox.config.positions import positions
from mox.config.problem import ConfigError, KeyPath, Problem
from mox.config.schema import fields_of, item_type, without_none

__all__ = ["Loaded", "load_text"]

T = TypeVar("T")

# Where tomllib says it stumbled.
_LINE = re.compile(r"\(at line (\d+), column \d+\)$")


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """What a file holds, and where; for problems that are found later.

    Attributes:
        problems: Of form.
    """

    file: Path
    value: Any
    lines: Mapping[KeyPath, int]
    problems: tuple[Problem, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether the value is whole, so that its meaning can be checked, whatever else is wrong."""
        return self.value is not None and all(problem.is_extra for problem in self.problems)

    def problem(self, path: KeyPath, text: str) -> Problem:
        """Make a problem of a key, or of the closest one above it that has a line."""
        for depth in range(len(path), 0, -1):
            if (line := self.lines.get(path[:depth])) is not None:
                return Problem(self.file, path, text, line)
        return Problem(self.file, path, text)


def load_text(cls: type, text: str, file: Path) -> Loaded:
    """Read a configuration file's text.

    Problems of form are in the result; those of meaning are found by `check`.

    Raises:
        ConfigError: It is not TOML.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _LINE.search(str(error))
        problem = Problem(file, (), f"not valid TOML: {error}", int(line[1]) if line else None)
        raise ConfigError([problem]) from error
    reader = _Reader()
    value = reader.struct(cls, document, ())
    loaded = Loaded(file, value, positions(text))
    problems = tuple(
        dataclasses.replace(loaded.problem(path, what), is_extra=is_extra)
        for path, what, is_extra in reader.problems
    )
    return dataclasses.replace(loaded, problems=problems)


class _Reader:
    def __init__(self) -> None:
        self.problems: list[tuple[KeyPath, str, bool]] = []

    def struct(self, cls: type, table: Mapping[str, Any], path: KeyPath) -> object:
        fields = {field.key: field for field in fields_of(cls)}
        values: dict[str, Any] = {}
        for key, value in table.items():
            if (field := fields.get(key)) is None:
                close = difflib.get_close_matches(key, fields, 1)
                hint = f"; did you mean {close[0]}?" if close else ""
                self._note((*path, key), f"unknown key{hint}", is_extra=True)
            else:
                values[field.name] = self.value(field.type, value, (*path, key))
        is_complete = True
        for field in fields.values():
            if field.is_required and field.name not in values:
                self._note((*path, field.key), f"missing: {field.doc}")
                is_complete = False
        return cls(**values) if is_complete else None

    def value(self, declared: Any, value: Any, path: KeyPath) -> Any:  # noqa: PLR0911  one line for each type
        declared = without_none(declared)
        if get_origin(declared) is dict:
            return self._each(declared, value, path)
        if get_origin(declared) is tuple:
            if not isinstance(value, list):
                return self._wrong(path, "a list", value)
            return tuple(self.value(item_type(declared), item, (*path, n)) for n, item in enumerate(value))
        if dataclasses.is_dataclass(declared):
            if not isinstance(value, dict):
                return self._wrong(path, "a table", value)
            return self.struct(declared, value, path)  # type: ignore[arg-type]  # a class, not an instance
        if declared is timedelta:
            return self._parsed(parse_duration, value, path)
        if declared is float and type(value) is int:
            return float(value)
        if type(value) is not declared:
            names = {str: "a string", bool: "true or false", int: "a number", float: "a number"}
            return self._wrong(path, names[declared], value)
        return value

    def _each(self, declared: Any, value: Any, path: KeyPath) -> Any:
        if not isinstance(value, dict):
            return self._wrong(path, "a table", value)
        return {key: self.value(item_type(declared), item, (*path, key)) for key, item in value.items()}

    def _parsed(self, parse: Callable[[str], T], value: object, path: KeyPath) -> T | None:
        if not isinstance(value, str):
            self._wrong(path, 'a duration like "72h"', value)
            return None
        try:
            return parse(value)
        except ValueError as error:
            self._note(path, str(error))
            return None

    def _wrong(self, path: KeyPath, expected: str, value: object) -> None:
        self._note(path, f"expected {expected}, found {type(value).__name__}")

    def _note(self, path: KeyPath, text: str, *, is_extra: bool = False) -> None:
        self.problems.append((path, text, is_extra))
