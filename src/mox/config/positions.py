"""At which line of a TOML file each key stands; no TOML library tells.

For texts that tomllib accepts only, which spares all error handling: it looks for keys, and skips values.
"""

import re
from collections import Counter

from mox.config.problem import KeyPath

__all__ = ["positions"]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))[ \t]*""")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}' r"|'''(?:[^']|'(?!''))*'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[^\s,\]}#]+(?: \d\d:[^\s,\]}#]+)?")


def positions(text: str) -> dict[KeyPath, int]:
    """Return the line, from 1, of each key and array element of a valid TOML text."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.scan()
    return scanner.lines


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._line_at = 0
        self._tables: Counter[KeyPath] = Counter()
        self.lines: dict[KeyPath, int] = {}

    def scan(self) -> None:
        table: KeyPath = ()
        self._skip()
        while self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                self._at += 2
                name = self._resolve(self._keys())
                table = (*name, self._tables[name])
                self._tables[name] += 1
                self._note(name)
                self._note(table)
                self._at += 2
            elif self._text[self._at] == "[":
                self._at += 1
                table = self._resolve(self._keys())
                self._note(table)
                self._at += 1
            else:
                self._pair(table)
            self._skip()

    def _resolve(self, keys: KeyPath) -> KeyPath:
        """Turn the name of a table into a path: below an array of tables its last element is meant."""
        path: KeyPath = ()
        for depth, key in enumerate(keys, 1):
            path = (*path, key)
            if depth < len(keys) and (count := self._tables.get(path)):
                path = (*path, count - 1)
        return path

    def _pair(self, table: KeyPath) -> None:
        path = (*table, *self._keys())
        for depth in range(len(table) + 1, len(path) + 1):
            self._note(path[:depth])
        self._at += 1  # The equals sign.
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._skip()
        if self._text[self._at] == "[":
            self._array(path)
        elif self._text[self._at] == "{":
            self._inline_table(path)
        else:
            found = _STRING.match(self._text, self._at) or _BARE.match(self._text, self._at)
            self._at = found.end() if found else len(self._text)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        self._skip()
        index = 0
        while self._at < len(self._text) and self._text[self._at] != "]":
            self._note((*path, index))
            self._value((*path, index))
            index += 1
            self._skip()
            if self._text.startswith(",", self._at):
                self._at += 1
                self._skip()
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        self._skip()
        while self._at < len(self._text) and self._text[self._at] != "}":
            self._pair(path)
            self._skip()
            if self._text.startswith(",", self._at):
                self._at += 1
                self._skip()
        self._at += 1

    def _keys(self) -> KeyPath:
        keys: list[str] = []
        while (found := _KEY.match(self._text, self._at)) is not None:
            basic, literal, bare = found.groups()
            keys.append(_unescape(basic) if basic is not None else literal if literal is not None else bare)
            self._at = found.end()
            if not self._text.startswith(".", self._at):
                break
            self._at += 1
        return tuple(keys)

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        if found is not None:
            self._at = found.end()

    def _note(self, path: KeyPath) -> None:
        # Counted from the last place on, so that the whole costs one pass.
        self._line += self._text.count("\n", self._line_at, self._at)
        self._line_at = max(self._line_at, self._at)
        self.lines.setdefault(path, self._line)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    simple = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}

    def replace(found: "re.Match[str]") -> str:
        return simple[found[1]] if found[1] in simple else chr(int(found[1][1:], 16))

    return re.sub(r'\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[btnfre"\\])', replace, text)
