"""Text to record (RFC 7208 §4.5, §4.6.1, §12). Any error anywhere makes the whole record invalid."""

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from moxkit.spf.errors import RecordError
from moxkit.spf.macros import MacroString, parse_domain_spec, parse_macro_string
from moxkit.spf.record import (
    A,
    All,
    Directive,
    Exists,
    Include,
    Ip4,
    Ip6,
    Mechanism,
    Modifier,
    Mx,
    Ptr,
    Qualifier,
    Record,
)

__all__ = ["is_record", "parse_record"]

# What a TXT record can hold at most; RFC 7208 §3.4 asks for 450 octets.
_MAX_OCTETS = 65535
# Records as long as they should be are remembered, parsing being a pure function of the text; longer ones of
# nothing but ``a`` would fill the memory.
_REMEMBERED_OCTETS = 512
_REMEMBERED = 512
# So are short terms: records that were never seen are mostly made of ``~all``, ``mx`` and includes that were.
_REMEMBERED_TERM_OCTETS = 64
_REMEMBERED_TERMS = 4096

# directive and modifier begin with a name (RFC 7208 §4.6.1), and what follows it tells which of them it is.
_TERM = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9._-]*+)([:/=]?)([!-~]*+)")
# Numbers without leading zeros, as in addresses.
_CIDR = r"(0|[1-9][0-9]{0,2})"
_DUAL_CIDR = re.compile(rf"(?:/{_CIDR})?(?://{_CIDR})?\Z")


_QUALIFIERS = {"": Qualifier.PASS} | {qualifier.value: qualifier for qualifier in Qualifier}


def is_record(text: str) -> bool:
    """Return whether a text claims to be a record, right or wrong (RFC 7208 §4.5)."""
    return text[:6].lower() == "v=spf1" and text[6:7] in {"", " "}


def parse_record(text: str) -> Record:
    """Parse a record.

    Raises:
        RecordError: Bad syntax, or longer than a TXT record can be.
    """
    return _parse_remembered(text) if len(text) <= _REMEMBERED_OCTETS else _parse(text)


@lru_cache(maxsize=_REMEMBERED)
def _parse_remembered(text: str) -> Record:
    return _parse(text)


def _parse(text: str) -> Record:
    if len(text) > _MAX_OCTETS:
        raise RecordError("record too long")
    if not is_record(text):
        raise RecordError("no v=spf1 at the beginning")
    directives: list[Directive] = []
    once: dict[str, MacroString] = {}
    modifiers: list[Modifier] = []
    for term in text[7:].split(" "):
        if not term:
            continue
        read = _term_remembered(term) if len(term) <= _REMEMBERED_TERM_OCTETS else _term(term)
        if isinstance(read, Directive):
            directives.append(read)
        elif (known := read.name.lower()) not in {"redirect", "exp"}:
            modifiers.append(read)
        elif known in once:
            raise RecordError(f"second {known}=")
        else:
            once[known] = read.value
    return Record(tuple(directives), once.get("redirect"), once.get("exp"), tuple(modifiers))


@lru_cache(maxsize=_REMEMBERED_TERMS)
def _term_remembered(term: str) -> Directive | Modifier:
    return _term(term)


def _term(term: str) -> Directive | Modifier:
    found = _TERM.fullmatch(term)
    if found is None:
        raise RecordError(f"bad term: {term[:100]!r}")
    sign, name, separator, argument = found.groups()
    if separator != "=":
        return _directive(term, sign, name, separator, argument)
    if sign:
        raise RecordError(f"qualifier before a modifier: {term[:100]!r}")
    is_known = name.lower() in {"redirect", "exp"}
    return Modifier(name, parse_domain_spec(argument) if is_known else parse_macro_string(argument))


def _directive(term: str, sign: str, name: str, separator: str, argument: str) -> Directive:
    make = _MECHANISMS.get(name.lower())
    if make is None:
        raise RecordError(f"unknown mechanism: {name[:100]!r}")
    try:
        mechanism = make(separator + argument)
    except RecordError as error:
        raise RecordError(f"{term[:100]!r}: {error}") from None
    return Directive(mechanism, _QUALIFIERS[sign], term[len(sign) :])


def _all(argument: str) -> Mechanism:
    if argument:
        raise RecordError("all takes no argument")
    return All()


def _include(argument: str) -> Mechanism:
    return Include(_required_domain(argument))


def _exists(argument: str) -> Mechanism:
    return Exists(_required_domain(argument))


def _ptr(argument: str) -> Mechanism:
    return Ptr(_domain(argument))


def _a(argument: str) -> Mechanism:
    return A(*_domain_and_prefixes(argument))


def _mx(argument: str) -> Mechanism:
    return Mx(*_domain_and_prefixes(argument))


def _ip4(argument: str) -> Mechanism:
    network, prefix = _network(argument, 32)
    try:
        return Ip4(IPv4Address(network), prefix)
    except AddressValueError:
        raise RecordError("no IPv4 network") from None


def _ip6(argument: str) -> Mechanism:
    network, prefix = _network(argument, 128)
    try:
        # Python also takes a zone after "%", which RFC 4291 §2.2 does not have.
        return Ip6(IPv6Address(network.replace("%", " ")), prefix)
    except AddressValueError:
        raise RecordError("no IPv6 network") from None


_MECHANISMS: dict[str, Callable[[str], Mechanism]] = {
    "a": _a,
    "all": _all,
    "exists": _exists,
    "include": _include,
    "ip4": _ip4,
    "ip6": _ip6,
    "mx": _mx,
    "ptr": _ptr,
}


def _domain(argument: str) -> MacroString | None:
    return _required_domain(argument) if argument else None


def _required_domain(argument: str) -> MacroString:
    if argument[:1] != ":":
        raise RecordError("no domain name")
    return parse_domain_spec(argument[1:])


def _domain_and_prefixes(argument: str) -> tuple[MacroString | None, int, int]:
    found = _DUAL_CIDR.search(argument)
    if found is None or found.end() == found.start():
        return _domain(argument), 32, 128
    return _domain(argument[: found.start()]), _prefix(found[1], 32), _prefix(found[2], 128)


def _network(argument: str, width: int) -> tuple[str, int]:
    if argument[:1] != ":":
        raise RecordError("no network")
    network, slash, digits = argument[1:].partition("/")
    if slash and re.fullmatch(_CIDR, digits) is None:
        raise RecordError("bad prefix length")
    return network, _prefix(digits or None, width)


def _prefix(digits: str | None, width: int) -> int:
    prefix = width if digits is None else int(digits)
    if prefix > width:
        raise RecordError("prefix too long")
    return prefix
