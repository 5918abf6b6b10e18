"""Reading a DMARC record (RFC 9989 §4.7, §4.8; RFC 7489 §6.3, §6.4).

Wrong values of optional tags are read as their defaults and noted, as both RFCs demand. What makes a record
useless: a repeated tag (RFC 6376 §3.2, whose syntax this is), and no policy without somebody to report to.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from moxkit.dmarc.record import Alignment, Policy, Psd, Record, ReportUri

__all__ = ["RecordError", "is_record", "parse_record"]

EnumT = TypeVar("EnumT", bound=StrEnum)
ValueT = TypeVar("ValueT")
DefaultT = TypeVar("DefaultT")

_LONGEST = 16 * 1024  # characters of a record that are read
_MOST_TAGS = 100
_MOST_URIS = 100
_SPACE = " \t\r\n"
# dmarc-version: the first tag, its value in this case exactly (RFC 9989 §4.8).
_VERSION = re.compile(r"[ \t]*+[vV][ \t]*+=[ \t]*+DMARC1[ \t]*+(?:;|\Z)")
_TAG = re.compile(r"([A-Za-z][A-Za-z0-9_]*+)[ \t]*+=[ \t]*+([\x20-\x3a\x3c-\x7e]*+)")
# A scheme and something; a "!" begins the size limit, so it must be encoded in the URI (RFC 7489 §6.2).
_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*+:[^\s!,;]++)(?:!([0-9]{1,15})([kmgtKMGT])?)?")
_SHIFT = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
_FAILURE_OPTIONS = {"0", "1", "d", "s"}
_WORD = re.compile(r"[A-Za-z0-9-]{1,30}")


class RecordError(ValueError):
    """The text is a DMARC record by its first tag, but no policy can be read from it."""


def is_record(text: str) -> bool:
    """Return whether a TXT record is meant for DMARC; others are none of our business (RFC 9989 §4.10)."""
    return _VERSION.match(text) is not None


def parse_record(text: str, *, is_policy: bool = True) -> Record:
    """Parse the text of a TXT record.

    Args:
        text: The record's strings, joined.
        is_policy: Demand a policy; a record that only permits reports has none (RFC 9990 §4).

    Raises:
        RecordError: It is no DMARC record, has a tag twice, or has no valid policy and asks for no reports.
    """
    if not is_record(text):
        raise RecordError("record does not begin with v=DMARC1")
    if len(text) > _LONGEST:
        raise RecordError("record too long")
    problems: list[str] = []
    tags = _Tags(_split(text, problems), problems)
    rua, ruf = tags.read("rua", _read_uris, ()), tags.read("ruf", _read_uris, ())
    policy = tags.read("p", _choice(Policy), None)
    subdomain_policy = tags.read("sp", _choice(Policy), None)
    nonexistent_policy = tags.read("np", _choice(Policy), None)
    if is_policy and (policy is None or "bad sp" in problems or "bad np" in problems):
        # RFC 9989 §4.10.1, RFC 7489 §6.6.3: as if it said p=none, if that is of any use.
        if not rua:
            raise RecordError(problems[-1] if problems and policy is not None else "no valid p tag")
        problems.append("read as p=none")
        policy, subdomain_policy, nonexistent_policy = Policy.NONE, None, None
    return Record(
        policy=policy or Policy.NONE,
        subdomain_policy=subdomain_policy,
        nonexistent_policy=nonexistent_policy,
        psd=tags.read("psd", _choice(Psd), Psd.UNKNOWN),
        testing=tags.read("t", _read_yes, default=False),
        dkim_alignment=tags.read("adkim", _choice(Alignment), Alignment.RELAXED),
        spf_alignment=tags.read("aspf", _choice(Alignment), Alignment.RELAXED),
        rua=rua,
        ruf=ruf,
        failure_options=tags.read("fo", _read_failure_options, ("0",)),
        report_formats=tags.read("rf", _read_words, ("afrf",)),
        report_interval_s=tags.read("ri", lambda value: _number(value, 2**32 - 1), 86400),
        percentage=tags.read("pct", lambda value: _number(value, 100), 100),
        problems=tuple(problems),
    )


class _Tags:
    """Tags by name; a value that its reader refuses becomes the default, and is noted."""

    __slots__ = ("_problems", "_values")

    def __init__(self, values: dict[str, str], problems: list[str]) -> None:
        self._values = values
        self._problems = problems

    def read(self, name: str, reader: Callable[[str], ValueT], default: DefaultT) -> ValueT | DefaultT:
        value = self._values.get(name)
        if value is None:
            return default
        try:
            return reader(value)
        except ValueError:
            self._problems.append(f"bad {name}")
            return default


def _split(text: str, problems: list[str]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for piece in text.split(";", _MOST_TAGS)[1:_MOST_TAGS]:
        if not piece.strip(_SPACE):
            continue
        found = _TAG.fullmatch(piece.strip(_SPACE))
        if found is None:
            problems.append("text that is no tag")
            continue
        name = found[1].lower()
        if name in tags or name == "v":
            raise RecordError(f"repeated tag {name}")
        tags[name] = found[2].rstrip(" ")
    return tags


def _choice(kind: type[EnumT]) -> Callable[[str], EnumT]:
    return lambda value: kind(value.lower())


def _read_yes(value: str) -> bool:
    if value.lower() not in {"y", "n"}:
        raise ValueError(value)
    return value.lower() == "y"


def _number(value: str, largest: int) -> int:
    if not value.isascii() or not value.isdecimal() or len(value) > 15 or int(value) > largest:
        raise ValueError(value)
    return int(value)


def _read_words(value: str) -> tuple[str, ...]:
    words = tuple(word.strip(" \t").lower() for word in value.split(":"))
    if not all(map(_WORD.fullmatch, words)):
        raise ValueError(value)
    return words


def _read_failure_options(value: str) -> tuple[str, ...]:
    # Unknown options are left out, as receivers may choose which to follow (RFC 9989 §4.7).
    known = tuple(dict.fromkeys(word for word in _read_words(value) if word in _FAILURE_OPTIONS))
    if not known:
        raise ValueError(value)
    return known


def _read_uris(value: str) -> tuple[ReportUri, ...]:
    uris = []
    for piece in value.split(",", _MOST_URIS)[:_MOST_URIS]:
        found = _URI.fullmatch(piece.strip(" \t"))
        if found is not None:
            size = None if found[2] is None else int(found[2]) << _SHIFT[(found[3] or "").lower()]
            uris.append(ReportUri(found[1], size))
    if not uris:
        raise ValueError(value)
    return tuple(uris)
