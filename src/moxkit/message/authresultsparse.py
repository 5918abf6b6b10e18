"""Reading an Authentication-Results field (RFC 8601 §2.2): one pass, any nesting of comments.

Lenient where writers are careless: a ``;`` at the end, values that should have been quoted, extra comments.
"""

import re

from moxkit.message.authresults import AuthenticationResults, Method, Property
from moxkit.message.unfolding import unfold

__all__ = ["AuthenticationResultsError", "parse_authentication_results"]

_LONGEST = 64 * 1024  # octets of one field
_MOST_METHODS = 200
_SPACE = re.compile(r"[ \t\r\n]*+")
_COMMENT_PIECE = re.compile(r"[^()\\]++|\\.|[()\\]", re.DOTALL)
_UNQUOTE = re.compile(r"\\(.)", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_AT_DOMAIN = re.compile(r"@[^\s;()\"]++")  # what follows a quoted localpart
_WORD = re.compile(r"[^\s;()\"]++")
_KEYWORD = re.compile(r"[A-Za-z0-9_-]++")
_NUMBER = re.compile(r"[0-9]{1,5}+")


class AuthenticationResultsError(ValueError):
    """The field does not follow RFC 8601 §2.2."""


def parse_authentication_results(raw: bytes) -> AuthenticationResults:
    """Parse the value of an Authentication-Results field, folded or not.

    Of the comments only those between a result and what follows it are kept. Method names, results and
    property names come in lower case.

    Raises:
        AuthenticationResultsError: It has no authserv-id, or a method is malformed.
    """
    if len(raw) > _LONGEST:
        raise AuthenticationResultsError("field too long")
    return _Reader(unfold(raw).decode("utf-8", "replace")).read()


class _Reader:
    __slots__ = ("_at", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def read(self) -> AuthenticationResults:
        self._skip()
        authserv_id = self._value("authserv-id")
        if "=" in authserv_id and self._text[self._at - 1] != '"':
            raise AuthenticationResultsError("no authserv-id")  # a method stands in its place
        self._skip()
        version = self._number()
        self._skip()
        methods: list[Method] = []
        while self._take(";"):
            self._skip()
            if self._at == len(self._text):
                break
            if len(methods) == _MOST_METHODS:
                raise AuthenticationResultsError("too many methods")
            method = self._method()
            if method is not None:
                methods.append(method)
        if self._at != len(self._text):
            raise AuthenticationResultsError(f"unexpected text at {self._at}")
        return AuthenticationResults(authserv_id, tuple(methods), version)

    def _method(self) -> Method | None:
        """Read one method; None for "none", the statement that nothing was checked."""
        name = self._keyword("method")
        self._skip()
        version = 1
        if self._take("/"):
            self._skip()
            version = self._number()
            self._skip()
        if not self._take("="):
            if name == "none":
                return None
            raise AuthenticationResultsError("method without result")
        self._skip()
        result = self._keyword("result")
        comment = self._skip()
        reason = ""
        properties: list[Property] = []
        while self._at < len(self._text) and self._text[self._at] != ";":
            ptype = self._keyword("property")
            self._skip()
            if self._take("."):
                self._skip()
                properties.append(Property(ptype, self._keyword("property"), self._assigned()))
            elif ptype == "reason":
                reason = self._assigned()
            else:
                raise AuthenticationResultsError(f"no property type before {ptype!r}")
            self._skip()
        return Method(name, result, version, reason, comment, tuple(properties))

    def _assigned(self) -> str:
        self._skip()
        if not self._take("="):
            raise AuthenticationResultsError("property without value")
        self._skip()
        # An empty value is no token, but written by some for a null reverse-path.
        if self._at == len(self._text) or self._text[self._at] == ";":
            return ""
        return self._value("value")

    def _value(self, what: str) -> str:
        quoted = _QUOTED.match(self._text, self._at)
        if quoted is None:
            return self._matched(_WORD, what)
        self._at = quoted.end()
        domain = _AT_DOMAIN.match(self._text, self._at)
        if domain is None:
            return _UNQUOTE.sub(r"\1", quoted[1])
        self._at = domain.end()
        return quoted[0] + domain[0]

    def _keyword(self, what: str) -> str:
        return self._matched(_KEYWORD, what).lower()

    def _number(self) -> int:
        found = _NUMBER.match(self._text, self._at)
        if found is None:
            return 1
        self._at = found.end()
        return int(found[0])

    def _matched(self, pattern: re.Pattern[str], what: str) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise AuthenticationResultsError(f"no {what} at {self._at}")
        self._at = found.end()
        return found[0]

    def _take(self, character: str) -> bool:
        if not self._text.startswith(character, self._at):
            return False
        self._at += 1
        return True

    def _skip(self) -> str:
        """Skip white space and comments; return the text of the first comment."""
        first = ""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if not self._take("("):
                return first
            comment = self._comment()
            first = first or comment

    def _comment(self) -> str:
        depth, pieces = 1, list[str]()
        while (match := _COMMENT_PIECE.match(self._text, self._at)) is not None:
            self._at = match.end()
            piece = match[0]
            depth += (piece == "(") - (piece == ")")
            if not depth:
                return "".join(pieces)
            pieces.append(piece[1:] if piece[0] == "\\" and len(piece) > 1 else piece)
        raise AuthenticationResultsError("comment without end")
