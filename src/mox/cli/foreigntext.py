"""Texts of strangers on a terminal."""

__all__ = ["escape_controls"]


def escape_controls(text: str) -> str:
    r"""Return the text with what a terminal would obey, or cannot show, as escapes like ``\x1b``."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
