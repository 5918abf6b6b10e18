"""Address lists of header fields (RFC 5322 §3.4, obsolete forms of §4.4, UTF-8 of RFC 6532).

Tolerant: what cannot be read up to the next comma becomes an address without localpart and domain, and the
list says that it is not clean. One pass over the tokens, so hostile lists cost linear time.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from moxkit.domain import DomainError, parse_domain
from moxkit.message.encodedwords import decode_words
from moxkit.message.headers import Headers
from moxkit.message.unfolding import unfold

__all__ = [
    "Address",
    "AddressList",
    "Group",
    "addresses_in",
    "from_address",
    "is_localpart",
    "parse_addresses",
    "quote_localpart",
]

_MOST = 10_000  # addresses read from one field
_LONGEST_ROUTE = 200  # tokens of one obsolete source route

# What most mail has: an optional plain or quoted name and one angle address, or the bare address.
_SIMPLE = re.compile(
    r"(?:\"([^\"\\\r\n]*+)\"|([^\"\\(),:;<>@\[\]]*+))[ \t]*+"
    r"<([^\s\"(),:;<>@\[\]\\]++)@([^\s\"(),:;<>@\[\]\\]++)>"
)
_BARE = re.compile(r"([^\s\"(),:;<>@\[\]\\]++)@([^\s\"(),:;<>@\[\]\\]++)")
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n]++)|(?P<atom>[^ \t\r\n\"(),:;<>@\[\]]++)"
    r"|\"(?P<quoted>(?:[^\"\\]++|\\.)*+)(?P<close>\"|\\?\Z)"
    r"|(?P<literal>\[[^\[\]]*+\])|(?P<special>.)",
    re.DOTALL,
)
_COMMENT_PIECE = re.compile(r"[^()\\]++|\\.|[()\\]", re.DOTALL)
_UNQUOTE = re.compile(r"\\(.)", re.DOTALL)
_DOT_ATOM = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]++(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]++)*+"
)


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox address of a header field; not verified to exist.

    Attributes:
        name: Display name, unquoted; empty if there is none.
        localpart: Unquoted; empty if the address could not be read.
        domain: As written; empty if the address could not be read.
    """

    name: str
    localpart: str
    domain: str

    def __str__(self) -> str:
        """Return ``localpart@domain``, the localpart quoted where needed."""
        return f"{quote_localpart(self.localpart)}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Group:
    """A named list of addresses (RFC 5322 §3.4)."""

    name: str
    members: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class AddressList:
    """What one field held; ``is_clean`` says that every octet of it followed the grammar."""

    entries: tuple[Address | Group, ...]
    is_clean: bool

    @property
    def addresses(self) -> tuple[Address, ...]:
        """All addresses, those inside groups too."""
        return tuple(_flat(self.entries))


def _flat(entries: Iterable[Address | Group]) -> Iterator[Address]:
    for entry in entries:
        if isinstance(entry, Group):
            yield from entry.members
        else:
            yield entry


def quote_localpart(localpart: str) -> str:
    """Quote a localpart that is no dot-atom (RFC 5322 §3.4.1)."""
    if not localpart or _DOT_ATOM.fullmatch(localpart):
        return localpart
    return '"' + localpart.replace("\\", "\\\\").replace('"', '\\"') + '"'


def is_localpart(text: str) -> bool:
    """Whether ``text`` may stand left of the ``@``, quoted if needed: no control characters, not empty."""
    return bool(text) and len(text) <= 255 and text.isprintable()


def parse_addresses(raw: bytes, *, keep_words: bool = False) -> AddressList:
    """Parse the value of an address field.

    Args:
        raw: Field value, folded or not; octets that are no UTF-8 become the replacement character.
        keep_words: Leave encoded words in names as they are (for IMAP's ENVELOPE).
    """
    text = unfold(raw).decode("utf-8", "replace")
    simple = _SIMPLE.fullmatch(text)
    if simple is not None:
        quoted, plain, localpart, domain = simple.groups()
        name = quoted if quoted is not None else " ".join(plain.split())
        return AddressList((Address(name if keep_words else decode_words(name), localpart, domain),), True)
    if (bare := _BARE.fullmatch(text)) is not None:
        return AddressList((Address("", bare[1], bare[2]),), True)
    return _ListParser(text, keep_words).parse()


def addresses_in(headers: Headers, name: str) -> tuple[Address, ...]:
    """Return the addresses of all fields with this name, groups flattened, unreadable ones left out."""
    lists = (parse_addresses(raw).addresses for raw in headers.raw(name))
    return tuple(address for found in lists for address in found if address.domain)


def from_address(headers: Headers) -> Address | None:
    """Return the author's address, or `None` unless one From field holds exactly one correct address.

    Two readers that disagree about the author would defeat DMARC (RFC 7489 §6.6.1), so anything that had to
    be repaired counts as absent.
    """
    raw = headers.raw("from")
    if len(raw) != 1:
        return None
    found = parse_addresses(raw[0])
    if not found.is_clean or len(found.entries) != 1 or not isinstance(found.entries[0], Address):
        return None
    address = found.entries[0]
    try:
        # Underscores are no host names but in use, and refused by none of the checks that follow.
        parse_domain(address.domain, allow_underscore=True)
    except DomainError:
        return None
    return address if is_localpart(address.localpart) else None


class _ListParser:
    """Collects tokens up to a comma, then reads them as one address."""

    __slots__ = ("_clean", "_entries", "_group", "_keep_words", "_members", "_text")

    def __init__(self, text: str, keep_words: bool) -> None:
        self._text = text
        self._keep_words = keep_words
        self._entries: list[Address | Group] = []
        self._group: str | None = None
        self._members: list[Address] = []
        self._clean = True

    def parse(self) -> AddressList:
        """Parse the whole text."""
        piece: list[tuple[str, str]] = []
        taken = 0
        for kind, value in self._tokens():
            if kind == "special" and value in ",;" and not _is_in_angle(piece):
                taken += self._take(piece)
                piece = []
                if value == ";":
                    self._close_group()
                if taken >= _MOST:
                    self._clean = False
                    break
            elif kind == "special" and value == ":" and self._group is None and not _is_in_angle(piece):
                self._group = self._phrase(piece)
                piece = []
            else:
                piece.append((kind, value))
        self._take(piece)
        if self._group is not None:
            self._clean = False
            self._close_group()
        return AddressList(tuple(self._entries), self._clean)

    def _tokens(self) -> Iterator[tuple[str, str]]:
        text, at = self._text, 0
        while (match := _TOKEN.match(text, at)) is not None:
            at = match.end()
            kind = match.lastgroup or "special"
            if kind == "close":
                if match["close"] != '"':
                    self._clean = False
                yield "quoted", _UNQUOTE.sub(r"\1", match["quoted"])
            elif kind == "special" and match["special"] == "(":
                at, comment = self._comment(at)
                yield "comment", comment
            else:
                yield kind, match[kind]

    def _comment(self, at: int) -> tuple[int, str]:
        """Skip a comment that opened just before ``at``; return its end and its text."""
        start, depth = at, 1
        while (match := _COMMENT_PIECE.match(self._text, at)) is not None:
            at = match.end()
            if match[0] == "(":
                depth += 1
            elif match[0] == ")":
                depth -= 1
                if not depth:
                    return at, self._text[start : at - 1]
        self._clean = False
        return len(self._text), self._text[start:]

    def _close_group(self) -> None:
        if self._group is None:
            self._clean = False  # ";" as a separator is Outlook's habit: no group to close
            return
        self._entries.append(Group(self._group, tuple(self._members)))
        self._group, self._members = None, []

    def _take(self, piece: list[tuple[str, str]]) -> int:
        if all(kind in {"space", "comment"} for kind, _ in piece):
            return 0  # empty list elements are obsolete syntax, RFC 5322 §4.4
        address = self._address(piece)
        (self._members if self._group is not None else self._entries).append(address)
        return 1

    def _address(self, piece: list[tuple[str, str]]) -> Address:
        specials = [at for at, (kind, value) in enumerate(piece) if kind == "special" and value in "<>"]
        if not specials:
            spec = self._spec(piece)
            if spec is None:
                self._clean = False
                return Address(self._phrase(piece), "", "")
            # "user@host (Real Name)" is how names were written before RFC 822.
            comments = [value.strip() for kind, value in piece if kind == "comment"]
            return Address(self._decoded(comments[-1]) if comments else "", *spec)
        first, last = specials[0], specials[-1]
        name = self._phrase(piece[:first])
        inner = piece[first + 1 : last]
        if len(specials) != 2 or piece[first][1] != "<" or piece[last][1] != ">":
            self._clean = False
            return Address(name, "", "")
        if any(kind not in {"space", "comment"} for kind, _ in piece[last + 1 :]):
            self._clean = False
        spec = self._spec(_without_route(inner))
        if spec is None:
            self._clean = False
            return Address(name, "", "")
        return Address(name, *spec)

    def _spec(self, piece: list[tuple[str, str]]) -> tuple[str, str] | None:
        """Read ``localpart@domain``; white space and comments between its tokens are obsolete but legal."""
        words = [token for token in piece if token[0] not in {"space", "comment"}]
        at = next((i for i, token in enumerate(words) if token == ("special", "@")), -1)
        if at < 1 or at == len(words) - 1:
            return None
        left, right = words[:at], words[at + 1 :]
        if not _joins(left, {"atom", "quoted"}) or not _joins(right, {"atom", "literal"}):
            return None
        localpart, domain = "".join(v for _, v in left), "".join(v for _, v in right)
        return localpart, domain

    def _phrase(self, piece: list[tuple[str, str]]) -> str:
        words: list[str] = []
        for kind, value in piece:
            if kind in {"space", "comment"}:
                words.append(" ")
            else:
                words.append(value)
                # An unquoted "@" in a name is how one address is dressed up as another.
                self._clean = self._clean and kind in {"atom", "quoted"}
        return self._decoded(" ".join("".join(words).split()))

    def _decoded(self, text: str) -> str:
        return text if self._keep_words else decode_words(text)


def _is_in_angle(piece: list[tuple[str, str]]) -> bool:
    """Whether an angle bracket is open; only an obsolete source route has commas and colons there."""
    if not piece or len(piece) > _LONGEST_ROUTE:
        return False
    opened = next((i for i, token in enumerate(piece) if token == ("special", "<")), -1)
    if opened < 0 or ("special", ">") in piece:
        return False
    after = next((token for token in piece[opened + 1 :] if token[0] not in {"space", "comment"}), None)
    return after == ("special", "@")


def _without_route(piece: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Drop an obsolete source route, ``@a,@b:`` (RFC 5322 §4.4)."""
    colon = next((at for at, token in enumerate(piece) if token == ("special", ":")), -1)
    return piece[colon + 1 :]


def _joins(words: list[tuple[str, str]], kinds: set[str]) -> bool:
    """Whether words follow each other as the grammar allows: one, or several separated by dots."""
    if any(kind not in kinds for kind, _ in words):
        return False
    return all(
        before[1].endswith(".") or after[1].startswith(".")
        for before, after in pairwise(words)
        if before[0] != "quoted" or after[0] != "quoted"
    ) and not any(before[0] == after[0] == "quoted" for before, after in pairwise(words))
