"""Signing in and out, and the sessions of an account."""

from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request

from mox.http import (
    Answer,
    Caller,
    LoginToken,
    Operation,
    Parameter,
    ProblemError,
    SessionState,
    WebDoor,
    described,
)
from mox.webaccount.parts import AccountParts

__all__ = ["SigningIn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who wants to sign in."""

    login_token: str = field(metadata=described("From `prepare_login`.", max_length=100))
    username: str = field(metadata=described("Any address of the account.", max_length=500, min_length=1))
    password: str = field(
        repr=False, metadata=described("The account's own password.", max_length=1024, min_length=1)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is signed in."""

    id: int
    kind: str = field(metadata=described("Which pages: account or webmail."))
    address: str = field(metadata=described("What it signed in with."))
    user_agent: str
    remote_ip: str = field(metadata=described("From where it was used last."))
    created_at: datetime
    used_at: datetime = field(metadata=described("Last use, some minutes behind."))
    expires_at: datetime
    is_current: bool = field(metadata=described("It is the session of this request."))


class SigningIn:
    """The operations."""

    def __init__(self, parts: AccountParts, door: WebDoor) -> None:
        self._sessions = parts.identities.sessions
        self._door = door

    def operations(self) -> list[Operation]:
        """Return all of them."""
        return [
            Operation(
                method="POST",
                path="login/prepare",
                summary="Begin to sign in: get a token, and a cookie that goes with it.",
                call=self.prepare_login,
                is_open=True,
            ),
            Operation(
                method="POST",
                path="login",
                summary="Sign in: begin a session, held by a cookie.",
                call=self.login,
                is_open=True,
            ),
            Operation(
                method="GET",
                path="session",
                summary="Who am I? And the token for changes.",
                call=self.session,
            ),
            Operation(method="POST", path="logout", summary="End this session.", call=self.logout),
            Operation(
                method="POST",
                path="logout-everywhere",
                summary="End all sessions of the account, this one included.",
                call=self.logout_everywhere,
            ),
            Operation(
                method="GET", path="sessions", summary="List the account's sessions.", call=self.list_sessions
            ),
            Operation(
                method="DELETE",
                path="sessions/{session_id}",
                summary="End one session.",
                call=self.end_session,
                parameters=(Parameter(name="session_id", doc="From the list.", is_number=True),),
            ),
        ]

    async def prepare_login(self, request: Request) -> Answer[LoginToken]:
        """Give a token."""
        return self._door.prepare(request)

    async def login(self, request: Request, body: Login) -> Answer[SessionState]:
        """Begin a session."""
        return await self._door.sign_in(
            request, login_token=body.login_token, username=body.username, password=body.password
        )

    async def session(self, caller: Caller) -> SessionState:
        """Tell about the session of the request."""
        return self._door.state(caller)

    async def logout(self, caller: Caller) -> Answer[None]:
        """End the session of the request."""
        await self._sessions.end(caller.account, caller.session.id)
        return self._door.goodbye(caller.request)

    async def logout_everywhere(self, caller: Caller) -> Answer[None]:
        """End all sessions."""
        await self._sessions.end_all(caller.account)
        return self._door.goodbye(caller.request)

    async def list_sessions(self, caller: Caller) -> tuple[Session, ...]:
        """Return the sessions, last used first."""
        return tuple(
            Session(
                id=each.id,
                kind=each.kind,
                address=each.address,
                user_agent=each.user_agent,
                remote_ip=each.remote_ip,
                created_at=each.created_at,
                used_at=each.used_at,
                expires_at=each.expires_at,
                is_current=each.id == caller.session.id,
            )
            for each in self._sessions.of(caller.account)
        )

    async def end_session(self, caller: Caller, session_id: int) -> Answer[None]:
        """End a session."""
        if not await self._sessions.end(caller.account, session_id):
            raise ProblemError(404, "There is no such session.", code="no-such-session")
        if session_id == caller.session.id:
            return self._door.goodbye(caller.request)
        return Answer(None)
