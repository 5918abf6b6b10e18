"""Checks references to RFCs in code and tests against `rfc/index.toml`, and writes the coverage page.

An entry can say which IMAP capabilities its RFC brings (`capabilities`; one that ends in `=` stands for every
value) and what proves them (`transcripts`: names in tests/transcripts/imap, or paths of tests).

python tools/rfcrefs.py                                check; exit status 1 if something does not agree
python tools/rfcrefs.py --write docs/rfc-coverage.md   check, and write the page
"""

import argparse
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mox.imapserver.capabilities import announceable

_REFERENCE = re.compile(r"RFC (\d{3,5})")
_INDEX = Path("rfc/index.toml")
_TRANSCRIPTS = Path("tests/transcripts/imap")
_STATUSES = frozenset({"yes", "partial", "no", "reference"})


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index says of one RFC."""

    number: int
    title: str
    status: str
    owner: str
    capabilities: tuple[str, ...] = ()
    transcripts: tuple[str, ...] = ()

    @property
    def is_built(self) -> bool:
        """Whether there is code for it."""
        return self.status in {"yes", "partial"}

    def claims(self, capability: str) -> bool:
        """Return whether the RFC brings a capability; `NAME=` stands for every value."""
        return any(
            capability.startswith(claim) if claim.endswith("=") else capability == claim
            for claim in self.capabilities
        )


def read_index(text: str) -> list[Entry]:
    """Return the entries in the order of their numbers.

    Raises:
        TypeError: An entry has a key that is not known, or lacks one.
    """
    entries: dict[str, dict[str, Any]] = tomllib.loads(text)["rfc"]
    for entry in entries.values():
        for key in {"capabilities", "transcripts"} & entry.keys():
            entry[key] = tuple(entry[key])
    return sorted(
        (Entry(int(number), **entry) for number, entry in entries.items()), key=lambda entry: entry.number
    )


def references(root: Path) -> dict[int, set[Path]]:
    """Return which files below a folder cite which RFC."""
    found: defaultdict[int, set[Path]] = defaultdict(set)
    for file in sorted(root.rglob("*")):
        if file.suffix in {".py", ".sql", ".txt"} and "corpus" not in file.parts:
            for number in _REFERENCE.findall(file.read_text(encoding="utf-8", errors="replace")):
                found[int(number)].add(file)
    return found


def proof(name: str) -> Path:
    """Return the file that a transcript's name means."""
    return Path(name) if "/" in name else _TRANSCRIPTS / name


def faults(entries: Iterable[Entry], announced: Iterable[str], root: Path) -> Iterator[str]:
    """Yield what does not agree between the index, what is announced, and the transcripts."""
    entries = list(entries)
    for entry in entries:
        where = f"RFC {entry.number}"
        if entry.status not in _STATUSES:
            yield f"{where} has the status {entry.status!r}"
        if entry.capabilities and not entry.transcripts:
            yield f"{where} brings {entry.capabilities[0]} and names no transcript"
        for name in entry.transcripts:
            if not (root / proof(name)).is_file():
                yield f"{where} names the transcript {name}, which is not there"
    announced = sorted(announced)
    for capability in announced:
        claims = [entry for entry in entries if entry.claims(capability)]
        if len(claims) != 1:
            numbers = ", ".join(str(entry.number) for entry in claims) or "no entry"
            yield f"capability {capability} has to be claimed by one RFC, and is by {numbers}"
        elif not claims[0].is_built:
            yield f"capability {capability} is announced, and RFC {claims[0].number} is not built"


def coverage(entries: Iterable[Entry], code: dict[int, set[Path]], tests: dict[int, set[Path]]) -> str:
    """Write the page."""
    lines = [
        "# RFC coverage",
        "",
        "Made by `make docs` from `rfc/index.toml` and the references in the code.",
        "",
        "| RFC | title | status | owner | code | tests | capabilities | transcripts |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for entry in entries:
        capabilities = " ".join(f"`{name}`" for name in entry.capabilities)
        transcripts = ", ".join(f"[{Path(n).stem}](../{proof(n)})" for n in entry.transcripts)
        lines.append(
            f"| {entry.number} | {entry.title} | {entry.status} | {entry.owner} "
            f"| {len(code.get(entry.number, ()))} | {len(tests.get(entry.number, ()))} "
            f"| {capabilities} | {transcripts} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the check; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", type=Path, help="write the coverage page to this file")
    options = parser.parse_args()
    entries = read_index(_INDEX.read_text(encoding="utf-8"))
    known = {entry.number for entry in entries}
    code, tests = references(Path("src")), references(Path("tests"))
    problems = list(faults(entries, announceable(), Path()))
    for number in sorted((code.keys() | tests.keys()) - known):
        files = sorted(code.get(number, set()) | tests.get(number, set()))
        problems.append(f"RFC {number} is not in {_INDEX}; cited in {', '.join(map(str, files[:3]))}")
    for problem in problems:
        print(problem, file=sys.stderr)
    for entry in entries:
        if entry.is_built and entry.number not in code:
            print(
                f"note: RFC {entry.number} ({entry.title}) is {entry.status}, and no code cites it",
                file=sys.stderr,
            )
    if options.write:
        options.write.write_text(coverage(entries, code, tests), encoding="utf-8")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
