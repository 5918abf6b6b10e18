"""Sessions of browsers: a random token in a cookie, of which we keep a digest.

A session ends when it was not used for a day, when it is a month old, when its account's password changes,
and when anybody ends it. The token that proves a request to come from our own page (against CSRF) follows
from the session's, so that nothing has to be kept for it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mox.accounts.authdatabase import AuthDatabase
from mox.database import Connection, Row, Transaction
from mox.runtime import Clock

__all__ = ["END_SESSIONS", "WebSession", "WebSessions", "csrf_token", "session_digest"]

IDLE = timedelta(days=1)
LONGEST = timedelta(days=30)
# The time of use is written when it is that old: what a session loses of its day at most.
_USE_STEP = timedelta(minutes=5)
_MOST = 100
_TOKEN_OCTETS = 16
_LONGEST_TOKEN = 64
_LONGEST_TEXT = 200

_COLUMNS = "id, kind, account, address, user_agent, remote_ip, created_at, used_at"
_FIND = f"SELECT {_COLUMNS} FROM web_session WHERE digest = :digest AND kind = :kind"  # noqa: S608  constants
_LIST = f"SELECT {_COLUMNS} FROM web_session WHERE account = :account ORDER BY used_at DESC, id DESC"  # noqa: S608  constants
_ADD = """INSERT INTO web_session (digest, kind, account, address, user_agent, remote_ip, created_at, used_at)
  VALUES (:digest, :kind, :account, :address, :user_agent, :remote_ip, :now, :now) RETURNING id"""
_USED = "UPDATE web_session SET used_at = :now, remote_ip = :remote_ip WHERE id = :id"
_REMOVE = "DELETE FROM web_session WHERE account = :account AND id = :id RETURNING id"
_EXPIRE = "DELETE FROM web_session WHERE used_at <= :idle OR created_at <= :longest"
_REMOVE_OLDEST = """DELETE FROM web_session WHERE id IN (SELECT id FROM web_session
  WHERE account = :account ORDER BY used_at DESC, id DESC LIMIT -1 OFFSET :most)"""
END_SESSIONS = "DELETE FROM web_session WHERE account = :account AND digest IS NOT :but"


@dataclass(frozen=True, slots=True)
class WebSession:
    """One of them, without its token.

    Attributes:
        kind: Which pages, like ``account``.
        address: What its owner signed in with.
        user_agent: As the browser said when it signed in; untrusted.
        remote_ip: From where it was used last.
        used_at: Last use, some minutes behind.
    """

    id: int
    kind: str
    account: str
    address: str
    user_agent: str
    remote_ip: str
    created_at: datetime
    used_at: datetime

    @property
    def expires_at(self) -> datetime:
        """When it ends unless it is used."""
        return min(self.used_at + IDLE, self.created_at + LONGEST)


def session_digest(token: str) -> bytes:
    """Return what a session is kept by; its token is long and random, so nothing needs to be slow."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def csrf_token(token: str) -> str:
    """Return what requests of a session that change something have to show in a header."""
    proof = hmac.digest(token.encode(errors="replace"), b"request of our own page", "sha256")
    return _text(proof[:_TOKEN_OCTETS])


class WebSessions:
    """The sessions of all accounts; on the loop's thread."""

    def __init__(
        self,
        *,
        database: AuthDatabase,
        clock: Clock,
        token: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._database = database
        self._clock = clock
        self._token = token

    async def begin(
        self, *, kind: str, account: str, address: str, user_agent: str, remote_ip: str
    ) -> tuple[WebSession, str]:
        """Begin a session of somebody who signed in; return it with its token.

        Sessions that ended are forgotten, and the oldest if the account has too many.
        """
        token, now = _text(self._token(_TOKEN_OCTETS)), self._now()
        address, user_agent = _stored(address), _stored(user_agent)

        def add(tx: Transaction) -> int:
            _expire(tx.connection, now)
            added: int = tx.connection.value(
                _ADD,
                digest=session_digest(token),
                kind=kind,
                account=account,
                address=address,
                user_agent=user_agent,
                remote_ip=remote_ip,
                now=int(now.timestamp()),
            )
            tx.connection.run(_REMOVE_OLDEST, account=account, most=_MOST)
            return added

        id_ = await self._database.write(add)
        return WebSession(id_, kind, account, address, user_agent, remote_ip, now, now), token

    def find(self, token: str, kind: str) -> WebSession | None:
        """Return the session of a token, unless it has ended."""
        if not 0 < len(token) <= _LONGEST_TOKEN:
            return None
        row = self._database.reader.row(_FIND, digest=session_digest(token), kind=kind)
        session = None if row is None else _session(row)
        return session if session is not None and session.expires_at > self._now() else None

    def note_use(self, session: WebSession, remote_ip: str) -> bool:
        """Prolong a session; return whether that was worth writing down. Nobody waits for it."""
        now = self._now()
        if now - session.used_at < _USE_STEP and session.remote_ip == remote_ip:
            return False
        at = int(now.timestamp())
        # Whether it is written is nobody's concern: the session would only end earlier.
        _ = self._database.write(
            lambda tx: tx.connection.run(_USED, id=session.id, now=at, remote_ip=remote_ip)
        )
        return True

    def of(self, account: str) -> list[WebSession]:
        """Return an account's sessions, last used first."""
        now = self._now()
        sessions = map(_session, self._database.reader.rows(_LIST, account=account))
        return [session for session in sessions if session.expires_at > now]

    async def end(self, account: str, id_: int) -> bool:
        """End a session; return whether the account had it."""
        removed = await self._database.write(lambda tx: tx.connection.value(_REMOVE, account=account, id=id_))
        return removed is not None

    async def end_all(self, account: str, *, but: str = "") -> None:
        """End all sessions of an account, except that of a token."""
        digest = session_digest(but) if but else None
        await self._database.write(lambda tx: tx.connection.run(END_SESSIONS, account=account, but=digest))

    def _now(self) -> datetime:
        return self._clock.now().replace(microsecond=0)


def _expire(connection: Connection, now: datetime) -> None:
    connection.run(_EXPIRE, idle=int((now - IDLE).timestamp()), longest=int((now - LONGEST).timestamp()))


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _stored(text: str) -> str:
    """Return what can be stored of a text that others wrote."""
    return text[:_LONGEST_TEXT].encode(errors="replace").decode()


def _session(row: Row) -> WebSession:
    id_, kind, account, address, user_agent, remote_ip, created_at, used_at = row
    created, used = (datetime.fromtimestamp(at, UTC) for at in (created_at, used_at))
    return WebSession(id_, kind, account, address, user_agent, remote_ip, created, used)
