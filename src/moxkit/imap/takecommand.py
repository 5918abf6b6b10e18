"""One command from the wire: tag, name and arguments (RFC 9051 §9, command)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from moxkit.imap.commands import (
    Authenticate,
    Capability,
    Check,
    Close,
    Command,
    Enable,
    Id,
    Idle,
    Login,
    Logout,
    Namespace,
    Noop,
    StartTls,
    Unselect,
)
from moxkit.imap.events import Replaces
from moxkit.imap.lexer import ATOM, Cursor
from moxkit.imap.metadata import take_get_metadata, take_set_metadata
from moxkit.imap.multisearch import take_multi_search
from moxkit.imap.notify import take_notify
from moxkit.imap.sequenceset import LAST
from moxkit.imap.sessioncommands import Unauthenticate
from moxkit.imap.takeappend import MessageHead, take_message_head
from moxkit.imap.takemailboxes import (
    take_create,
    take_delete,
    take_expunge,
    take_getquota,
    take_getquotaroot,
    take_list,
    take_lsub,
    take_mailbox,
    take_rename,
    take_select,
    take_status,
    take_subscribe,
    take_unsubscribe,
)
from moxkit.imap.takemessages import take_copy, take_fetch, take_move, take_store
from moxkit.imap.takesearchcommands import take_cancel_update, take_search, take_sort, take_thread
from moxkit.imap.takesession import take_compress, take_language, take_setquota
from moxkit.imap.urlcommands import take_genurlauth, take_resetkey, take_urlfetch

__all__ = ["AppendHead", "find_tag", "take_command"]

# tag = 1*<any ASTRING-CHAR except "+">
_TAG = re.compile(rb"([!#$&',-\[\]-z|}~]+) ")
_VERB = re.compile(rb"[A-Za-z]+")
_UID = re.compile(rb"UID ", re.IGNORECASE)
# initial-resp = base64 / "=" (RFC 4959 §7)
_INITIAL_RESPONSE = re.compile(rb" (?:=|([A-Za-z0-9+/]+={0,2}))(?![^\r])")
# At most 30 pairs (RFC 2971 §3.3).
_MAX_ID_PAIRS = 30


@dataclass(frozen=True, slots=True)
class AppendHead:
    """APPEND up to its first message, or REPLACE up to its only one.

    Attributes:
        replaces: The message to be replaced; `None` for APPEND.
    """

    mailbox: str
    message: MessageHead
    replaces: Replaces | None = None


def find_tag(line: bytes) -> str | None:
    """Return the tag a line begins with, for the answer to a line that is otherwise wrong."""
    found = _TAG.match(line)
    return found[1].decode("ascii") if found is not None else None


def take_command(cursor: Cursor) -> Command | AppendHead:
    """Take a whole command behind its tag, or APPEND up to its first message.

    Raises:
        CommandSyntaxError: Unknown, malformed, or without a tag.
        LiteralPendingError: A literal was not received yet, and all before it is right.
    """
    cursor.expect(_TAG, "tag and space")
    by_uid = cursor.match(_UID) is not None
    verb = cursor.expect(_VERB, "command name")[0].upper()
    take = (_BY_UID if by_uid else _TAKERS).get(verb)
    if take is None:
        raise cursor.fail("unknown command")
    command = take(cursor)
    cursor.end()
    return command


def _take_append(cursor: Cursor) -> AppendHead:
    cursor.space()
    return AppendHead(take_mailbox(cursor), take_message_head(cursor))


def _take_replace(cursor: Cursor, *, uid: bool) -> AppendHead:
    """``seq-number SP mailbox append-message`` (RFC 8508 §5)."""
    cursor.space()
    number = LAST if cursor.take(b"*") else cursor.nz_number()
    cursor.space()
    return AppendHead(take_mailbox(cursor), take_message_head(cursor), Replaces(number, uid))


def _take_id(cursor: Cursor) -> Id:
    """``ID (NIL / "(" [string SP nstring ...] ")")``; a field occurs once (RFC 2971 §3.3)."""
    cursor.space()
    if cursor.nil():
        return Id()
    cursor.require(b"(")
    parameters: dict[str, str | None] = {}
    seen: set[str] = set()
    while not cursor.take(b")"):
        if parameters:
            cursor.space()
        name = cursor.text(cursor.string())
        cursor.space()
        value = cursor.nstring()
        if name.lower() in seen:
            raise cursor.fail("repeated ID field")
        seen.add(name.lower())
        if len(parameters) == _MAX_ID_PAIRS:
            raise cursor.fail("too many ID fields")
        parameters[name] = None if value is None else cursor.text(value)
    return Id(tuple(parameters.items()))


def _take_authenticate(cursor: Cursor) -> Authenticate:
    cursor.space()
    mechanism = cursor.atom().upper()
    initial: bytes | None = None
    if not cursor.at_end():
        initial = cursor.expect(_INITIAL_RESPONSE, "base64 initial response")[1] or b""
    return Authenticate(mechanism, initial)


def _take_login(cursor: Cursor) -> Login:
    cursor.space()
    username = cursor.text(cursor.astring())
    cursor.space()
    return Login(username, cursor.text(cursor.astring()))


def _take_enable(cursor: Cursor) -> Enable:
    names: list[str] = []
    while cursor.take(b" "):
        names.append(cursor.expect(ATOM, "capability")[0].decode("ascii"))
    if not names:
        raise cursor.fail("expected capability")
    return Enable(tuple(names))


def _constant(command: Command) -> Callable[[Cursor], Command]:
    return lambda _cursor: command


_TAKERS: dict[bytes, Callable[[Cursor], Command | AppendHead]] = {
    b"APPEND": _take_append,
    b"AUTHENTICATE": _take_authenticate,
    b"CANCELUPDATE": take_cancel_update,
    b"CAPABILITY": _constant(Capability()),
    b"CHECK": _constant(Check()),
    b"CLOSE": _constant(Close()),
    b"COMPRESS": take_compress,
    b"COPY": partial(take_copy, uid=False),
    b"CREATE": take_create,
    b"DELETE": take_delete,
    b"ENABLE": _take_enable,
    b"ESEARCH": take_multi_search,
    b"EXAMINE": partial(take_select, read_only=True),
    b"EXPUNGE": partial(take_expunge, uid=False),
    b"FETCH": partial(take_fetch, uid=False),
    b"GETMETADATA": take_get_metadata,
    b"GENURLAUTH": take_genurlauth,
    b"GETQUOTA": take_getquota,
    b"GETQUOTAROOT": take_getquotaroot,
    b"ID": _take_id,
    b"IDLE": _constant(Idle()),
    b"LANGUAGE": take_language,
    b"LIST": take_list,
    b"LOGIN": _take_login,
    b"LOGOUT": _constant(Logout()),
    b"LSUB": take_lsub,
    b"MOVE": partial(take_move, uid=False),
    b"NAMESPACE": _constant(Namespace()),
    b"NOOP": _constant(Noop()),
    b"NOTIFY": take_notify,
    b"RENAME": take_rename,
    b"REPLACE": partial(_take_replace, uid=False),
    b"RESETKEY": take_resetkey,
    b"SEARCH": partial(take_search, uid=False),
    b"SELECT": partial(take_select, read_only=False),
    b"SETQUOTA": take_setquota,
    b"SETMETADATA": take_set_metadata,
    b"SORT": partial(take_sort, uid=False),
    b"STARTTLS": _constant(StartTls()),
    b"STATUS": take_status,
    b"STORE": partial(take_store, uid=False),
    b"SUBSCRIBE": take_subscribe,
    b"UNAUTHENTICATE": _constant(Unauthenticate()),
    b"URLFETCH": take_urlfetch,
    b"THREAD": partial(take_thread, uid=False),
    b"UNSELECT": _constant(Unselect()),
    b"UNSUBSCRIBE": take_unsubscribe,
}

_BY_UID: dict[bytes, Callable[[Cursor], Command | AppendHead]] = {
    b"COPY": partial(take_copy, uid=True),
    b"EXPUNGE": partial(take_expunge, uid=True),
    b"FETCH": partial(take_fetch, uid=True),
    b"MOVE": partial(take_move, uid=True),
    b"REPLACE": partial(_take_replace, uid=True),
    b"SEARCH": partial(take_search, uid=True),
    b"SORT": partial(take_sort, uid=True),
    b"STORE": partial(take_store, uid=True),
    b"THREAD": partial(take_thread, uid=True),
}
