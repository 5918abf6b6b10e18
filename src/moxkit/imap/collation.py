"""The order of strings in SORT and THREAD: i;unicode-casemap (RFC 5051, RFC 5256 §1)."""

import unicodedata

__all__ = ["unicode_casemap"]


def unicode_casemap(text: str) -> str:
    """Return the text whose code points are compared one by one: titlecased, then decomposed (RFC 5051 §2).

    Lone surrogates and NUL, which databases refuse, become replacement characters.
    """
    if text.isascii():
        return text.upper().replace("\0", "\ufffd")
    mapped = "".join(map(_titlecase, text))
    return unicodedata.normalize("NFKD", mapped).replace("\0", "\ufffd")


def _titlecase(character: str) -> str:
    """Map one character by its simple titlecase mapping; those that would become several stay."""
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"
    titled = character.title()
    return titled if len(titled) == 1 else character
