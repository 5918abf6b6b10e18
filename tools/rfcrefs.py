"""Checks references to RFCs in code and tests against `rfc/index.toml`, and writes the coverage page.

python tools/rfcrefs.py                                check; exit status 1 on an unknown RFC
python tools/rfcrefs.py --write docs/rfc-coverage.md   check, and write the page
"""

import argparse
import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

_REFERENCE = re.compile(r"RFC (\d{3,5})")
_INDEX = Path("rfc/index.toml")


def references(root: Path) -> dict[int, set[Path]]:
    """Return which files below a folder cite which RFC."""
    found: defaultdict[int, set[Path]] = defaultdict(set)
    for file in sorted(root.rglob("*")):
        if file.suffix in {".py", ".sql", ".txt"} and "corpus" not in file.parts:
            for number in _REFERENCE.findall(file.read_text(encoding="utf-8", errors="replace")):
                found[int(number)].add(file)
    return found


def coverage(
    index: dict[str, dict[str, str]], code: dict[int, set[Path]], tests: dict[int, set[Path]]
) -> str:
    """Write the page."""
    lines = [
        "# RFC coverage",
        "",
        "Made by `make docs` from `rfc/index.toml` and the references in the code.",
        "",
        "| RFC | title | status | owner | code | tests |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for number, entry in sorted(index.items(), key=lambda item: int(item[0])):
        rfc = int(number)
        lines.append(
            f"| {number} | {entry['title']} | {entry['status']} | {entry['owner']} "
            f"| {len(code.get(rfc, ()))} | {len(tests.get(rfc, ()))} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run the check; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", type=Path, help="write the coverage page to this file")
    options = parser.parse_args()
    index = tomllib.loads(_INDEX.read_text(encoding="utf-8"))["rfc"]
    code, tests = references(Path("src")), references(Path("tests"))
    unknown = {number for number in code.keys() | tests.keys() if str(number) not in index}
    for number in sorted(unknown):
        files = sorted(code.get(number, set()) | tests.get(number, set()))
        print(f"RFC {number} is not in {_INDEX}; cited in {', '.join(map(str, files[:3]))}", file=sys.stderr)
    for text, entry in sorted(index.items(), key=lambda item: int(item[0])):
        if entry["status"] in {"yes", "partial"} and int(text) not in code:
            print(
                f"note: RFC {text} ({entry['title']}) is {entry['status']}, and no code cites it",
                file=sys.stderr,
            )
    if options.write:
        options.write.write_text(coverage(index, code, tests), encoding="utf-8")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
