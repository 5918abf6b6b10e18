"""EHLO and HELO: the name a client gives, and what a server offers in answer (RFC 5321 §4.1.1.1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from moxkit.domain import Domain, DomainError, parse_domain
from moxkit.smtp.errors import CommandError
from moxkit.smtp.path import AddressLiteral, parse_address_literal

__all__ = ["Extensions", "Hello", "parse_hello", "read_extensions"]

_LITERAL = re.compile(rb"\[([!-Z^-~]{1,64})\](?: .*)?", re.DOTALL)
_SHOWN_OCTETS = 255


@dataclass(frozen=True, slots=True)
class Hello:
    """How a client introduced itself.

    Attributes:
        text: As given; untrusted, printable ASCII or UTF-8.
        domain: What it says, if it was parsed.
    """

    text: str
    domain: Domain | AddressLiteral | None


def parse_hello(args: bytes, *, allows_literal: bool, is_pedantic: bool, is_lax: bool = False) -> Hello:
    """Parse the argument of EHLO or HELO.

    Args:
        args: What follows the verb and its space.
        allows_literal: EHLO allows an address literal, HELO does not.
        is_pedantic: Refuse underscores in names.
        is_lax: Accept anything printable; for submission, where clients say what they like.

    Raises:
        CommandError: 501.
    """
    text = args[:_SHOWN_OCTETS].decode("utf-8", "replace")
    if is_lax:
        return Hello(text if text.isprintable() else "", None)
    if args.startswith(b"["):
        found = _LITERAL.fullmatch(args)
        if found is None or not allows_literal:
            raise CommandError(501, "5.5.2", "bad address literal")
        return Hello(f"[{found[1].decode()}]", parse_address_literal(found[1]))
    try:
        return Hello(text, parse_domain(args, allow_underscore=not is_pedantic, allow_trailing_dot=True))
    except DomainError as error:
        raise CommandError(501, "5.5.2", f"bad name: {error}") from None


@dataclass(frozen=True, slots=True)
class Extensions:
    """What a server offers, as its reply to EHLO says.

    Attributes:
        parameters: Of each keyword, in upper case.
    """

    parameters: Mapping[str, tuple[str, ...]]

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.parameters

    @property
    def max_size(self) -> int | None:
        """Largest message in octets; None without a limit (RFC 1870 §3)."""
        size = self.parameters.get("SIZE", ())
        return (int(size[0]) or None) if size and size[0].isdecimal() and len(size[0]) <= 20 else None

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """SASL mechanisms, in the order of the server."""
        return tuple(name.upper() for name in self.parameters.get("AUTH", ()))

    @property
    def max_recipients(self) -> int | None:
        """Recipients of one transaction (RFC 9422 §4.2)."""
        for limit in self.parameters.get("LIMITS", ()):
            name, _, value = limit.upper().partition("=")
            if name == "RCPTMAX" and value.isdecimal() and 1 <= len(value) <= 6:
                return max(1, int(value))
        return None


def read_extensions(text: str) -> Extensions:
    """Read the text of a reply to EHLO; its first line is the greeting."""
    parameters: dict[str, tuple[str, ...]] = {}
    for line in text.split("\n")[1:]:
        # ``AUTH=PLAIN`` is how some old servers write it.
        keyword, *values = line.replace("AUTH=", "AUTH ", 1).split()[:64] or [""]
        if keyword:
            parameters[keyword.upper()] = tuple(values)
    return Extensions(parameters)
