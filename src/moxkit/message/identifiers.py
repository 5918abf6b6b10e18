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


def normalise_message_id(text: str, *, keep_case: bool = False) -> str | None:
    """Return a message identifier without brackets, in lower case and without needless quoting.

    Text after the closing bracket is ignored when a space comes first, as some senders add a comment.

    Args:
        text: The field's value.
        keep_case: Leave it in its own case, as IMAP's THREAD compares (RFC 5256 §3).

    Returns:
        The identifier, or `None` where there is none.
    """
    text = text.strip()
    inner, bracket, rest = text[1:].partition(">")
    if not text.startswith("<") or not bracket or (rest and not rest[0].isspace()):
        return None
    return _canonical(inner, keep_case=keep_case)


def _canonical(inner: str, *, keep_case: bool) -> str | None:
    inner = "".join(inner.split())
    if not keep_case:
        inner = inner.lower()
    if not inner or len(inner) > _LONGEST:
        return None
    if (quoted := _QUOTED_LOCALPART.fullmatch(inner)) is not None:
        localpart = _UNQUOTE.sub(r"\1", quoted[1])
        if _DOT_ATOM.fullmatch(localpart):
            return localpart + quoted[2]
    return inner


def message_id(headers: Headers, *, keep_case: bool = False) -> str | None:
    """Return the normalised Message-ID of the first such field."""
    raw = headers.first("message-id")
    return None if raw is None else normalise_message_id(raw.decode("utf-8", "replace"), keep_case=keep_case)


def references(headers: Headers, *, keep_case: bool = False) -> tuple[str, ...]:
    """Return the normalised identifiers a message refers to, oldest first, at most 1000 (the last ones).

    The first identifier of In-Reply-To counts only when References gives none (RFC 5256 §3).
    """
    found = _ids(headers.raw("references"), keep_case=keep_case)
    if not found:
        found = _ids(headers.raw("in-reply-to"), keep_case=keep_case)[:1]
    return tuple(found[-_MOST:])


def _ids(values: list[bytes], *, keep_case: bool) -> list[str]:
    inners = (inner for raw in values for inner in _ID.findall(raw.decode("utf-8", "replace")))
    found = (_canonical(inner, keep_case=keep_case) for inner in inners)
    return [canonical for canonical in found if canonical is not None]
