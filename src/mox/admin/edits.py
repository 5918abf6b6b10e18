"""Changes of domains.toml that administrators ask for: one configuration in, the other out. Pure.

What would not be a good configuration is found by its check afterwards; here is refused what would be a good
one and not what was meant.
"""

from collections.abc import Iterable
from dataclasses import replace

from mox.admin.newaccount import new_account
from mox.config import AccountConfig, Alias, Destination, DomainConfig, DynamicConfig
from moxkit.domain import DomainError, parse_domain

__all__ = [
    "EditError",
    "add_account",
    "add_address",
    "add_alias",
    "add_alias_members",
    "add_domain",
    "change_alias",
    "remove_account",
    "remove_address",
    "remove_alias",
    "remove_alias_members",
    "remove_domain",
    "set_domain_disabled",
]


class EditError(Exception):
    """That cannot be done; the text is for people."""


def add_domain(
    config: DynamicConfig,
    name: str,
    domain: DomainConfig,
    *,
    account: str,
    localpart: str,
    keeps_postmaster: bool,
) -> DynamicConfig:
    """Add a domain.

    Args:
        config: What there is.
        name: Of the domain.
        domain: Its settings.
        account: That gets its reports: one that is there, or with a `localpart` a new one.
        localpart: Of the new account's address.
        keeps_postmaster: The account is told of trouble anyway, and needs no `postmaster@` of the domain.

    Raises:
        EditError: There is such a domain or account, or none.
    """
    _check_domain(name)
    if name in config.domains:
        raise EditError(f"there is a domain {name} already")
    accounts = dict(config.accounts)
    if localpart:
        if account in accounts:
            raise EditError(f"there is an account {account!r} already; leave the localpart out to use it")
        accounts[account] = new_account(name, f"{localpart}@{name}")
    else:
        there = _account(config, account)
        if not keeps_postmaster:
            destinations = {**there.destinations, f"postmaster@{name}": Destination()}
            accounts[account] = replace(there, destinations=destinations)
    return replace(config, domains={**config.domains, name: domain}, accounts=accounts)


def remove_domain(config: DynamicConfig, name: str) -> DynamicConfig:
    """Remove a domain that no account has addresses at.

    Raises:
        EditError: There is none, or somebody has.
    """
    _domain(config, name)
    users = [
        f"{address} of account {account}"
        for account, settings in config.accounts.items()
        for address in settings.destinations
        if address.rpartition("@")[2] == name
    ]
    if users:
        raise EditError(f"the domain is in use, remove first: {', '.join(users[:10])}")
    return replace(config, domains={each: value for each, value in config.domains.items() if each != name})


def set_domain_disabled(config: DynamicConfig, name: str, *, is_disabled: bool) -> DynamicConfig:
    """Take and send no mail of a domain for now, or again.

    Raises:
        EditError: There is none.
    """
    return _with_domain(config, name, replace(_domain(config, name), disabled=is_disabled))


def add_account(config: DynamicConfig, name: str, address: str) -> DynamicConfig:
    """Add an account with one address.

    Raises:
        EditError: There is such an account or address, or no such domain.
    """
    if name in config.accounts:
        raise EditError(f"there is an account {name!r} already")
    _check_new_address(config, address)
    domain = address.rpartition("@")[2]
    return _with_account(config, name, new_account(domain, address))


def add_address(config: DynamicConfig, address: str, account: str) -> DynamicConfig:
    """Give an account an address; ``@domain`` is all addresses of a domain that nobody has.

    Raises:
        EditError: Somebody has it, or there is no such account or domain.
    """
    there = _account(config, account)
    _check_new_address(config, address)
    return _with_account(
        config, account, replace(there, destinations={**there.destinations, address: Destination()})
    )


def remove_account(config: DynamicConfig, name: str) -> DynamicConfig:
    """Remove an account, with its addresses.

    Raises:
        EditError: There is none, or an alias has one of its addresses.
    """
    account = _account(config, name)
    users = [
        f"{localpart}@{domain}"
        for domain, settings in config.domains.items()
        for localpart, alias in settings.aliases.items()
        if set(alias.addresses) & account.destinations.keys()
    ]
    if users:
        raise EditError(f"addresses of {name!r} are members of {', '.join(users)}; remove them there first")
    return replace(config, accounts={key: each for key, each in config.accounts.items() if key != name})


def remove_address(config: DynamicConfig, address: str) -> DynamicConfig:
    """Take an address away from its account, and out of aliases.

    Raises:
        EditError: Nobody has it, or an alias would be left without members.
    """
    account = _owner(config, address)
    if account is None:
        raise EditError(f"no account has the address {address}")
    there = config.accounts[account]
    config = _with_account(
        config,
        account,
        replace(
            there,
            destinations={each: value for each, value in there.destinations.items() if each != address},
            from_id_login_addresses=tuple(each for each in there.from_id_login_addresses if each != address),
        ),
    )
    for name, domain in config.domains.items():
        for localpart, alias in domain.aliases.items():
            if address in alias.addresses:
                config = remove_alias_members(config, f"{localpart}@{name}", [address])
    return config


def add_alias(config: DynamicConfig, alias: str, members: Iterable[str]) -> DynamicConfig:
    """Add an alias that anybody may write to.

    Raises:
        EditError: There is such an alias or address, or no such domain.
    """
    localpart, domain = _parts(config, alias)
    if localpart in config.domains[domain].aliases:
        raise EditError(f"there is an alias {alias} already")
    if _owner(config, alias) is not None:
        raise EditError(f"{alias} is the address of account {_owner(config, alias)!r}")
    return _with_alias(config, alias, Alias(addresses=tuple(members), post_public=True))


def change_alias(
    config: DynamicConfig,
    alias: str,
    *,
    post_public: bool | None = None,
    list_members: bool | None = None,
    allow_msg_from: bool | None = None,
) -> DynamicConfig:
    """Change who may write to an alias, see its members, or write as it; None: leave it.

    Raises:
        EditError: There is no such alias.
    """
    there = _alias(config, alias)
    changed = replace(
        there,
        post_public=there.post_public if post_public is None else post_public,
        list_members=there.list_members if list_members is None else list_members,
        allow_msg_from=there.allow_msg_from if allow_msg_from is None else allow_msg_from,
    )
    return _with_alias(config, alias, changed)


def remove_alias(config: DynamicConfig, alias: str) -> DynamicConfig:
    """Remove an alias.

    Raises:
        EditError: There is none.
    """
    _alias(config, alias)
    localpart, name = _parts(config, alias)
    domain = config.domains[name]
    left = {each: value for each, value in domain.aliases.items() if each != localpart}
    return _with_domain(config, name, replace(domain, aliases=left))


def add_alias_members(config: DynamicConfig, alias: str, members: Iterable[str]) -> DynamicConfig:
    """Add members to an alias; those it has stay.

    Raises:
        EditError: There is no such alias.
    """
    there = _alias(config, alias)
    return _with_alias(
        config, alias, replace(there, addresses=tuple(dict.fromkeys((*there.addresses, *members))))
    )


def remove_alias_members(config: DynamicConfig, alias: str, members: Iterable[str]) -> DynamicConfig:
    """Remove members from an alias.

    Raises:
        EditError: There is no such alias or member, or none would be left.
    """
    there, gone = _alias(config, alias), set(members)
    if unknown := gone - set(there.addresses):
        raise EditError(f"not a member of {alias}: {', '.join(sorted(unknown))}")
    left = tuple(each for each in there.addresses if each not in gone)
    if not left:
        raise EditError(f"the alias {alias} would have no members; remove it instead")
    return _with_alias(config, alias, replace(there, addresses=left))


def _check_domain(name: str) -> None:
    try:
        parse_domain(name)
    except DomainError as error:
        raise EditError(f"{name}: {error}") from error


def _check_new_address(config: DynamicConfig, address: str) -> None:
    _localpart, domain = _parts(config, address)
    if (owner := _owner(config, address)) is not None:
        raise EditError(f"{address} is an address of account {owner!r} already")
    if address.rpartition("@")[0] in config.domains[domain].aliases:
        raise EditError(f"{address} is an alias already")


def _parts(config: DynamicConfig, address: str) -> tuple[str, str]:
    localpart, at, domain = address.rpartition("@")
    if not at:
        raise EditError(f"{address} is not an address; write it as name@domain")
    _domain(config, domain)
    return localpart, domain


def _owner(config: DynamicConfig, address: str) -> str | None:
    return next((name for name, each in config.accounts.items() if address in each.destinations), None)


def _domain(config: DynamicConfig, name: str) -> DomainConfig:
    if name not in config.domains:
        raise EditError(f"there is no domain {name}; there are: {', '.join(config.domains) or 'none'}")
    return config.domains[name]


def _account(config: DynamicConfig, name: str) -> AccountConfig:
    if name not in config.accounts:
        raise EditError(f"there is no account {name!r}; it is the account's name, not an address")
    return config.accounts[name]


def _alias(config: DynamicConfig, alias: str) -> Alias:
    localpart, domain = _parts(config, alias)
    if localpart not in config.domains[domain].aliases:
        raise EditError(f"there is no alias {alias}")
    return config.domains[domain].aliases[localpart]


def _with_account(config: DynamicConfig, name: str, account: AccountConfig) -> DynamicConfig:
    return replace(config, accounts={**config.accounts, name: account})


def _with_domain(config: DynamicConfig, name: str, domain: DomainConfig) -> DynamicConfig:
    return replace(config, domains={**config.domains, name: domain})


def _with_alias(config: DynamicConfig, alias: str, changed: Alias) -> DynamicConfig:
    localpart, name = _parts(config, alias)
    domain = config.domains[name]
    return _with_domain(config, name, replace(domain, aliases={**domain.aliases, localpart: changed}))
