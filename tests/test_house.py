"""Rules of the house that no linter knows."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))

# Each third-party library with an adapter is imported in one package only.
ADAPTERS = {
    "OpenSSL": {"moxkit.net"},
    "dns": {"moxkit.dns", "moxkit.testing"},
    "apsw": {"mox.database"},
    "tomlkit": {"mox.config"},
    "click": {"mox.cli"},
    "argon2": {"mox.accounts"},
    "precis_i18n": {"mox.accounts"},
    "h11": {"moxkit.https"},
    "hypercorn": {"mox.http"},
    "publicsuffixlist": {"moxkit.publicsuffix"},
    "idna": {"moxkit.domain"},
    "uvloop": {"mox.app"},
    "zstandard": {"mox.moving"},
}
# The protocol packages of the kit do no I/O.
PURE = ("domain", "smtp", "imap", "jmap", "sasl", "sieve", "message", "dsn")
IO = {"asyncio", "socket", "ssl", "sqlite3", "threading"}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base", "core", "manager"}


def package_of(file: Path) -> str:
    root, *rest = file.relative_to(ROOT / "src").parts
    return ".".join([root, *rest[:1]]).removesuffix(".py")


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_libraries_are_imported_by_their_adapter_only() -> None:
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in SOURCES
        for name in imports(file)
        if (owners := ADAPTERS.get(name.partition(".")[0])) and package_of(file) not in owners
    ]
    assert not wrong


def test_protocol_packages_do_no_io() -> None:
    wrong = [
        f"{file.relative_to(ROOT)} imports {name}"
        for file in SOURCES
        if package_of(file).removeprefix("moxkit.") in PURE
        for name in imports(file)
        if name.partition(".")[0] in IO
    ]
    assert not wrong


def test_packages_are_entered_by_their_door() -> None:
    """Another package's files are its own business; the composition root and lazy commands excepted."""
    free = {"mox.app", "mox.cli"}
    wrong = []
    for file in SOURCES:
        own = package_of(file)
        for name in imports(file):
            parts = name.split(".")
            if (
                parts[0] in {"mox", "moxkit"}
                and len(parts) > 2
                and ".".join(parts[:2]) != own
                and own not in free
            ):
                wrong.append(f"{file.relative_to(ROOT)} imports {name}")
    assert not wrong


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT / "src")))
def test_file_has_a_sign_and_a_telling_name(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    assert file.stem not in FORBIDDEN_NAMES


def test_kit_needs_no_server_and_only_its_own_libraries() -> None:
    """The kit imports with everything of the server blocked, as in a light wheel of its own."""
    packages = sorted(p.name for p in (ROOT / "src" / "moxkit").iterdir() if (p / "__init__.py").exists())
    script = (
        "import sys\n"
        "for name in ('mox', 'apsw', 'tomlkit', 'click', 'argon2', 'precis_i18n', 'prometheus_client',\n"
        "             'uvloop'):\n"
        "    sys.modules[name] = None\n" + "".join(f"import moxkit.{name}\n" for name in packages)
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_rfc_references_are_known() -> None:
    done = subprocess.run(
        [sys.executable, "tools/rfcrefs.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_lock_files_name_no_registry() -> None:
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text
