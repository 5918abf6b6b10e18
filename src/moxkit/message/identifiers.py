"""Message identifiers (RFC 5322 §3.6.4) in the one form that threads compare."""

import re

from moxkit.message.headers import Headers

__all__ = ["message_id", "normalise_message_id", "references"]

_MOST = 1_000  # references read from one message
_ID = re.compile(r"<([^<>]*+)>")
_QUOTED_LOCALPART = re.compile(r'"((?:[^"\\]++|\\.)*+)"(@[^"@]++)')
_UNQUOTE = re.compile(r"\\(.)")
_DOT_ATOM = re.compile(r"[^\s\"(),:;<>@\[\]\\.]++(?:\.[^\s\"(),:;<>@\[\]\\.]++)*+")
_LONGEST = 998


def normalise_message_id(text: str) -> str | None:
    """Return a message identifier without brackets, in lower case and without needless quoting.

    Text after the closing bracket is ignored when a space comes first, as some senders add a comment.

    Returns:
        The identifier, or `None` where there is none.
    """
    text = text.strip()
    inner, bracket, rest = text[1:].partition(">")
    if not text.startswith("<") or not bracket or (rest and not rest[0].isspace()):
        return None
    return _canonical(inner)


def _canonical(inner: str) -> str | None:
    inner = "".join(inner.split()).lower()
    if not inner or len(inner) > _LONGEST:
        return None
    if (quoted := _QUOTED_LOCALPART.fullmatch(inner)) is not None:
        localpart = _UNQUOTE.sub(r"\1", quoted[1])
        if _DOT_ATOM.fullmatch(localpart):
            return localpart + quoted[2]
    return inner


def message_id(headers: Headers) -> str | None:
    """Return the normalised Message-ID of the first such field."""
    raw = headers.first("message-id")
    return None if raw is None else normalise_message_id(raw.decode("utf-8", "replace"))


def references(headers: Headers) -> tuple[str, ...]:
    """Return the normalised identifiers a message refers to, oldest first, at most 1000 (the last ones).

    The first identifier of In-Reply-To counts only when References gives none (RFC 5256 §3).
    """
    found = _ids(headers.raw("references"))
    if not found:
        found = _ids(headers.raw("in-reply-to"))[:1]
    return tuple(found[-_MOST:])


def _ids(values: list[bytes]) -> list[str]:
    inners = (inner for raw in values for inner in _ID.findall(raw.decode("utf-8", "replace")))
    return [canonical for inner in inners if (canonical := _canonical(inner)) is not None]
