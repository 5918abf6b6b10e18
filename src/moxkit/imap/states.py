"""The states of a connection, and which command each allows (RFC 9051 §3, §6)."""

from enum import Enum, auto

from moxkit.imap.commands import Command

__all__ = ["ConnectionState", "allowed"]


class ConnectionState(Enum):
    """RFC 9051 §3."""

    NOT_AUTHENTICATED = auto()
    AUTHENTICATED = auto()
    SELECTED = auto()
    LOGOUT = auto()


_ANY = frozenset({"CAPABILITY", "NOOP", "LOGOUT", "ID", "LANGUAGE"})
_STRANGER = frozenset({"STARTTLS", "AUTHENTICATE", "LOGIN"})
_KNOWN = frozenset(
    {
        *("ENABLE", "SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "LIST"),
        *("GETMETADATA", "SETMETADATA", "ESEARCH", "NOTIFY"),
        *("LSUB", "NAMESPACE", "STATUS", "APPEND", "IDLE", "GETQUOTAROOT", "GETQUOTA"),
        *("SETQUOTA", "COMPRESS", "UNAUTHENTICATE", "GENURLAUTH", "RESETKEY", "URLFETCH"),
    }
)
_MAILBOX = frozenset(
    {
        *("CHECK", "CLOSE", "UNSELECT", "EXPUNGE", "SEARCH", "FETCH", "STORE", "COPY", "MOVE"),
        *("REPLACE", "SORT", "THREAD", "CANCELUPDATE"),
    }
)

_ALLOWED = {
    ConnectionState.NOT_AUTHENTICATED: _ANY | _STRANGER,
    ConnectionState.AUTHENTICATED: _ANY | _KNOWN,
    ConnectionState.SELECTED: _ANY | _KNOWN | _MAILBOX,
    ConnectionState.LOGOUT: frozenset[str](),
}


def allowed(command: Command | str, state: ConnectionState) -> bool:
    """Return whether a command (or a name such as ``APPEND``) may be used; if not, the answer is NO."""
    name = command if isinstance(command, str) else command.name
    return name.removeprefix("UID ") in _ALLOWED[state]
