"""The parts of a message that APPEND puts together (RFC 4469 §5, RFC 6855 §4)."""

from dataclasses import dataclass

from moxkit.imap.lexer import ANNOUNCEMENT, MAX_NUMBER64, Cursor

__all__ = ["CatenateReader", "PendingText", "PendingUrl"]


@dataclass(frozen=True, slots=True)
class PendingText:
    """``TEXT literal``, up to and with the announcement; `utf8`: in ``UTF8 (...)``."""

    size: int
    sync: bool
    binary: bool
    utf8: bool = False


@dataclass(frozen=True, slots=True)
class PendingUrl:
    """``URL literal``, up to and with the announcement."""

    size: int
    sync: bool


def _take_part(cursor: Cursor) -> str | PendingText | PendingUrl:
    """Take a part: a URL, or what announces one or a text.

    Raises:
        CommandSyntaxError: Something else.
    """
    match cursor.word():
        case "URL":
            cursor.space()
            if (found := cursor.match(ANNOUNCEMENT)) is not None:
                return PendingUrl(_size(cursor, found[2]), not found[3])
            return cursor.text(cursor.astring())
        case "TEXT":
            cursor.space()
            found = cursor.expect(ANNOUNCEMENT, "literal")
            return PendingText(_size(cursor, found[2]), not found[3], bool(found[1]))
        case "UTF8":
            cursor.require(b" (")
            found = cursor.expect(ANNOUNCEMENT, "literal8")
            if not found[1]:
                raise cursor.fail("UTF8 needs a literal8")
            return PendingText(_size(cursor, found[2]), not found[3], binary=True, utf8=True)
        case _:
            raise cursor.fail("expected URL or TEXT")


def _size(cursor: Cursor, digits: bytes) -> int:
    size = int(digits)
    if size > MAX_NUMBER64:
        raise cursor.fail("literal size too large")
    return size


class CatenateReader:
    """Where a message that is put together stands, from line to line."""

    __slots__ = ("_closes_utf8", "_is_first")

    def __init__(self) -> None:
        self._is_first = True
        self._closes_utf8 = False

    def take_line(self, cursor: Cursor) -> tuple[list[str], PendingText | PendingUrl | None]:
        """Take URLs up to what announces a literal, or up to the parenthesis that ends the message (`None`).

        Raises:
            CommandSyntaxError: Malformed.
        """
        if self._closes_utf8:
            cursor.require(b")")
            self._closes_utf8 = False
        urls: list[str] = []
        while True:
            if not self._is_first:
                if cursor.take(b")"):
                    return urls, None
                cursor.space()
            self._is_first = False
            part = _take_part(cursor)
            if not isinstance(part, str):
                self._closes_utf8 = isinstance(part, PendingText) and part.utf8
                return urls, part
            urls.append(part)
