"""The policy text that is fetched by HTTPS (RFC 8461 §3.2), and matching MX hosts with it (§4.1)."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from moxkit.domain import Domain, DomainError, parse_domain

__all__ = ["MAX_POLICY_OCTETS", "Mode", "Policy", "PolicyError", "parse_policy"]

MAX_POLICY_OCTETS = 64 * 1024
"""Longer ones are refused (RFC 8461 §3.3 lets us)."""

_MAX_FIELDS = 1000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
# At most a year (RFC 8461 §3.2).
_MAX_AGE_S = 31557600


class PolicyError(ValueError):
    """The text is no MTA-STS policy."""


class Mode(StrEnum):
    """What to do about a host that fails (RFC 8461 §5)."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """An MTA-STS policy.

    Attributes:
        mode: What to do about a host that fails.
        max_age: How long it may be kept.
        mx: Patterns: host names, or ``*.`` and a parent.
        extensions: Other fields, in order.
    """

    mode: Mode
    max_age: timedelta
    mx: tuple[str, ...] = ()
    extensions: tuple[tuple[str, str], ...] = ()

    def allows(self, host: Domain) -> bool:
        """Return whether one of the patterns matches a host; ``*.`` is exactly one label (RFC 8461 §4.1)."""
        _, _, parent = host.ascii.partition(".")
        return host.ascii in self.mx or (bool(parent) and f"*.{parent}" in self.mx)

    def __str__(self) -> str:
        fields = [
            ("version", "STSv1"),
            ("mode", str(self.mode)),
            *(("mx", pattern) for pattern in self.mx),
            ("max_age", str(int(self.max_age.total_seconds()))),
            *self.extensions,
        ]
        return "".join(f"{name}: {value}\r\n" for name, value in fields)


def parse_policy(octets: bytes) -> Policy:
    """Parse the text of a policy; lines end in CRLF or LF (RFC 8461 §3.2).

    Of a field given twice the first counts, except for ``mx``.

    Raises:
        PolicyError: It is too long, has bad syntax, or lacks a field.
    """
    first: dict[str, str] = {}
    patterns: list[str] = []
    extensions = []
    for name, value in _fields(octets):
        if name == "mx":
            patterns.append(_pattern(value))
        elif name in {"version", "mode", "max_age"}:
            first.setdefault(name, value)
        else:
            extensions.append((name, value))
    if first.get("version") != "STSv1":
        raise PolicyError("version is not STSv1")
    try:
        mode = Mode(first.get("mode", ""))
    except ValueError:
        raise PolicyError("mode is none of enforce, testing, none") from None
    age = first.get("max_age", "")
    if not (age.isascii() and age.isdecimal() and len(age) <= 10):
        raise PolicyError("max_age is not a number of at most 10 digits")
    if not patterns and mode is not Mode.NONE:
        raise PolicyError("there is no mx")
    max_age = timedelta(seconds=min(int(age), _MAX_AGE_S))
    return Policy(mode, max_age, tuple(dict.fromkeys(patterns)), tuple(extensions))


def _fields(octets: bytes) -> list[tuple[str, str]]:
    if len(octets) > MAX_POLICY_OCTETS:
        raise PolicyError(f"policy has more than {MAX_POLICY_OCTETS} octets")
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        raise PolicyError("policy is not UTF-8") from None
    fields = []
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.removesuffix("\r").strip(" \t")
        # Blank lines are not in the grammar, but people end texts with them.
        if not stripped:
            continue
        name, separator, value = stripped.partition(":")
        if not separator or _NAME.fullmatch(name.rstrip(" \t")) is None:
            raise PolicyError(f"line {number} is no field")
        fields.append((name.rstrip(" \t"), value.strip(" \t")))
        if len(fields) > _MAX_FIELDS:
            raise PolicyError(f"policy has more than {_MAX_FIELDS} fields")
    return fields


def _pattern(value: str) -> str:
    prefix = "*." if value.startswith("*.") else ""
    try:
        return prefix + parse_domain(value.removeprefix("*."), allow_trailing_dot=True).ascii
    except DomainError as error:
        raise PolicyError(f"mx {value[:80]!r}: {error}") from None
