"""The `Domain` value and the only way to make one from what somebody wrote."""

import re
from dataclasses import dataclass, field

import idna

__all__ = ["Domain", "DomainError", "parse_domain"]

# Letters, digits and inner hyphens (RFC 1035 §2.3.1, RFC 1123 §2.1), in lower case.
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
# The same with underscores anywhere, as in _dmarc and some old host names (RFC 8552 §1.1).
_WITH_UNDERSCORE = re.compile(
    r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
# Longest presentation that can still be a name: 253 octets in ASCII need at most as many characters,
# and a label in Unicode is not longer than in ASCII.
_MAX_OCTETS = 1024


class DomainError(ValueError):
    """Not a domain name."""


@dataclass(frozen=True, slots=True, order=True)
class Domain:
    """A fully qualified domain name without its final dot; made by `parse_domain`.

    Attributes:
        ascii: Lower case, A-labels (``xn--``); compare and look up with it.
        unicode: With U-labels, for people; the same as `ascii` where there are none.
    """

    ascii: str
    unicode: str = field(compare=False)

    def __str__(self) -> str:
        return self.ascii

    @property
    def display(self) -> str:
        """Both forms where they differ, so that lookalikes are noticed: ``bücher.x/xn--bcher-kva.x``."""
        return self.ascii if self.unicode == self.ascii else f"{self.unicode}/{self.ascii}"

    @property
    def is_international(self) -> bool:
        """Whether it has U-labels."""
        return self.unicode != self.ascii

    def is_below(self, parent: "Domain") -> bool:
        """Return whether it is a subdomain of `parent`, and not `parent` itself."""
        return self.ascii.endswith("." + parent.ascii)

    def parent(self) -> "Domain | None":
        """Return the name without its first label; `None` for a single label."""
        _, dot, rest = self.ascii.partition(".")
        return Domain(rest, self.unicode.partition(".")[2]) if dot else None


def parse_domain(
    name: str | bytes, *, allow_underscore: bool = False, allow_trailing_dot: bool = False
) -> Domain:
    """Parse a domain name, in ASCII or Unicode, in any case.

    Args:
        name: Octets are taken as UTF-8.
        allow_underscore: Accept ``_`` in labels, as in names that hold records (RFC 8552).
        allow_trailing_dot: Accept one final dot, which is dropped.

    Raises:
        DomainError: Empty, too long (RFC 1035 §2.3.4), bad characters, bad IDNA (RFC 5891 §4.2).
    """
    if len(name) > _MAX_OCTETS:
        raise DomainError("domain name too long")
    if isinstance(name, bytes):
        try:
            name = name.decode()
        except UnicodeDecodeError:
            raise DomainError("domain name is not UTF-8") from None
    if name.endswith(".") and allow_trailing_dot:
        name = name[:-1]
    syntax = _WITH_UNDERSCORE if allow_underscore else _HOST
    lowered = name.lower() if name.isascii() else ""
    if lowered and "xn--" not in lowered:
        _check(lowered, syntax)
        return Domain(lowered, lowered)
    ascii_form = _to_ascii(name)
    _check(ascii_form, syntax)
    return Domain(ascii_form, ".".join(_to_unicode(label) for label in ascii_form.split(".")))


def _check(name: str, syntax: re.Pattern[str]) -> None:
    # 255 octets on the wire are 253 characters in text (RFC 1035 §3.1).
    if len(name) > 253:
        raise DomainError("domain name too long")
    if syntax.fullmatch(name) is None:
        raise DomainError("domain name has bad syntax")


def _to_ascii(name: str) -> str:
    try:
        # The mapping lowers case and width, and takes other full stops for dots (UTS 46 §4).
        mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
        return ".".join(_label_to_ascii(label) for label in mapped.split("."))
    except (UnicodeError, IndexError) as error:
        raise DomainError(f"domain name is not valid in IDNA: {error}") from None


def _label_to_ascii(label: str) -> str:
    if label.isascii() and not label.startswith("xn--"):
        return label
    if len(label) > 63:
        raise DomainError("label too long")
    return idna.alabel(label).decode("ascii")


def _to_unicode(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.ulabel(label)
    except (UnicodeError, IndexError) as error:
        raise DomainError(f"domain name is not valid in IDNA: {error}") from None
