"""Arguments of the commands about mailboxes (RFC 9051 §6.3)."""

import re

from moxkit.imap.commands import (
    Create,
    Delete,
    Expunge,
    GetQuota,
    GetQuotaRoot,
    ListCommand,
    Lsub,
    QresyncParameters,
    Rename,
    Select,
    Status,
    StatusItem,
    Subscribe,
    Unsubscribe,
)
from moxkit.imap.entryname import take_entry
from moxkit.imap.errors import MailboxNameError
from moxkit.imap.lexer import MAX_NUMBER64, Cursor
from moxkit.imap.mailboxname import decode_mailbox
from moxkit.imap.sequenceset import SequenceSet

__all__ = [
    "take_create",
    "take_delete",
    "take_expunge",
    "take_getquota",
    "take_getquotaroot",
    "take_list",
    "take_lsub",
    "take_mailbox",
    "take_rename",
    "take_select",
    "take_status",
    "take_subscribe",
    "take_unsubscribe",
]

_USE_ATTRIBUTE = re.compile(rb"\\?[!#$&'+-\[^-z|}~]+")
_SELECTION = frozenset({"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"})
_STATUS_ITEMS = {item.value: item for item in StatusItem}
_RETURNS = frozenset({"SUBSCRIBED", "CHILDREN", "SPECIAL-USE"})


def take_mailbox(cursor: Cursor) -> str:
    """Take a mailbox name.

    Raises:
        CommandSyntaxError: None here, or not in the wire form in force.
    """
    return _decode(cursor, cursor.astring())


def _decode(cursor: Cursor, octets: bytes) -> str:
    try:
        return decode_mailbox(octets, utf8=cursor.utf8_names)
    except MailboxNameError as problem:
        raise cursor.fail(str(problem)) from None


def take_select(cursor: Cursor, *, read_only: bool) -> Select:
    """Take the arguments of SELECT and EXAMINE (RFC 4466 §2.1, RFC 7162 §7)."""
    cursor.space()
    mailbox = take_mailbox(cursor)
    condstore, qresync = False, None
    if cursor.take(b" ("):
        while True:
            match cursor.word():
                case "CONDSTORE":
                    condstore = True
                case "QRESYNC" if qresync is None:
                    qresync = _take_qresync(cursor)
                case _:
                    raise cursor.fail("unknown or repeated select parameter")
            if not cursor.take(b" "):
                break
        cursor.require(b")")
    return Select(mailbox, read_only, condstore, qresync)


def _take_qresync(cursor: Cursor) -> QresyncParameters:
    """``(uidvalidity modseq [known-uids] [(known-sequence-set known-uid-set)])``."""
    cursor.require(b" (")
    uidvalidity = cursor.nz_number()
    cursor.space()
    modseq = cursor.nz_number(MAX_NUMBER64)
    uids: SequenceSet | None = None
    matches: tuple[SequenceSet, SequenceSet] | None = None
    if cursor.at(b" ") and not cursor.at(b" ("):
        cursor.space()
        uids = _take_plain_set(cursor)
    if cursor.take(b" ("):
        numbers = _take_plain_set(cursor)
        cursor.space()
        matches = (numbers, _take_plain_set(cursor))
        cursor.require(b")")
    cursor.require(b")")
    return QresyncParameters(uidvalidity, modseq, uids, matches)


def _take_plain_set(cursor: Cursor) -> SequenceSet:
    """A set in which ``*`` and ``$`` are not allowed (RFC 7162 §7, known-uids)."""
    numbers = cursor.sequence_set()
    if numbers.saved or numbers.has_star:
        raise cursor.fail("* and $ are not allowed here")
    return numbers


def take_create(cursor: Cursor) -> Create:
    """Take the arguments of CREATE (RFC 6154 §3)."""
    cursor.space()
    mailbox = take_mailbox(cursor)
    uses: list[str] = []
    if cursor.take(b" ("):
        if cursor.word() != "USE":
            raise cursor.fail("unknown create parameter")
        cursor.require(b" (")
        while not cursor.take(b")"):
            if uses:
                cursor.space()
            uses.append(cursor.expect(_USE_ATTRIBUTE, "special-use attribute")[0].decode("ascii"))
        cursor.require(b")")
    return Create(mailbox, tuple(uses))


def take_delete(cursor: Cursor) -> Delete:
    """Take the argument of DELETE."""
    cursor.space()
    return Delete(take_mailbox(cursor))


def take_rename(cursor: Cursor) -> Rename:
    """Take the arguments of RENAME."""
    cursor.space()
    source = take_mailbox(cursor)
    cursor.space()
    return Rename(source, take_mailbox(cursor))


def take_subscribe(cursor: Cursor) -> Subscribe:
    """Take the argument of SUBSCRIBE."""
    cursor.space()
    return Subscribe(take_mailbox(cursor))


def take_unsubscribe(cursor: Cursor) -> Unsubscribe:
    """Take the argument of UNSUBSCRIBE."""
    cursor.space()
    return Unsubscribe(take_mailbox(cursor))


def take_status(cursor: Cursor) -> Status:
    """Take the arguments of STATUS."""
    cursor.space()
    mailbox = take_mailbox(cursor)
    cursor.space()
    return Status(mailbox, _take_status_items(cursor))


def _take_status_items(cursor: Cursor) -> tuple[StatusItem, ...]:
    cursor.require(b"(")
    items: dict[StatusItem, None] = {}
    while True:
        item = _STATUS_ITEMS.get(cursor.word())
        if item is None:
            raise cursor.fail("unknown status item")
        items[item] = None
        if not cursor.take(b" "):
            break
    cursor.require(b")")
    return tuple(items)


def take_list(cursor: Cursor) -> ListCommand:
    """Take the arguments of LIST, basic or extended (RFC 5258 §6)."""
    cursor.space()
    selection: frozenset[str] = frozenset()
    extended = False
    if cursor.take(b"("):
        extended = True
        selection = _take_options(cursor, _SELECTION)
        # RFC 5258 §3.1: RECURSIVEMATCH modifies another selection option.
        if "RECURSIVEMATCH" in selection and "SUBSCRIBED" not in selection:
            raise cursor.fail("RECURSIVEMATCH needs SUBSCRIBED")
        cursor.space()
    reference = take_mailbox(cursor)
    cursor.space()
    patterns: list[str] = []
    if cursor.take(b"("):
        extended = True
        patterns.append(_take_pattern(cursor))
        while cursor.take(b" "):
            patterns.append(_take_pattern(cursor))
        cursor.require(b")")
    else:
        patterns.append(_take_pattern(cursor))
    returns: frozenset[str] = frozenset()
    status: tuple[StatusItem, ...] = ()
    metadata: tuple[str, ...] = ()
    if cursor.take(b" "):
        extended = True
        if cursor.word() != "RETURN":
            raise cursor.fail("expected RETURN")
        cursor.require(b" (")
        returns, status, metadata = _take_returns(cursor)
    names = tuple(dict.fromkeys(patterns))
    return ListCommand(reference, names, extended, selection, returns, status, metadata)


def _take_pattern(cursor: Cursor) -> str:
    return _decode(cursor, cursor.list_mailbox())


def _take_options(cursor: Cursor, known: frozenset[str]) -> frozenset[str]:
    options: set[str] = set()
    while not cursor.take(b")"):
        if options:
            cursor.space()
        option = cursor.word()
        if option not in known:
            raise cursor.fail("unknown list option")
        options.add(option)
    return frozenset(options)


def _take_returns(cursor: Cursor) -> tuple[frozenset[str], tuple[StatusItem, ...], tuple[str, ...]]:
    options: set[str] = set()
    status: tuple[StatusItem, ...] = ()
    metadata: tuple[str, ...] = ()
    first = True
    while not cursor.take(b")"):
        if not first:
            cursor.space()
        first = False
        option = cursor.word()
        if option == "STATUS":
            cursor.space()
            status = _take_status_items(cursor)
        elif option == "METADATA":
            cursor.space()
            metadata = _take_entries(cursor)
        elif option in _RETURNS:
            options.add(option)
        else:
            raise cursor.fail("unknown list return option")
    return frozenset(options), status, metadata


def _take_entries(cursor: Cursor) -> tuple[str, ...]:
    """Take ``"(" entry *(SP entry) ")"`` of the METADATA return option (RFC 9590 §5)."""
    cursor.require(b"(")
    entries = {take_entry(cursor): None}
    while cursor.take(b" "):
        entries[take_entry(cursor)] = None
    cursor.require(b")")
    return tuple(entries)


def take_lsub(cursor: Cursor) -> Lsub:
    """Take the arguments of LSUB."""
    cursor.space()
    reference = take_mailbox(cursor)
    cursor.space()
    return Lsub(reference, _take_pattern(cursor))


def take_getquota(cursor: Cursor) -> GetQuota:
    """Take the argument of GETQUOTA."""
    cursor.space()
    return GetQuota(cursor.text(cursor.astring()))


def take_getquotaroot(cursor: Cursor) -> GetQuotaRoot:
    """Take the argument of GETQUOTAROOT."""
    cursor.space()
    return GetQuotaRoot(take_mailbox(cursor))


def take_expunge(cursor: Cursor, *, uid: bool) -> Expunge:
    """Take the argument of UID EXPUNGE; EXPUNGE has none."""
    if not uid:
        return Expunge()
    cursor.space()
    return Expunge(cursor.sequence_set())
