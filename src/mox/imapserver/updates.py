"""From the store's changes to untagged responses: pure, but for the view it keeps up to date.

Own flag changes are answered by the command that made them; own additions and removals come through here, in
commit order among those of others.
"""

from collections.abc import Iterable

from mox.imapserver.selected import Selected
from mox.store import SYSTEM_FLAGS, Batch, Change, FlagsChanged, KeywordsAdded, MessagesAdded, MessagesRemoved
from moxkit.imap import ExistsData, ExpungeData, FlagsData, PermanentFlags

__all__ = ["apply_batches", "fetch_flags", "flags_lines", "reconcile"]


def flags_lines(keywords: Iterable[str], *, read_only: bool = False) -> bytes:
    """Write FLAGS and PERMANENTFLAGS (RFC 9051 §6.3.2, §6.3.3)."""
    flags = (*SYSTEM_FLAGS, *keywords)
    permanent = bytes(PermanentFlags(() if read_only else (*flags, "\\*")))
    return FlagsData(flags).encode() + b"* OK [%b] flags that stay\r\n" % permanent


def fetch_flags(number: int, uid: int, text: str, modseq: int | None) -> bytes:
    """Write the flags of one message."""
    changed = f" MODSEQ ({modseq})" if modseq is not None else ""
    return f"* {number} FETCH (UID {uid} FLAGS ({text}){changed})\r\n".encode()


class _Teller:
    """Gathers what the client has to be told, in an order it can follow."""

    def __init__(self, selected: Selected, *, condstore: bool) -> None:
        self._selected = selected
        self._condstore = condstore
        self._grew = False
        self._told_flags: set[int] = set()
        self._out: list[bytes] = []

    def tell(self, change: Change, *, is_own: bool) -> None:
        selected = self._selected
        match change:
            case MessagesAdded(messages=messages):
                for uid, _ in messages:
                    self._grew |= selected.add(uid)
            case MessagesRemoved(uids=uids):
                self._tell_count()
                numbers = (selected.remove(uid) for uid in uids)
                self._out += [ExpungeData(number).encode() for number in numbers if number is not None]
            case FlagsChanged(messages=messages, modseq=modseq) if not is_own or self._told_flags:
                self._tell_count()
                shown = modseq if self._condstore else None
                for uid, text in messages:
                    # An own change was answered before an older one of somebody else is told: say it again,
                    # so that the last word is what is stored.
                    if is_own and uid not in self._told_flags:
                        continue
                    if (number := selected.number_of(uid)) is not None:
                        self._out.append(fetch_flags(number, uid, text, shown))
                        self._told_flags.add(uid)
            case KeywordsAdded(keywords=keywords):
                selected.keywords = keywords
                self._out.append(flags_lines(keywords, read_only=selected.read_only))
            case _:
                pass

    def _tell_count(self) -> None:
        # The client must know of a message before it hears what became of it.
        if self._grew:
            self._out.append(ExistsData(len(self._selected.uids)).encode())
            self._grew = False

    def octets(self) -> bytes:
        self._tell_count()
        return b"".join(self._out)


def apply_batches(selected: Selected, batches: Iterable[Batch], *, origin: object, condstore: bool) -> bytes:
    """Bring a view up to date; return what the client has to be told."""
    teller = _Teller(selected, condstore=condstore)
    for batch in batches:
        for change in batch.changes:
            if change.mailbox_id == selected.mailbox_id:
                selected.modseq = max(selected.modseq, change.modseq)
                teller.tell(change, is_own=batch.origin is origin)
    return teller.octets()


def reconcile(selected: Selected, live: Iterable[int]) -> bytes:
    """Compare a view with the database after changes were missed; return what the client has to be told."""
    now = set(live)
    removed = (selected.remove(uid) for uid in [uid for uid in selected.uids if uid not in now])
    out = [ExpungeData(number).encode() for number in removed if number is not None]
    before = len(selected.uids)
    for uid in sorted(now):
        selected.add(uid)
    if len(selected.uids) > before:
        out.append(ExistsData(len(selected.uids)).encode())
    return b"".join(out)
