"""From the store's changes to untagged responses: pure, but for the view it keeps up to date.

Own flag changes are answered by the command that made them; own additions and removals come through here, in
commit order among those of others.
"""

from collections.abc import Iterable

from mox.imapserver.dialect import Dialect
from mox.imapserver.selected import Selected
from mox.store import (
    SYSTEM_FLAGS,
    Batch,
    Change,
    ChangedMessage,
    FlagsChanged,
    KeywordsAdded,
    MailboxRenamed,
    MessagesAdded,
    MessagesRemoved,
)
from moxkit.imap import ExistsData, FlagsData, PermanentFlags

__all__ = ["apply_batches", "flags_lines", "reconcile"]

_PLAIN = Dialect()


def flags_lines(keywords: Iterable[str], *, read_only: bool = False) -> bytes:
    """Write FLAGS and PERMANENTFLAGS (RFC 9051 §6.3.2, §6.3.3)."""
    flags = (*SYSTEM_FLAGS, *keywords)
    permanent = bytes(PermanentFlags(() if read_only else (*flags, "\\*")))
    return FlagsData(flags).encode() + b"* OK [%b] flags that stay\r\n" % permanent


class _Teller:
    """Gathers what the client has to be told, in an order it can follow."""

    def __init__(self, selected: Selected, dialect: Dialect) -> None:
        self._selected = selected
        self._dialect = dialect
        self._grew = False
        self._new: list[ChangedMessage] = []
        self._told_flags: set[int] = set()
        self._out: list[bytes] = []

    def tell(self, change: Change, *, is_own: bool) -> None:
        selected = self._selected
        match change:
            case MessagesAdded(messages=messages, modseq=modseq):
                for uid, text in messages:
                    if selected.add(uid):
                        self._grew = True
                        if not is_own and self._dialect.tells_new:
                            self._new.append(ChangedMessage(uid, modseq, text))
            case MessagesRemoved(uids=uids):
                self._tell_count()
                numbers = [(number, uid) for uid in uids if (number := selected.remove(uid)) is not None]
                self._out.append(self._dialect.removed(numbers))
            case FlagsChanged() if not is_own or self._told_flags:
                self._tell_flags(change, is_own=is_own)
            case KeywordsAdded(keywords=keywords):
                selected.keywords = keywords
                self._out.append(flags_lines(keywords, read_only=selected.read_only))
            case MailboxRenamed(name=name):
                selected.name = name
            case _:
                pass

    def _tell_flags(self, change: FlagsChanged, *, is_own: bool) -> None:
        selected = self._selected
        if not self._dialect.tells_flags and not is_own:
            selected.leave_untold(change.modseq)
            return
        self._tell_count()
        for uid, text in change.messages:
            # An own change was answered before an older one of somebody else is told: say it again,
            # so that the last word is what is stored.
            if is_own and uid not in self._told_flags:
                continue
            if (number := selected.number_of(uid)) is not None:
                self._out.append(self._dialect.flags(number, uid, text, change.modseq))
                self._told_flags.add(uid)

    def _tell_count(self) -> None:
        # The client must know of a message before it hears what became of it.
        if self._grew:
            self._out.append(ExistsData(len(self._selected.uids)).encode())
            self._grew = False
        for uid, modseq, text in self._new:
            if (number := self._selected.number_of(uid)) is not None:
                self._out.append(self._dialect.flags(number, uid, text, modseq))
        self._new.clear()

    def octets(self) -> bytes:
        self._tell_count()
        return b"".join(self._out)


def apply_batches(
    selected: Selected, batches: Iterable[Batch], *, origin: object, dialect: Dialect = _PLAIN
) -> bytes:
    """Bring a view up to date; return what the client has to be told."""
    teller = _Teller(selected, dialect)
    for batch in batches:
        for change in batch.changes:
            if selected.is_about(change):
                teller.tell(change, is_own=batch.origin is origin)
                selected.modseq = max(selected.modseq, change.modseq)
    return teller.octets()


def reconcile(
    selected: Selected,
    live: Iterable[int],
    *,
    changed: Iterable[ChangedMessage] = (),
    modseq: int = 0,
    dialect: Dialect = _PLAIN,
) -> bytes:
    """Compare a view with the database after changes were missed; return what the client has to be told.

    Args:
        selected: The view.
        live: UIDs there are.
        changed: Messages whose flags may be other than the client knows.
        modseq: Of the state of the database that these come from.
        dialect: Of the client.
    """
    now = set(live)
    gone = [uid for uid in selected.uids if uid not in now]
    out = [dialect.removed([(number, uid) for uid in gone if (number := selected.remove(uid)) is not None])]
    last_known = selected.uids[-1] if selected.uids else 0
    grew = [uid for uid in sorted(now) if selected.add(uid)]
    if grew:
        out.append(ExistsData(len(selected.uids)).encode())
    for uid, changed_modseq, text in changed:
        is_told = uid <= last_known or dialect.tells_new
        if is_told and (number := selected.number_of(uid)) is not None:
            out.append(dialect.flags(number, uid, text, changed_modseq))
    selected.is_as_of(modseq)
    return b"".join(out)
