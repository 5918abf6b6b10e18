"""Base subject (RFC 5256 §2.1), which threads and sorting compare: artifacts of replies removed."""

import re
from dataclasses import dataclass

__all__ = ["BaseSubject", "base_subject", "is_reply_or_forward"]

_SPACE = re.compile(r"[ \t\r\n]+")
_TRAILER = "(fwd)"
# subj-blob = "[" *BLOBCHAR "]" *WSP
_BLOB = re.compile(r"\[[^\[\]]*+\] *+")
# subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
_REFWD = re.compile(r"(?:re|fwd?) *+(?:\[[^\[\]]*+\] *+)?: *+")
_LONGEST = 2_000  # characters looked at; a longer subject is cut


@dataclass(frozen=True, slots=True)
class BaseSubject:
    """What is left of a subject, and whether something said "reply" or "forward"."""

    text: str
    is_reply_or_forward: bool


def base_subject(text: str) -> BaseSubject:
    """Return the base subject in lower case; ``text`` is unfolded and its encoded words are decoded.

    A subject with NUL has none: databases and clients disagree about what follows.
    """
    if "\0" in text:
        return BaseSubject("", False)
    rest = _SPACE.sub(" ", text[:_LONGEST].lower())
    marked = False
    while True:
        rest, trailed = _without_trailers(rest)
        rest, led = _without_leaders(rest)
        marked = marked or trailed or led
        # (6) the whole wrapped as a forward
        if not (rest.startswith("[fwd:") and rest.endswith("]")):
            return BaseSubject(rest, marked)
        rest, marked = rest[5:-1], True


def is_reply_or_forward(text: str) -> bool:
    """Whether a subject carries a mark of a reply or forward (RFC 5256 §2.1)."""
    return base_subject(text).is_reply_or_forward


def _without_trailers(text: str) -> tuple[str, bool]:
    """(2) Remove trailing "(fwd)" and white space."""
    text, marked = text.rstrip(" "), False
    while text.endswith(_TRAILER):
        text, marked = text[: -len(_TRAILER)].rstrip(" "), True
    return text, marked


def _without_leaders(text: str) -> tuple[str, bool]:
    """(3) to (5) Remove reply marks with their blobs, then blobs that leave something."""
    at, marked = 0, False
    while True:
        while at < len(text) and text[at] == " ":
            at += 1
        after_blobs = at
        while (blob := _BLOB.match(text, after_blobs)) is not None:
            after_blobs = blob.end()
        if (mark := _REFWD.match(text, after_blobs)) is not None:
            at, marked = mark.end(), True
            continue
        if (blob := _BLOB.match(text, at)) is not None and blob.end() < len(text):
            at = blob.end()
            continue
        return text[at:], marked
