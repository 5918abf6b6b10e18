"""Problems of aliases: who they are, and whom they stand for."""

from collections.abc import Iterator, Mapping

from mox.config.dynamic import Alias, DynamicConfig
from mox.config.problem import KeyPath
from mox.config.snapshot import canonical_address
from moxkit.domain import DomainError

__all__ = ["check_aliases"]

Found = tuple[KeyPath, str]


def check_aliases(config: DynamicConfig, addresses: Mapping[str, str]) -> Iterator[Found]:
    """Find problems of all aliases.

    Args:
        config: What is configured.
        addresses: The account of each canonical address.
    """
    seen: set[str] = set()
    for name, domain in config.domains.items():
        for localpart, alias in domain.aliases.items():
            where: KeyPath = ("Domains", name, "Aliases", localpart)
            if not localpart or "@" in localpart:
                yield where, "must be a localpart, the part of an address before the @"
                continue
            if any(separator in localpart for separator in domain.separators):
                yield where, "has a separator of its domain in the localpart"
            canonical = _canonical(f"{localpart}@{name}", config)
            if canonical in addresses:
                yield where, f"is an address of account {addresses[canonical]!r} already"
            if canonical in seen:
                yield where, "is the same address as another alias; keep one"
            seen.add(canonical)
            yield from _check_members(config, alias, (*where, "Addresses"), addresses)


def _check_members(
    config: DynamicConfig, alias: Alias, where: KeyPath, addresses: Mapping[str, str]
) -> Iterator[Found]:
    if not alias.addresses:
        yield where, "is empty; name at least one member"
    members: set[str] = set()
    for index, member in enumerate(alias.addresses):
        canonical = _canonical(member, config)
        if canonical not in addresses or canonical.startswith("@"):
            yield (*where, index), f"{member!r} is not an address of an account"
        elif canonical in members:
            yield (*where, index), f"{member!r} is a member already"
        members.add(canonical)


def _canonical(address: str, config: DynamicConfig) -> str:
    try:
        return canonical_address(address, config.domains)
    except DomainError:
        return address
