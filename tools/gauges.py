"""Prints what deserves a look: large files, long functions, full packages, source without a mirror in tests.

Gauges, not gates: a list to read, it never fails.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

_SOURCE = Path("src")
_LONG_FILE = 400
_LONG_FUNCTION = 60
_FULL_PACKAGE = 15


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _mirror(file: Path) -> Path:
    root, *rest = file.relative_to(_SOURCE).parts
    return Path("tests", "kit" if root == "moxkit" else "room", *rest[:-1], f"test_{file.name}")


def main() -> None:
    """Print the gauges."""
    files = sorted(f for f in _SOURCE.rglob("*.py") if f.name not in {"__init__.py", "__main__.py"})
    packages: Counter[Path] = Counter(file.parent for file in files)
    for file in files:
        text = file.read_text(encoding="utf-8")
        if (lines := text.count("\n")) > _LONG_FILE:
            print(f"{file}: {lines} lines")
        for function in _functions(ast.parse(text)):
            size = (function.end_lineno or function.lineno) - function.lineno + 1
            if size > _LONG_FUNCTION:
                print(f"{file}:{function.lineno}: {function.name} has {size} lines")
        if not _mirror(file).exists():
            print(f"{file}: no {_mirror(file)}")
    for package, count in packages.items():
        if count > _FULL_PACKAGE:
            print(f"{package}: {count} files")


if __name__ == "__main__":
    main()
