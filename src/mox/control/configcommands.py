"""What the running server does for the command line about domains, addresses and aliases.

Each change is checked as a whole before domains.toml is written; it counts from then on, without a restart.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from mox.accounts import Identities
from mox.admin import (
    EditError,
    add_account,
    add_address,
    add_alias,
    add_alias_members,
    add_domain,
    change_alias,
    new_domain,
    remove_account,
    remove_address,
    remove_alias,
    remove_alias_members,
    remove_domain,
    set_domain_disabled,
)
from mox.config import ConfigError, ConfigSource, DynamicConfig
from mox.control.server import CommandRefusedError
from mox.runtime import Clock, remove_file, write_file_durably
from mox.store import Store
from moxkit.domain import DomainError, parse_domain

__all__ = ["ConfigCommands"]

_SWITCHES = ("post_public", "list_members", "allow_msg_from")

Edit = Callable[[DynamicConfig], DynamicConfig]


class ConfigCommands:
    """The commands; each takes and returns JSON values."""

    def __init__(
        self,
        *,
        source: ConfigSource,
        identities: Identities,
        store: Store,
        clock: Clock,
        forget_queued: Callable[[str], Awaitable[int]],
    ) -> None:
        """Remember the parts.

        Args:
            source: The configuration, which is changed.
            identities: Who signs in.
            store: Of the accounts.
            clock: For names of files.
            forget_queued: Drops what waits to be sent for an account, and what is known of that; returns how
                many messages that were.
        """
        self._forget_queued = forget_queued
        self._source = source
        self._identities = identities
        self._store = store
        self._clock = clock

    def table(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[object]]]:
        """Return all commands by name."""
        return {
            "domainadd": self.domain_add,
            "domainrm": self.domain_remove,
            "domaindisabled": self.domain_disabled,
            "accountadd": self.account_add,
            "accountaddresses": self.account_addresses,
            "addressadd": self.address_add,
            "accountrm": self.account_remove,
            "addressrm": self.address_remove,
            "addressaccount": self.address_account,
            "aliaslist": self.alias_list,
            "aliasadd": self.alias_add,
            "aliasupdate": self.alias_update,
            "aliasrm": self.alias_remove,
            "aliasaddaddr": self.alias_add_members,
            "aliasrmaddr": self.alias_remove_members,
        }

    def _change(self, edit: Edit) -> None:
        try:
            self._source.change(edit)
        except EditError as error:
            raise CommandRefusedError(str(error)) from error
        except ConfigError as error:
            raise CommandRefusedError("\n".join(map(str, error.problems))) from error
        except OSError as error:
            raise CommandRefusedError(f"{error.filename}: {error.strerror}") from error

    # Domains.

    async def domain_add(self, arguments: dict[str, Any]) -> object:
        """Add a domain with keys for DKIM; an account gets its reports."""
        try:
            name = str(parse_domain(str(arguments["domain"])))
        except DomainError as error:
            raise CommandRefusedError(f"{arguments['domain']}: {error}") from error
        account = str(arguments["account"])
        config = self._source.current
        made = await asyncio.to_thread(
            partial(
                new_domain,
                name,
                config.static,
                account=account,
                now=self._clock.now(),
                is_disabled=bool(arguments.get("disabled")),
            )
        )
        written = [self._source.directory / path for path in made.keys]
        try:
            for path, octets in zip(written, made.keys.values(), strict=True):
                path.parent.mkdir(mode=0o770, exist_ok=True)
                write_file_durably(path, octets, 0o640)
            self._change(
                lambda dynamic: add_domain(
                    dynamic,
                    name,
                    made.config,
                    account=account,
                    localpart=str(arguments.get("localpart") or ""),
                    keeps_postmaster=account == config.static.postmaster.account,
                )
            )
        except BaseException:
            for path in written:
                remove_file(path)
            raise
        return None

    async def domain_remove(self, arguments: dict[str, Any]) -> object:
        """Remove a domain; the keys that it signed with stay where they are, in `old/`."""
        name = str(arguments["domain"])
        self._check_keys(lambda address: address.rpartition("@")[2] == name)
        before = _key_files(self._source.current.dynamic)
        self._change(lambda dynamic: remove_domain(dynamic, name))
        for file in before - _key_files(self._source.current.dynamic):
            path = self._source.directory / file
            if path.exists():
                (path.parent / "old").mkdir(mode=0o770, exist_ok=True)
                path.rename(path.parent / "old" / path.name)
        return None

    def _check_keys(self, is_gone: Callable[[str], bool]) -> None:
        """Refuse what would leave a TLS key without its address."""
        listed = self._identities.keys
        for key in listed.keys():  # noqa: SIM118  it is no mapping
            if is_gone(key.address):
                raise CommandRefusedError(f"a TLS key signs in with {key.address}; remove it first")

    async def domain_disabled(self, arguments: dict[str, Any]) -> object:
        """Take and send no mail of a domain, or again."""
        name, is_disabled = str(arguments["domain"]), bool(arguments["disabled"])
        self._change(lambda dynamic: set_domain_disabled(dynamic, name, is_disabled=is_disabled))
        return None

    # Accounts and addresses.

    async def account_add(self, arguments: dict[str, Any]) -> object:
        """Add an account with an address."""
        name, address = str(arguments["account"]), str(arguments["address"])
        if name not in self._source.current.accounts and self._store.has_files(name):
            raise CommandRefusedError(
                f"there are files of an account {name!r} that is not configured; move them away first"
            )
        if name not in self._source.current.accounts:
            # What a crash in the middle of a removal may have left signs in to nothing new.
            await self._identities.remove_account(name)
        self._change(lambda dynamic: add_account(dynamic, name, address))
        return None

    async def account_remove(self, arguments: dict[str, Any]) -> object:
        """Remove an account: nobody signs in, nothing is sent for it any more, and its mail goes."""
        name = str(arguments["account"])
        self._change(lambda dynamic: remove_account(dynamic, name))
        # From here on nothing new comes; a crash leaves only what nobody can reach.
        self._store.remove(name)
        await self._identities.remove_account(name)
        return {"dropped": await self._forget_queued(name)}

    async def account_addresses(self, arguments: dict[str, Any]) -> object:
        """Return the addresses of an account, sorted."""
        account = self._source.current.accounts.get(str(arguments["account"]))
        if account is None:
            raise CommandRefusedError(f"no account {arguments['account']!r}")
        return sorted(account.destinations)

    async def address_add(self, arguments: dict[str, Any]) -> object:
        """Give an account an address."""
        address, account = str(arguments["address"]), str(arguments["account"])
        self._change(lambda dynamic: add_address(dynamic, address, account))
        return None

    async def address_remove(self, arguments: dict[str, Any]) -> object:
        """Take an address away."""
        address = str(arguments["address"])
        self._check_keys(lambda each: each == address)
        self._change(lambda dynamic: remove_address(dynamic, address))
        return None

    async def address_account(self, arguments: dict[str, Any]) -> object:
        """Return whose mail to an address is."""
        address = str(arguments["address"])
        account = next(
            (name for name, each in self._source.current.accounts.items() if address in each.destinations),
            None,
        )
        if account is None:
            raise CommandRefusedError(f"no account has the address {address}")
        return account

    # Aliases.

    async def alias_list(self, arguments: dict[str, Any]) -> object:
        """Return the aliases of a domain with their members."""
        name = str(arguments["domain"])
        domain = self._source.current.dynamic.domains.get(name)
        if domain is None:
            raise CommandRefusedError(f"there is no domain {name}")
        return [
            {"alias": f"{localpart}@{name}", "members": list(alias.addresses)}
            | {switch: getattr(alias, switch) for switch in _SWITCHES}
            for localpart, alias in sorted(domain.aliases.items())
        ]

    async def alias_add(self, arguments: dict[str, Any]) -> object:
        """Add an alias."""
        alias, members = str(arguments["alias"]), _texts(arguments["members"])
        self._change(lambda dynamic: add_alias(dynamic, alias, members))
        return None

    async def alias_update(self, arguments: dict[str, Any]) -> object:
        """Change what may be done with an alias."""
        alias = str(arguments["alias"])
        switches = {each: arguments.get(each) for each in _SWITCHES}
        self._change(lambda dynamic: change_alias(dynamic, alias, **switches))
        return None

    async def alias_remove(self, arguments: dict[str, Any]) -> object:
        """Remove an alias."""
        alias = str(arguments["alias"])
        self._change(lambda dynamic: remove_alias(dynamic, alias))
        return None

    async def alias_add_members(self, arguments: dict[str, Any]) -> object:
        """Add members to an alias."""
        alias, members = str(arguments["alias"]), _texts(arguments["members"])
        self._change(lambda dynamic: add_alias_members(dynamic, alias, members))
        return None

    async def alias_remove_members(self, arguments: dict[str, Any]) -> object:
        """Remove members from an alias."""
        alias, members = str(arguments["alias"]), _texts(arguments["members"])
        self._change(lambda dynamic: remove_alias_members(dynamic, alias, members))
        return None


def _key_files(config: DynamicConfig) -> set[str]:
    """Return the files of all keys that domains sign with."""
    return {
        selector.private_key_file
        for domain in config.domains.values()
        if domain.dkim is not None
        for selector in domain.dkim.selectors.values()
    }


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value]
