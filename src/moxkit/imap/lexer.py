r"""Reading IMAP tokens from a complete command or response (RFC 9051 §9).

The text holds every line of it; where a literal stood, the announcement and CRLF remain
(``{5}\r\n``) and the octets are in a list beside it, so that literals are never copied.
"""

import re
from collections.abc import Sequence

from moxkit.imap.errors import CommandSyntaxError, ImapSyntaxError
from moxkit.imap.sequenceset import SET, SequenceSet, parse_sequence_set

__all__ = ["ANNOUNCEMENT", "ATOM", "MAX_NUMBER64", "Cursor", "LiteralPendingError"]

# ATOM-CHAR = any CHAR except "(" ")" "{" SP CTL "%" "*" DQUOTE "\" "]"
ATOM = re.compile(rb"[!#$&'+-\[^-z|}~]+")
# ASTRING-CHAR = ATOM-CHAR / "]"
_ASTRING = re.compile(rb"[!#$&'+-\[\]-z|}~]+")
# list-char = ATOM-CHAR / "%" / "*" / "]"
_LIST_MAILBOX = re.compile(rb"[!#-'*-\[\]-z|}~]+")
_QUOTED = re.compile(rb'"([^"\\\r\n\x00]*(?:\\["\\][^"\\\r\n\x00]*)*)"')
_ESCAPED = re.compile(rb"\\(.)")
# literal = "{" number64 ["+"] "}" CRLF *CHAR8; literal8 has "~" before (RFC 7888 §8, RFC 3516 §4)
ANNOUNCEMENT = re.compile(rb"(~?)\{([0-9]{1,19})(\+?)\}(?:\r\n)?\Z")
_LITERAL = re.compile(rb"~?\{[0-9]{1,19}\+?\}\r\n")
_NUMBER = re.compile(rb"[0-9]{1,20}")
_WORD = re.compile(rb"[A-Za-z0-9.-]+")
_NIL = re.compile(rb"NIL(?![^ ()\]\r])", re.IGNORECASE)

MAX_NUMBER64 = 2**63 - 1


class LiteralPendingError(Exception):
    """The cursor stands at a literal of which only the announcement is there yet."""


class Cursor:
    """A position in the text; every method takes something there or raises the given error.

    Attributes:
        octets: The text.
        position: Where the next token begins.
        utf8_names: Whether mailbox names are UTF-8 rather than modified UTF-7 (RFC 6855 §3).
        nesting: How deep parentheses may still go.
    """

    __slots__ = ("_error", "_literals", "_taken", "nesting", "octets", "position", "utf8_names")

    def __init__(
        self,
        octets: bytes,
        literals: Sequence[bytes] = (),
        *,
        utf8_names: bool = False,
        nesting: int = 50,
        error: type[ImapSyntaxError] = CommandSyntaxError,
    ) -> None:
        self.octets = octets
        self.position = 0
        self.utf8_names = utf8_names
        self.nesting = nesting
        self._literals = literals
        self._taken = 0
        self._error = error

    def fail(self, text: str, code: str | None = None) -> ImapSyntaxError:
        """Return the error to raise; the octets themselves may be secret and stay out of it."""
        return self._error(f"{text} at position {self.position}", code)

    def descend(self) -> None:
        """Count one level of nesting; `ascend` ends it.

        Raises:
            ImapSyntaxError: Too deep.
        """
        self.nesting -= 1
        if self.nesting < 0:
            raise self.fail("nested too deeply")

    def ascend(self) -> None:
        """End one level of nesting."""
        self.nesting += 1

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Take what the pattern matches here, if anything."""
        found = pattern.match(self.octets, self.position)
        if found is not None:
            self.position = found.end()
        return found

    def expect(self, pattern: re.Pattern[bytes], what: str) -> re.Match[bytes]:
        """Take what the pattern matches here.

        Raises:
            ImapSyntaxError: It does not match; `what` was expected.
        """
        found = pattern.match(self.octets, self.position)
        if found is None:
            raise self.fail(f"expected {what}")
        self.position = found.end()
        return found

    def at(self, octets: bytes) -> bool:
        """Return whether these octets come next, without taking them."""
        return self.octets.startswith(octets, self.position)

    def take(self, octets: bytes) -> bool:
        """Take exactly these octets if they come next."""
        if self.octets.startswith(octets, self.position):
            self.position += len(octets)
            return True
        return False

    def require(self, octets: bytes) -> None:
        """Take exactly these octets.

        Raises:
            ImapSyntaxError: Something else comes next.
        """
        if not self.octets.startswith(octets, self.position):
            raise self.fail(f"expected {'space' if octets == b' ' else octets.decode('ascii')}")
        self.position += len(octets)

    def space(self) -> None:
        """Take one space.

        Raises:
            ImapSyntaxError: Something else comes next.
        """
        self.require(b" ")

    def at_end(self) -> bool:
        """Return whether the whole text was taken."""
        return self.position == len(self.octets)

    def end(self) -> None:
        """Require the end of the text.

        Raises:
            ImapSyntaxError: There is more.
        """
        if self.position != len(self.octets):
            raise self.fail("unexpected trailing data")

    def word(self) -> str:
        """Take a keyword of the grammar (letters, digits, dot, hyphen), upper-cased.

        Raises:
            ImapSyntaxError: None here.
        """
        return self.expect(_WORD, "keyword")[0].decode("ascii").upper()

    def atom(self) -> str:
        """Take an atom.

        Raises:
            ImapSyntaxError: None here.
        """
        return self.expect(ATOM, "atom")[0].decode("ascii")

    def number(self, limit: int = MAX_NUMBER64) -> int:
        """Take a decimal number up to `limit`.

        Raises:
            ImapSyntaxError: None here, or larger.
        """
        value = int(self.expect(_NUMBER, "number")[0])
        if value > limit:
            raise self.fail("number too large")
        return value

    def nz_number(self, limit: int = 2**32 - 1) -> int:
        """Take a decimal number from 1 to `limit`.

        Raises:
            ImapSyntaxError: None here, zero, or larger.
        """
        if self.at(b"0"):
            raise self.fail("expected non-zero number")
        return self.number(limit)

    def at_set(self) -> bool:
        """Return whether a set of numbers comes next, without taking it."""
        return SET.match(self.octets, self.position) is not None

    def sequence_set(self) -> SequenceSet:
        """Take a set of numbers, or ``$``.

        Raises:
            ImapSyntaxError: None here, or a number has more than 32 bits.
        """
        found = self.expect(SET, "sequence set")
        try:
            return parse_sequence_set(found[0])
        except CommandSyntaxError as problem:
            raise self.fail(problem.text) from None

    def nil(self) -> bool:
        """Take NIL if it comes next."""
        return self.match(_NIL) is not None

    def _string(self) -> bytes | None:
        """Take a quoted string or literal, `None` if neither is here."""
        if (quoted := self.match(_QUOTED)) is not None:
            value = quoted[1]
            return _ESCAPED.sub(rb"\1", value) if b"\\" in value else value
        if self.match(_LITERAL) is not None:
            if self._taken >= len(self._literals):
                raise LiteralPendingError
            self._taken += 1
            return self._literals[self._taken - 1]
        return None

    def string(self) -> bytes:
        """Take a quoted string or literal.

        Raises:
            ImapSyntaxError: Neither is here.
            LiteralPendingError: The literal was not received yet.
        """
        if (value := self._string()) is None:
            raise self.fail("expected string")
        return value

    def astring(self) -> bytes:
        """Take a string or an atom that may hold ``]``.

        Raises:
            ImapSyntaxError: Neither is here.
            LiteralPendingError: The literal was not received yet.
        """
        if (found := self.match(_ASTRING)) is not None:
            return found[0]
        return self.string()

    def nstring(self) -> bytes | None:
        """Take a string or NIL.

        Raises:
            ImapSyntaxError: Neither is here.
            LiteralPendingError: The literal was not received yet.
        """
        return None if self.nil() else self.string()

    def list_mailbox(self) -> bytes:
        """Take a LIST pattern.

        Raises:
            ImapSyntaxError: None here.
            LiteralPendingError: The literal was not received yet.
        """
        if (found := self.match(_LIST_MAILBOX)) is not None:
            return found[0]
        return self.string()

    def text(self, octets: bytes) -> str:
        """Decode what `astring` or `string` returned as UTF-8 (RFC 6855 §3).

        Raises:
            ImapSyntaxError: It is not UTF-8, or holds NUL.
        """
        try:
            text = octets.decode()
        except UnicodeDecodeError:
            raise self.fail("string is not UTF-8") from None
        if "\0" in text:
            raise self.fail("string holds NUL")
        return text
