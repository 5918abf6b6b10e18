"""The account's password, and those of its devices."""

import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime

from mox.accounts import APP_SERVICES, AppPassword, PasswordInvalidError, Service
from mox.http import Caller, Operation, Parameter, ProblemError, WebDoor, described
from mox.webaccount.parts import AccountParts

__all__ = ["Passwords"]

_MOST_APP_PASSWORDS = 100
_GENERATED_CHARACTERS = 20
_CHARACTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChange:
    """A new password; all other sessions end."""

    current_password: str = field(repr=False, metadata=described("The one until now.", max_length=1024))
    password: str = field(repr=False, metadata=described("The new one: at least 8 octets.", max_length=1024))


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPassword:
    """Proof that it is still you."""

    current_password: str = field(repr=False, metadata=described("The one until now.", max_length=1024))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A password that is shown this once."""

    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPasswordInfo:
    """A password of one device or program."""

    id: int
    name: str
    services: tuple[Service, ...]
    created_at: datetime
    last_used_at: datetime | None = field(metadata=described("To the hour."))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAppPassword:
    """A device or program that is to get a password of its own."""

    name: str = field(metadata=described("Of the device, for people.", max_length=100, min_length=1))
    services: tuple[Service, ...] = field(metadata=described("imap, submission or both."))


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPasswordMade:
    """A new password of a device, with its secret, which is shown this once."""

    app: AppPasswordInfo
    password: str = field(repr=False)


class Passwords:
    """The operations."""

    def __init__(self, parts: AccountParts, door: WebDoor) -> None:
        self._parts = parts
        self._credentials = parts.identities.credentials
        self._door = door

    def operations(self) -> list[Operation]:
        """Return all of them."""
        return [
            Operation(
                method="PUT",
                path="account/password",
                summary="Change the password; all other sessions end.",
                call=self.set_password,
            ),
            Operation(
                method="POST",
                path="account/password/generate",
                summary="Set a random password, which is shown once; all other sessions end.",
                call=self.generate_password,
            ),
            Operation(
                method="GET",
                path="app-passwords",
                summary="List the passwords of devices, without their secrets.",
                call=self.list_app_passwords,
            ),
            Operation(
                method="POST",
                path="app-passwords",
                summary="Make a password for a device, which is shown once.",
                call=self.add_app_password,
            ),
            Operation(
                method="DELETE",
                path="app-passwords/{app_id}",
                summary="Remove a device's password; it signs in nowhere from now on.",
                call=self.remove_app_password,
                parameters=(Parameter(name="app_id", doc="From the list.", is_number=True),),
            ),
        ]

    async def set_password(self, caller: Caller, body: PasswordChange) -> None:
        """Change the password."""
        if self._parts.settings(caller.account).no_custom_password:
            raise ProblemError(
                403,
                "This account has passwords that the server makes. Generate one.",
                code="no-custom-password",
            )
        await self._confirm(caller, body.current_password)
        try:
            await self._credentials.set_password(caller.account, body.password, session=caller.token)
        except PasswordInvalidError as error:
            raise ProblemError(422, _sentence(error), code="wrong-value", field="password") from error

    async def generate_password(self, caller: Caller, body: CurrentPassword) -> NewSecret:
        """Set a random password."""
        await self._confirm(caller, body.current_password)
        password = "".join(secrets.choice(_CHARACTERS) for _ in range(_GENERATED_CHARACTERS))
        await self._credentials.set_password(caller.account, password, session=caller.token)
        return NewSecret(password=password)

    async def _confirm(self, caller: Caller, password: str) -> None:
        """Have the password shown once more: a browser left alone is not enough to take an account."""
        try:
            shown = await self._door.check_password(
                caller.request, caller.session.address, password, mechanism="webpassword"
            )
        except ProblemError as error:
            if error.code != "login-failed":
                raise
            raise _wrong_password() from error
        if shown.account != caller.account:
            raise _wrong_password()

    async def list_app_passwords(self, caller: Caller) -> tuple[AppPasswordInfo, ...]:
        """Return the passwords of devices."""
        return tuple(map(_info, self._credentials.app_passwords.of(caller.account)))

    async def add_app_password(self, caller: Caller, body: NewAppPassword) -> AppPasswordMade:
        """Make one."""
        if len(self._credentials.app_passwords.of(caller.account)) >= _MOST_APP_PASSWORDS:
            raise ProblemError(409, f"An account has {_MOST_APP_PASSWORDS} of them at most.", code="too-many")
        if not APP_SERVICES.issuperset(body.services):
            raise ProblemError(
                422, "They sign in to imap and submission only.", code="wrong-value", field="services"
            )
        try:
            app, secret = await self._credentials.add_app_password(
                caller.account, body.name.strip(), body.services
            )
        except PasswordInvalidError as error:
            which = "name" if body.services else "services"
            raise ProblemError(422, _sentence(error), code="wrong-value", field=which) from error
        return AppPasswordMade(app=_info(app), password=secret)

    async def remove_app_password(self, caller: Caller, app_id: int) -> None:
        """Remove one."""
        if not await self._credentials.app_passwords.remove(caller.account, app_id):
            raise ProblemError(404, "There is no such password.", code="no-such-password")


def _wrong_password() -> ProblemError:
    return ProblemError(422, "That is not your password.", code="wrong-password", field="current_password")


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _info(app: AppPassword) -> AppPasswordInfo:
    return AppPasswordInfo(
        id=app.id,
        name=app.name,
        services=tuple(sorted(app.services)),
        created_at=app.created_at,
        last_used_at=app.last_used_at,
    )
