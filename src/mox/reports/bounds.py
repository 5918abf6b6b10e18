"""What of a report is kept: strangers choose neither the length of a text nor how many rows there are."""

__all__ = ["MOST_ROWS", "count_of", "text_of", "texts_of"]

# Of one report; the rows with most messages stay.
MOST_ROWS = 5_000
_LARGEST_COUNT = 1 << 40
_MOST_CHARACTERS, _MOST_TEXTS = 255, 50


def text_of(text: str) -> str:
    """Return a text without controls, cut to a length."""
    return "".join(char if char.isprintable() else " " for char in text[:_MOST_CHARACTERS])


def texts_of(texts: tuple[str, ...]) -> list[str]:
    """Return the first of several texts, each cut to a length."""
    return [text_of(text) for text in texts[:_MOST_TEXTS]]


def count_of(count: int) -> int:
    """Return a count that can be added up."""
    return min(count, _LARGEST_COUNT)
