"""Who signed in, and who tried to."""

from dataclasses import dataclass, field
from datetime import datetime

from mox.accounts import RecordedAttempt, Result
from mox.http import Caller, Operation, Parameter, described
from mox.webaccount.parts import AccountParts

__all__ = ["LoginAttempts"]

_MOST, _USUAL = 10_000, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAttempt:
    """Equal attempts to sign in; kept for 30 days."""

    last_at: datetime
    first_at: datetime
    count: int
    result: Result
    service: str = field(metadata=described("imap, submission, account, …"))
    mechanism: str
    address: str = field(metadata=described("As it was given."))
    remote_ip: str
    local_ip: str
    tls: str = field(metadata=described("Version and cipher; empty without TLS."))
    fingerprint: str = field(metadata=described("Of the TLS key; empty without."))
    app_password: str = field(metadata=described("Name of the device's password; empty if it was none."))
    user_agent: str


class LoginAttempts:
    """The operations."""

    def __init__(self, parts: AccountParts) -> None:
        self._attempts = parts.identities.attempts

    def operations(self) -> list[Operation]:
        """Return all of them."""
        return [
            Operation(
                method="GET",
                path="login-attempts",
                summary="List attempts to sign in, latest first.",
                call=self.list_login_attempts,
                parameters=(
                    Parameter(
                        name="limit", doc="At most so many; 1000 unless told.", is_query=True, is_number=True
                    ),
                ),
            )
        ]

    async def list_login_attempts(self, caller: Caller, limit: int = _USUAL) -> tuple[LoginAttempt, ...]:
        """Return the attempts."""
        await self._attempts.settle()
        return tuple(map(_shown, self._attempts.recent(caller.account, min(limit, _MOST))))


def _shown(recorded: RecordedAttempt) -> LoginAttempt:
    attempt = recorded.attempt
    return LoginAttempt(
        last_at=recorded.last_at,
        first_at=recorded.first_at,
        count=recorded.count,
        result=attempt.result,
        service=attempt.service,
        mechanism=attempt.mechanism,
        address=attempt.address,
        remote_ip=attempt.remote_ip,
        local_ip=attempt.local_ip,
        tls=attempt.tls,
        fingerprint=attempt.fingerprint,
        app_password=attempt.app_password,
        user_agent=attempt.user_agent,
    )
