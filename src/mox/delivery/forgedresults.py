"""Authentication-Results fields that claim to be ours leave a message that comes from outside (RFC 8601 §5).

People and programs trust the results that stand under our name. Fields of others stay, and so does the
Authenticated Received Chain, which proves itself.
"""

import re
from collections.abc import Collection
from itertools import chain

from moxkit.domain import DomainError, parse_domain
from moxkit.message import (
    AuthenticationResultsError,
    Source,
    decode_words,
    find_header_end,
    parse_authentication_results,
    unfold,
)

__all__ = ["forged_results"]

_VALUE = rb"(?i:authentication-results)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)"
_FIRST = re.compile(_VALUE)
# The literal newline in front lets the search hop from line to line.
_NEXT = re.compile(rb"\n" + _VALUE)
# Handlers add one each; of more nobody reads any.
_MOST_FIELDS = 200
_LONGEST_FIELD = 64 << 10
_SPACE = re.compile(r"\s++")
_COMMENT = re.compile(r"\([^()]*+\)")
_DECORATION = re.compile(r'[\\"]++')


def forged_results(octets: Source, hostnames: Collection[str]) -> list[tuple[int, int]]:
    """Find the fields that a reader could take for ours; return where they begin and end.

    A field is ours by its authserv-id, however that is spelled. Where some reader might see another than we
    do, because the field is malformed or our name stands in a comment beside the id, it counts as well.

    Args:
        octets: A message, lines ending in CRLF.
        hostnames: Names of this server.
    """
    header_end = find_header_end(octets, 0, len(octets))
    end = len(octets) if header_end < 0 else header_end
    ours = {name for hostname in hostnames if hostname for name in _spellings(hostname)}
    if not ours:
        return []
    names = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, ours))})(?![\w-]|\.\w)")
    found: list[tuple[int, int]] = []
    first = _FIRST.match(octets, 0, end)
    fields = chain([first] if first else [], _NEXT.finditer(octets, 0, end))
    for count, match in enumerate(fields):
        if count >= _MOST_FIELDS or _may_be_ours(match[1], ours, names):
            start = match.start() + (match is not first)
            found.append((start, min(match.end() + 1, len(octets))))
    return found


def _may_be_ours(raw: bytes, ours: Collection[str], names: re.Pattern[str]) -> bool:
    if len(raw) > _LONGEST_FIELD:
        return True
    text = unfold(raw).decode("utf-8", "replace")
    try:
        id_ = parse_authentication_results(raw).authserv_id
    except AuthenticationResultsError:
        bare = _SPACE.sub("", _COMMENT.sub("", text))
        shown = f"{text} {decode_words(text)} {bare}"
        return names.search(_DECORATION.sub("", shown).lower()) is not None
    # Between the id and the first method there are no words but a version and comments.
    head = _DECORATION.sub("", decode_words(text)).lower().partition("=")[0]
    return _ascii(decode_words(id_)) in ours or names.search(head) is not None


def _ascii(name: str) -> str:
    try:
        return parse_domain(name, allow_underscore=True, allow_trailing_dot=True).ascii
    except DomainError:
        return name.lower()


def _spellings(hostname: str) -> set[str]:
    try:
        domain = parse_domain(hostname, allow_underscore=True)
    except DomainError:
        return {hostname.lower()}
    return {domain.ascii, domain.unicode}
