"""Names of annotations: paths of printable US-ASCII, in any case (RFC 5464 §3.2)."""

import re

from moxkit.imap.lexer import Cursor

__all__ = ["can_be_set", "take_entry"]

# Components without the wildcards of older drafts; none is empty.
_ENTRY = re.compile(r"(?:/[!-$&-)+-.0-~]++)++")
_OWNED = re.compile(r"/(?:private|shared)/.")
# Vendors have a name of their own below (RFC 5464 §3.2.1.1).
_VENDOR = re.compile(r"/(?:private|shared)/vendor(?:/[^/]+)?")


def take_entry(cursor: Cursor, *, is_root_allowed: bool = False) -> str:
    """Take an entry name, lower-cased.

    Raises:
        CommandSyntaxError: Not a path of components, or with characters that names do not have.
        LiteralPendingError: A literal was not received yet.
    """
    name = cursor.text(cursor.astring()).lower()
    if _ENTRY.fullmatch(name) is None and not (is_root_allowed and name == "/"):
        raise cursor.fail("malformed entry name")
    return name


def can_be_set(name: str) -> bool:
    """Return whether there can be such an annotation at all (RFC 5464 §3.2.1)."""
    return _OWNED.match(name) is not None and _VENDOR.fullmatch(name) is None
