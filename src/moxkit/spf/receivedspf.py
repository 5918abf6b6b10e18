"""The header field Received-SPF: writing it, reading it (RFC 7208 §9.1)."""

import re
from dataclasses import dataclass
from ipaddress import ip_address

from moxkit.dns import Address
from moxkit.spf.errors import ReceivedSpfError
from moxkit.spf.result import Identity, Result, Status
from moxkit.spf.sender import Sender

__all__ = ["ReceivedSpf", "parse_received_spf", "received_spf"]

_MAX_OCTETS = 8192
_LINE = 78
# Values come from strangers; a line has at most 998 characters (RFC 5322 §2.1.1).
_MAX_VALUE = 320

_STATUSES = {status.value: status for status in Status}
_IDENTITIES = {identity.value: identity for identity in Identity}

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~-"
_DOT_ATOM = re.compile(rf"[{_ATEXT}]++(?:\.[{_ATEXT}]++)*+")
_SPECIAL = re.compile(r'(["\\])')
_SPECIAL_IN_COMMENT = re.compile(r"([()\\])")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9._-]*+")
_SPACE = re.compile(r"[ \t\r\n]*+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_COMMENT_STEP = re.compile(r"(?:[^()\\]|\\.)*+([()])", re.DOTALL)
# Wider than dot-atom: addresses of IPv6 and mailboxes are seen without quotes.
_VALUE = re.compile(r'[^\s;"()]++')


@dataclass(frozen=True, slots=True)
class ReceivedSpf:
    """One Received-SPF field.

    Attributes:
        comment: For people; empty when there is none.
        identity: None for one that we do not know.
        mechanism: That matched, or ``default``.
    """

    status: Status
    comment: str = ""
    client_ip: Address | None = None
    envelope_from: str = ""
    helo: str = ""
    problem: str = ""
    receiver: str = ""
    identity: Identity | None = None
    mechanism: str = ""

    def __str__(self) -> str:
        """Return the field, folded, with its CRLF."""
        pairs = [f"{key}={_quote(value)}" for key, value in self._pairs() if value]
        tokens = [self.status.value]
        if self.comment:
            comment = _SPECIAL_IN_COMMENT.sub(r"\\\1", _clean(self.comment))
            tokens += f"({comment})".split()
        tokens += [f"{pair};" for pair in pairs[:-1]] + pairs[-1:]
        lines = ["Received-SPF:"]
        for token in tokens:
            if len(lines[-1]) + 1 + len(token) > _LINE:
                lines.append("\t" + token)
            else:
                lines[-1] += " " + token
        return "\r\n".join(lines) + "\r\n"

    def _pairs(self) -> list[tuple[str, str]]:
        return [
            ("client-ip", "" if self.client_ip is None else str(self.client_ip)),
            ("envelope-from", self.envelope_from),
            ("helo", self.helo),
            ("problem", self.problem),
            ("receiver", self.receiver),
            ("identity", "" if self.identity is None else self.identity.value),
            ("mechanism", self.mechanism),
        ]


def received_spf(sender: Sender, result: Result) -> ReceivedSpf:
    """Return the field for a result; the comment is the sentence that RFC 7208 §9.1 shows."""
    domain = result.domain.ascii if result.domain else "an unusable domain"
    receiver = sender.hostname.ascii if sender.hostname else "unknown"
    return ReceivedSpf(
        result.status,
        f"{receiver}: {_SENTENCES[result.status].format(domain=domain, ip=sender.client_ip)}",
        sender.client_ip,
        sender.mail_from,
        sender.helo,
        result.problem,
        receiver,
        result.identity,
        result.mechanism,
    )


_SENTENCES = {
    Status.NONE: "{domain} does not designate permitted sender hosts",
    Status.NEUTRAL: "{ip} is neither permitted nor denied by {domain}",
    Status.PASS: "domain of {domain} designates {ip} as permitted sender",
    Status.FAIL: "domain of {domain} does not designate {ip} as permitted sender",
    Status.SOFTFAIL: "domain of {domain} discourages use of {ip} as sender",
    Status.TEMPERROR: "temporary error while looking up {domain}",
    Status.PERMERROR: "permanent error in the policy of {domain}",
}


def parse_received_spf(value: str) -> ReceivedSpf:
    """Parse the value of a field, folded or not; keys that we do not know are skipped.

    Raises:
        ReceivedSpfError: Bad syntax, or longer than 8192 characters.
    """
    if len(value) > _MAX_OCTETS:
        raise ReceivedSpfError("field too long")
    comment, at = _skip(value, 0)
    found = _WORD.match(value, at)
    status = None if found is None else _STATUSES.get(found[0].lower())
    if found is None or status is None:
        raise ReceivedSpfError("no result")
    after, at = _skip(value, found.end())
    pairs: dict[str, str] = {}
    while at < len(value):
        key, text, at = _pair(value, at)
        # The first of a kind counts.
        pairs.setdefault(key, text)
        _, at = _skip(value, at)
    return ReceivedSpf(
        status,
        after or comment,
        _address(pairs.get("client-ip")),
        pairs.get("envelope-from", ""),
        pairs.get("helo", ""),
        pairs.get("problem", ""),
        pairs.get("receiver", ""),
        _IDENTITIES.get(pairs.get("identity", "").lower()),
        pairs.get("mechanism", ""),
    )


def _pair(value: str, at: int) -> tuple[str, str, int]:
    """Return key and value at a position, and the position after the semicolon."""
    key = _WORD.match(value, at)
    if key is None:
        raise ReceivedSpfError("no key")
    _, at = _skip(value, key.end())
    if value[at : at + 1] != "=":
        raise ReceivedSpfError(f"no value for {key[0][:50]}")
    _, at = _skip(value, at + 1)
    if quoted := _QUOTED.match(value, at):
        text, at = _ESCAPED.sub(r"\1", quoted[1]), quoted.end()
    elif plain := _VALUE.match(value, at):
        text, at = plain[0], plain.end()
    else:
        raise ReceivedSpfError(f"no value for {key[0][:50]}")
    _, at = _skip(value, at)
    if at < len(value) and value[at] != ";":
        raise ReceivedSpfError("no semicolon between pairs")
    return key[0].lower(), text, at + 1


def _skip(value: str, at: int) -> tuple[str, int]:
    """Skip white space and comments (CFWS of RFC 5322 §3.2.2); return the last comment, and where it ends."""
    comment = ""
    while True:
        blank = _SPACE.match(value, at)
        at = blank.end() if blank else at
        if value[at : at + 1] != "(":
            return comment, at
        end = _end_of_comment(value, at)
        comment = " ".join(_ESCAPED.sub(r"\1", value[at + 1 : end - 1]).split())
        at = end


def _end_of_comment(value: str, at: int) -> int:
    depth = 0
    while step := _COMMENT_STEP.match(value, at):
        depth += 1 if step[1] == "(" else -1
        at = step.end()
        if depth == 0:
            return at
    raise ReceivedSpfError("comment without end")


def _address(text: str | None) -> Address | None:
    try:
        return None if text is None else ip_address(text)
    except ValueError:
        raise ReceivedSpfError("bad client-ip") from None


def _quote(value: str) -> str:
    value = _clean(value)
    if _DOT_ATOM.fullmatch(value):
        return value
    return '"' + _SPECIAL.sub(r"\\\1", value) + '"'


def _clean(value: str) -> str:
    """Return what may stand in a field: nothing that ends its line (UTF-8 may, by RFC 6532)."""
    value = value[:_MAX_VALUE]
    if value.isprintable():
        return value
    return "".join(char if char.isprintable() else "?" for char in value)
