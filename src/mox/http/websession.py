"""Signing in with a browser: cookies, proofs that a request is our own page's, limits, and the end of it.

What is checked of a request, in this order: that no other site sent it (Sec-Fetch-Site, Origin), that its
cookie names a session that has not ended, that its account may sign in, and, if it changes something, that
it shows the session's token in a header, which no other site can set or know.
"""

import hmac
import logging
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from starlette.requests import Request

from mox.accounts import Attempt, Identities, Result, Service, ServiceDesk, SignedIn, WebSession, csrf_token
from mox.http.api import Answer, Cookie
from mox.http.problems import ProblemError
from mox.runtime import Clock

__all__ = ["CSRF_HEADER", "Caller", "LoginToken", "SessionState", "WebDoor", "check_origin"]

logger = logging.getLogger(__name__)

CSRF_HEADER = "x-mox-csrf"
_LOGIN_TOKEN_OCTETS = 8
_LOGIN_S = 30
_PENALTY_S = 1.0
# Passwords of one address that are looked at in the same moment: what is counted is counted afterwards.
_MOST_AT_ONCE = 4
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request; `token` is the session's, a secret."""

    request: Request
    session: WebSession
    token: str = field(repr=False)

    @property
    def account(self) -> str:
        """Whose session it is."""
        return self.session.account


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """A session, for its page."""

    account: str
    address: str
    csrf: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginToken:
    """What has to be shown when signing in; good for half a minute."""

    login_token: str


class WebDoor:
    """Where browsers sign in to one kind of pages."""

    def __init__(
        self,
        *,
        kind: str,
        service: Service,
        identities: Identities,
        login_disabled: Callable[[str], str],
        clock: Clock,
    ) -> None:
        """Remember the parts.

        Args:
            kind: Of the pages, for cookies and in the database, like ``account``.
            service: As login attempts name it.
            identities: Who knows people.
            login_disabled: Says why an account may not sign in; empty if it may.
            clock: For waiting.
        """
        self.kind = kind
        self.cookie_name, self._login_cookie = f"web{kind}session", f"web{kind}login"
        self._service = service
        self._identities = identities
        self._desk = ServiceDesk(desk=identities.sign_in, service=service, clock=clock)
        self._login_disabled = login_disabled
        self._clock = clock
        self._at_once: Counter[str] = Counter()

    def prepare(self, request: Request) -> Answer[LoginToken]:
        """Give a browser what it has to show when it signs in; a form of another site cannot."""
        token = secrets.token_urlsafe(_LOGIN_TOKEN_OCTETS)
        cookie = self._cookie(request, self._login_cookie, token, _LOGIN_S)
        return Answer(LoginToken(login_token=token), (cookie,))

    async def sign_in(
        self, request: Request, *, login_token: str, username: str, password: str
    ) -> Answer[SessionState]:
        """Begin a session.

        Raises:
            ProblemError: Nobody signed in.
        """
        shown = request.cookies.get(self._login_cookie, "")
        if not shown or not _is_same(shown, login_token):
            raise ProblemError(
                400, "The sign-in page was open for too long. Try again.", code="no-login-token"
            )
        signed_in = await self.check_password(request, username, password, mechanism="weblogin")
        session, token = await self._identities.sessions.begin(
            kind=self.kind,
            account=signed_in.account,
            address=signed_in.address,
            user_agent=request.headers.get("user-agent", ""),
            remote_ip=request.state.remote_ip,
        )
        return Answer(
            self.state(Caller(request, session, token)),
            (
                self._cookie(request, self.cookie_name, token, None),
                self._cookie(request, self._login_cookie, "", 0),
            ),
        )

    async def check_password(
        self, request: Request, username: str, password: str, *, mechanism: str
    ) -> SignedIn:
        """Return who a password signs in; counted, recorded and slowed down as everywhere.

        Raises:
            ProblemError: Nobody.
        """
        ip = request.state.remote_ip
        visit = self._desk.visit(
            remote_ip=ip,
            local_ip=request.scope["server"][0],
            allows_plaintext=True,
            user_agent=request.headers.get("user-agent", ""),
        )
        visit.meet(request.state.tls, lambda _name: None)
        if not visit.has_room or self._at_once[ip] >= _MOST_AT_ONCE:
            raise ProblemError(
                429, "Too many failed sign-ins from your network. Wait a minute.", code="too-many-attempts"
            )
        self._at_once[ip] += 1
        try:
            proof = await self._identities.sign_in.check_password(username, password, self._service)
            result = visit.finish(username, proof, mechanism)
        finally:
            self._at_once -= Counter((ip,))
        if isinstance(result, SignedIn):
            return result
        if result.is_disabled:
            raise ProblemError(403, result.text, code="login-disabled")
        if self._identities.attempts.has_limits:
            await self._clock.sleep(_PENALTY_S)
        raise ProblemError(401, "Wrong password or unknown address.", code="login-failed")

    async def admit(self, request: Request, *, csrf: str | None = None) -> Caller:
        """Return who sends a request; a form shows its `csrf` token in a field, not in the header.

        Raises:
            ProblemError: There is no session, or another site sent the request.
        """
        check_origin(request)
        token = request.cookies.get(self.cookie_name, "")
        if not token:
            raise ProblemError(401, "Sign in first.", code="no-session")
        session = self._identities.sessions.find(token, self.kind)
        if session is None or self._login_disabled(session.account):
            raise ProblemError(401, "Your session has ended. Sign in again.", code="session-ended")
        shown = request.headers.get(CSRF_HEADER, "") if csrf is None else csrf
        if request.method not in _SAFE and not _is_same(shown, csrf_token(token)):
            logger.info("request without csrf token", extra={"account": session.account})
            raise ProblemError(403, "The page is out of date. Load it again.", code="csrf")
        request.state.account = session.account
        if self._identities.sessions.note_use(session, request.state.remote_ip):
            self._record_use(request, session)
        return Caller(request, session, token)

    def state(self, caller: Caller) -> SessionState:
        """Tell a page about its session."""
        session = caller.session
        return SessionState(
            account=session.account,
            address=session.address,
            csrf=csrf_token(caller.token),
            expires_at=session.expires_at,
        )

    def goodbye(self, request: Request) -> Answer[None]:
        """Have a browser forget its session, which was ended."""
        return Answer(None, (self._cookie(request, self.cookie_name, "", 0),))

    def _record_use(self, request: Request, session: WebSession) -> None:
        tls = request.state.tls
        self._identities.attempts.note(
            Attempt(
                service=self._service,
                mechanism="websession",
                result=Result.OK,
                remote_ip=request.state.remote_ip,
                local_ip=request.scope["server"][0],
                account=session.account,
                address=session.address,
                tls="" if tls is None else f"{tls.version} {tls.cipher}",
                user_agent=request.headers.get("user-agent", ""),
            )
        )

    def _cookie(self, request: Request, name: str, value: str, max_age: int | None) -> Cookie:
        return Cookie(
            name=name,
            value=value,
            path=request.state.base_path,
            is_secure=request.state.is_secure,
            max_age=max_age,
        )


def check_origin(request: Request) -> None:
    """Refuse what a page of another site has a browser send.

    Raises:
        ProblemError: It does not come from here.
    """
    site = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    is_ours = origin is None or _host_of(origin) == request.headers.get("host", "").lower()
    if site not in {"same-origin", "none"} or not is_ours:
        raise ProblemError(403, "This request came from another site.", code="other-site")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        # Like http://[: of nobody.
        return None


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
