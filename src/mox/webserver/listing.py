"""The page that shows what is in a directory. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

__all__ = ["Entry", "listing"]

_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;margin:2rem}table{border-spacing:1.5rem .25rem}"
    "td:first-child{text-align:right}th{text-align:left}"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or directory."""

    name: str
    is_directory: bool
    size: int
    modified: float


def listing(path: str, entries: Iterable[Entry]) -> str:
    """Write the page of a directory; `path` is its address, decoded."""
    rows = "" if path == "/" else _row("", "", "../")
    for entry in sorted(entries, key=lambda each: each.name):
        modified = datetime.fromtimestamp(entry.modified, UTC).strftime("%Y-%m-%d %H:%M:%S")
        size = "" if entry.is_directory else f"{entry.size / 1_000_000:.3f}"
        rows += _row(size, modified, f"{entry.name}{'/' if entry.is_directory else ''}")
    title = f"Index of {escape(path)}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{title}</h1><table><tr><th>Size in MB</th><th>Modified (UTC)</th><th>Name</th></tr>{rows}"
        "</table></body></html>"
    )


def _row(size: str, modified: str, name: str) -> str:
    # With ./ before it, a colon in a name is no scheme.
    link = f'<a href="./{escape(quote(name))}">{escape(name)}</a>'
    return f"<tr><td>{size}</td><td>{modified}</td><td>{link}</td></tr>"
