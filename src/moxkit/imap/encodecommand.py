"""Commands to the wire, for clients (RFC 9051 §6).

A command becomes pieces: octets, and between them literals, which the client machine sends when it may.
"""

from collections.abc import Callable, Iterable, Sequence

from moxkit.imap.commands import (
    Authenticate,
    Command,
    Copy,
    Create,
    Delete,
    Enable,
    Expunge,
    Fetch,
    GetQuota,
    GetQuotaRoot,
    Id,
    ListCommand,
    Login,
    Lsub,
    Move,
    QresyncParameters,
    Rename,
    Select,
    Status,
    Store,
    Subscribe,
    Unsubscribe,
)
from moxkit.imap.commandwriter import CommandWriter, Pieces
from moxkit.imap.encodesearchcommands import write_cancel_update, write_search, write_sort, write_thread
from moxkit.imap.flags import encode_flags
from moxkit.imap.mailboxfilter import MailboxFilter
from moxkit.imap.metadata import ENTIRE_DEPTH, GetMetadata, SetMetadata
from moxkit.imap.multisearch import MultiSearch
from moxkit.imap.notify import Notify, NotifyEvent
from moxkit.imap.searchcommands import CancelUpdate, Search, Sort, Thread
from moxkit.imap.sessioncommands import Compress, Language, SetQuota
from moxkit.imap.urlcommands import GenUrlAuth, ResetKey, UrlFetch

__all__ = ["encode_command"]


def encode_command(command: Command, *, utf8: bool = False) -> Pieces:
    """Return the command behind its tag and space, without CRLF.

    Args:
        command: Any but APPEND, which is `ClientMachine.append`.
        utf8: Whether strings and mailbox names may hold UTF-8 between quotes.
    """
    writer = CommandWriter(utf8=utf8)
    writer.raw(command.name.encode("ascii"))
    arguments = _ARGUMENTS.get(type(command))
    if arguments is not None:
        arguments(writer, command)
    return writer.pieces()


def _authenticate(writer: CommandWriter, command: Authenticate) -> None:
    writer.argument(command.mechanism.encode("ascii"))
    if command.initial_response is not None:
        writer.argument(command.initial_response or b"=")


def _login(writer: CommandWriter, command: Login) -> None:
    writer.raw(b" ")
    writer.astring(command.username)
    writer.raw(b" ")
    writer.astring(command.password)


def _id(writer: CommandWriter, command: Id) -> None:
    if not command.parameters:
        writer.raw(b" NIL")
        return
    before = b" ("
    for name, value in command.parameters:
        writer.raw(before)
        writer.string(name)
        writer.raw(b" ")
        if value is None:
            writer.raw(b"NIL")
        else:
            writer.string(value)
        before = b" "
    writer.raw(b")")


def _enable(writer: CommandWriter, command: Enable) -> None:
    writer.argument(" ".join(command.capabilities).encode("ascii"))


def _mailbox(
    writer: CommandWriter, command: Delete | Subscribe | Unsubscribe | Select | Create | Status | GetQuotaRoot
) -> None:
    writer.raw(b" ")
    writer.mailbox(command.mailbox)


def _select(writer: CommandWriter, command: Select) -> None:
    _mailbox(writer, command)
    parameters = [b"CONDSTORE"] if command.condstore else []
    if command.qresync is not None:
        parameters.append(b"QRESYNC " + _qresync(command.qresync))
    if parameters:
        writer.argument(b"(%b)" % b" ".join(parameters))


def _qresync(known: QresyncParameters) -> bytes:
    pieces = [b"%d %d" % (known.uidvalidity, known.modseq)]
    if known.known_uids is not None:
        pieces.append(bytes(known.known_uids))
    if known.matches is not None:
        pieces.append(b"(%b %b)" % (bytes(known.matches[0]), bytes(known.matches[1])))
    return b"(%b)" % b" ".join(pieces)


def _create(writer: CommandWriter, command: Create) -> None:
    _mailbox(writer, command)
    if command.special_use:
        writer.argument(f"(USE ({' '.join(command.special_use)}))".encode("ascii"))


def _rename(writer: CommandWriter, command: Rename) -> None:
    writer.raw(b" ")
    writer.mailbox(command.source)
    writer.raw(b" ")
    writer.mailbox(command.destination)


def _words(words: Iterable[str]) -> bytes:
    return f"({' '.join(words)})".encode("ascii")


def _status(writer: CommandWriter, command: Status) -> None:
    _mailbox(writer, command)
    writer.argument(_words(command.items))


def _list(writer: CommandWriter, command: ListCommand) -> None:
    if command.selection:
        writer.argument(_words(sorted(command.selection)))
    writer.raw(b" ")
    writer.mailbox(command.reference)
    if command.extended or len(command.patterns) > 1:
        _patterns(writer, command.patterns)
    else:
        writer.raw(b" ")
        writer.mailbox(command.patterns[0])
    returns = sorted(command.returns)
    if command.status:
        returns.append(f"STATUS ({' '.join(command.status)})")
    if command.metadata:
        returns.append(f"METADATA ({' '.join(command.metadata)})")
    if returns:
        writer.argument(b"RETURN " + _words(returns))


def _patterns(writer: CommandWriter, patterns: Sequence[str]) -> None:
    before = b" ("
    for pattern in patterns:
        writer.raw(before)
        writer.mailbox(pattern)
        before = b" "
    writer.raw(b")")


def _lsub(writer: CommandWriter, command: Lsub) -> None:
    writer.raw(b" ")
    writer.mailbox(command.reference)
    writer.raw(b" ")
    writer.mailbox(command.pattern)


def _get_quota(writer: CommandWriter, command: GetQuota) -> None:
    writer.raw(b" ")
    writer.astring(command.root)


def _set_quota(writer: CommandWriter, command: SetQuota) -> None:
    writer.raw(b" ")
    writer.astring(command.root)
    writer.argument(_words(f"{name} {limit}" for name, limit in command.limits))


def _compress(writer: CommandWriter, command: Compress) -> None:
    writer.argument(command.algorithm.encode("ascii"))


def _language(writer: CommandWriter, command: Language) -> None:
    for wanted in command.ranges:
        writer.raw(b" ")
        writer.astring(wanted)


def _gen_url_auth(writer: CommandWriter, command: GenUrlAuth) -> None:
    for url, mechanism in command.requests:
        writer.raw(b" ")
        writer.astring(url)
        writer.argument(mechanism.encode("ascii"))


def _reset_key(writer: CommandWriter, command: ResetKey) -> None:
    if command.mailbox is not None:
        writer.raw(b" ")
        writer.mailbox(command.mailbox)
        for mechanism in command.mechanisms:
            writer.argument(mechanism.encode("ascii"))


def _url_fetch(writer: CommandWriter, command: UrlFetch) -> None:
    for url in command.urls:
        writer.raw(b" ")
        writer.astring(url)


def _expunge(writer: CommandWriter, command: Expunge) -> None:
    if command.uids is not None:
        writer.argument(bytes(command.uids))


def _multi_search(writer: CommandWriter, command: MultiSearch) -> None:
    if command.sources:
        before = b" IN ("
        for source in command.sources:
            writer.raw(before)
            _filter(writer, source)
            before = b" "
        writer.raw(b")")
    write_search(writer, command.search)


def _filter(writer: CommandWriter, mailboxes: MailboxFilter) -> None:
    writer.raw(mailboxes.kind.encode("ascii"))
    if mailboxes.kind.has_names:
        _patterns(writer, mailboxes.mailboxes)


def _notify(writer: CommandWriter, command: Notify) -> None:
    writer.raw(b" SET" if command.groups else b" NONE")
    if command.status:
        writer.raw(b" STATUS")
    for group in command.groups:
        writer.raw(b" (")
        _filter(writer, group.mailboxes)
        events: list[bytes] = []
        for event in sorted((*group.events, *group.unknown)):
            items = group.items if event == NotifyEvent.MESSAGE_NEW else ()
            fetched = b" (%b)" % b" ".join(map(bytes, items)) if items else b""
            events.append(event.encode("ascii") + fetched)
        writer.raw(b" (%b))" % b" ".join(events) if events else b" NONE)")


def _entries(writer: CommandWriter, command: GetMetadata) -> None:
    options = [] if command.max_size is None else [f"MAXSIZE {command.max_size}"]
    if command.depth:
        options.append(f"DEPTH {'infinity' if command.depth == ENTIRE_DEPTH else command.depth}")
    if options:
        writer.argument(_words(options))
    writer.raw(b" ")
    writer.mailbox(command.mailbox)
    before = b" ("
    for entry in command.entries:
        writer.raw(before)
        writer.astring(entry)
        before = b" "
    writer.raw(b")")


def _values(writer: CommandWriter, command: SetMetadata) -> None:
    writer.raw(b" ")
    writer.mailbox(command.mailbox)
    before = b" ("
    for entry, value in command.entries:
        writer.raw(before)
        writer.astring(entry)
        writer.raw(b" ")
        writer.nstring(value)
        before = b" "
    writer.raw(b")")


def _fetch(writer: CommandWriter, command: Fetch) -> None:
    writer.argument(bytes(command.numbers))
    writer.argument(b"(%b)" % b" ".join(map(bytes, command.items)))
    modifiers: list[bytes] = []
    if command.changed_since is not None:
        modifiers.append(b"CHANGEDSINCE %d" % command.changed_since)
    if command.vanished:
        modifiers.append(b"VANISHED")
    if command.partial is not None:
        modifiers.append(b"PARTIAL " + bytes(command.partial))
    if modifiers:
        writer.argument(b"(%b)" % b" ".join(modifiers))


def _store(writer: CommandWriter, command: Store) -> None:
    writer.argument(bytes(command.numbers))
    if command.unchanged_since is not None:
        writer.argument(b"(UNCHANGEDSINCE %d)" % command.unchanged_since)
    writer.argument(command.action.encode("ascii") + (b".SILENT" if command.silent else b""))
    writer.argument(encode_flags(command.flags))


def _copy(writer: CommandWriter, command: Copy | Move) -> None:
    writer.argument(bytes(command.numbers))
    writer.raw(b" ")
    writer.mailbox(command.mailbox)


# Each function takes the type it stands at; `encode_command` looks up by type, so that they meet.
_ARGUMENTS: dict[type[Command], Callable[..., None]] = {
    Authenticate: _authenticate,
    CancelUpdate: write_cancel_update,
    Compress: _compress,
    Copy: _copy,
    Create: _create,
    Delete: _mailbox,
    Enable: _enable,
    Expunge: _expunge,
    Fetch: _fetch,
    GetMetadata: _entries,
    GenUrlAuth: _gen_url_auth,
    GetQuota: _get_quota,
    GetQuotaRoot: _mailbox,
    Id: _id,
    Language: _language,
    ListCommand: _list,
    Login: _login,
    Lsub: _lsub,
    Move: _copy,
    MultiSearch: _multi_search,
    Notify: _notify,
    Rename: _rename,
    ResetKey: _reset_key,
    Search: write_search,
    Select: _select,
    SetMetadata: _values,
    SetQuota: _set_quota,
    Sort: write_sort,
    Status: _status,
    Store: _store,
    Subscribe: _mailbox,
    Thread: write_thread,
    Unsubscribe: _mailbox,
    UrlFetch: _url_fetch,
}
