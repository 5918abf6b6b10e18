"""What the running server does for the command line about accounts and how people sign in to them."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from mox.accounts import (
    AppPassword,
    Identities,
    PasswordInvalidError,
    RecordedAttempt,
    Service,
    TlsKey,
    TlsKeyError,
)
from mox.config import ConfigError, ConfigSource, DynamicConfig
from mox.control.server import CommandRefusedError

__all__ = ["IdentityCommands"]


class IdentityCommands:
    """The commands; each takes and returns JSON values."""

    def __init__(self, *, identities: Identities, source: ConfigSource) -> None:
        self._identities = identities
        self._source = source

    def table(self) -> dict[str, Callable[[dict[str, Any]], Awaitable[object]]]:
        """Return all commands by name."""
        return {
            "setaccountpassword": self.set_account_password,
            "accountlist": self.account_list,
            "accountdisabled": self.account_disabled,
            "tlspubkeylist": self.key_list,
            "tlspubkeyget": self.key_get,
            "tlspubkeyadd": self.key_add,
            "tlspubkeyrm": self.key_remove,
            "apppasswordlist": self.app_list,
            "apppasswordadd": self.app_add,
            "apppasswordrm": self.app_remove,
            "loginattempts": self.login_attempts,
        }

    def _account(self, arguments: dict[str, Any]) -> str:
        name = str(arguments["account"])
        if name not in self._source.current.accounts:
            raise CommandRefusedError(f"no account {name!r}; it is the account's name, not an address")
        return name

    async def set_account_password(self, arguments: dict[str, Any]) -> object:
        """Set the password of an account."""
        account = self._account(arguments)
        try:
            await self._identities.credentials.set_password(account, str(arguments["password"]))
        except PasswordInvalidError as error:
            raise CommandRefusedError(str(error)) from error
        return None

    async def account_list(self, _arguments: dict[str, Any]) -> object:
        """Return all accounts, by name."""
        accounts = self._source.current.accounts
        return [
            {"account": name, "login_disabled": accounts[name].login_disabled} for name in sorted(accounts)
        ]

    async def account_disabled(self, arguments: dict[str, Any]) -> object:
        """Let nobody sign in to an account, with a text that tells why; an empty text lets them again."""
        account, text = self._account(arguments), str(arguments["text"])

        def change(config: DynamicConfig) -> DynamicConfig:
            accounts = dict(config.accounts)
            accounts[account] = replace(accounts[account], login_disabled=text)
            return replace(config, accounts=accounts)

        try:
            self._source.change(change)
        except ConfigError as error:
            raise CommandRefusedError("\n".join(map(str, error.problems))) from error
        return None

    async def key_list(self, arguments: dict[str, Any]) -> object:
        """Return keys of client certificates, of all accounts or one."""
        account = None if arguments.get("account") is None else self._account(arguments)
        return [_shown_key(key) for key in self._identities.keys.keys(account)]

    async def key_get(self, arguments: dict[str, Any]) -> object:
        """Return one key, with its certificate."""
        key = self._identities.keys.find(str(arguments["fingerprint"]))
        if key is None:
            raise CommandRefusedError("no such key")
        return _shown_key(key) | {"certificate": key.certificate.hex()}

    async def key_add(self, arguments: dict[str, Any]) -> object:
        """Add the key of a certificate; return it."""
        try:
            key = await self._identities.keys.add(
                address=str(arguments["address"]),
                pem=str(arguments["pem"]),
                name=str(arguments.get("name") or ""),
                no_imap_preauth=bool(arguments.get("no_imap_preauth")),
            )
        except TlsKeyError as error:
            raise CommandRefusedError(str(error)) from error
        return _shown_key(key)

    async def key_remove(self, arguments: dict[str, Any]) -> object:
        """Remove a key."""
        try:
            await self._identities.keys.remove(str(arguments["fingerprint"]))
        except TlsKeyError as error:
            raise CommandRefusedError(str(error)) from error
        return None

    async def app_list(self, arguments: dict[str, Any]) -> object:
        """Return an account's app passwords, without their secrets."""
        apps = self._identities.credentials.app_passwords.of(self._account(arguments))
        return [_shown_app(app) for app in apps]

    async def app_add(self, arguments: dict[str, Any]) -> object:
        """Make an app password; return it with its secret, which nobody can read again."""
        account = self._account(arguments)
        try:
            services = [Service(str(each)) for each in arguments["services"]]
            app, secret = await self._identities.credentials.add_app_password(
                account, str(arguments["name"]), services
            )
        except ValueError as error:  # PasswordInvalidError is one
            raise CommandRefusedError(str(error)) from error
        return _shown_app(app) | {"password": secret}

    async def app_remove(self, arguments: dict[str, Any]) -> object:
        """Remove an app password."""
        account = self._account(arguments)
        if not await self._identities.credentials.app_passwords.remove(account, int(arguments["id"])):
            raise CommandRefusedError(f"account {account!r} has no app password {arguments['id']}")
        return None

    async def login_attempts(self, arguments: dict[str, Any]) -> object:
        """Return who tried to sign in to an account, latest first; to none of them for an empty name."""
        account = str(arguments["account"])
        if account:
            self._account(arguments)
        await self._identities.attempts.settle()
        found = self._identities.attempts.recent(account, min(int(arguments.get("limit", 100)), 10_000))
        return [_shown_attempt(each) for each in found]


def _shown_key(key: TlsKey) -> dict[str, object]:
    return {
        "fingerprint": key.fingerprint,
        "type": key.type,
        "name": key.name,
        "account": key.account,
        "address": key.address,
        "no_imap_preauth": key.no_imap_preauth,
        "created_at": key.created_at.isoformat(),
    }


def _shown_app(app: AppPassword) -> dict[str, object]:
    return {
        "id": app.id,
        "account": app.account,
        "name": app.name,
        "services": sorted(app.services),
        "created_at": app.created_at.isoformat(),
        "last_used_at": None if app.last_used_at is None else app.last_used_at.isoformat(),
    }


def _shown_attempt(recorded: RecordedAttempt) -> dict[str, object]:
    attempt = recorded.attempt
    return {
        "last_at": recorded.last_at.isoformat(),
        "first_at": recorded.first_at.isoformat(),
        "count": recorded.count,
        "result": attempt.result,
        "service": attempt.service,
        "mechanism": attempt.mechanism,
        "account": attempt.account,
        "address": attempt.address,
        "remote_ip": attempt.remote_ip,
        "local_ip": attempt.local_ip,
        "tls": attempt.tls,
        "fingerprint": attempt.fingerprint,
        "app_password": attempt.app_password,
        "user_agent": attempt.user_agent,
    }
