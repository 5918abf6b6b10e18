"""What one client has still to be told: takes what the account's listener heard, and tells it as asked for.

Without NOTIFY everything is told of the selected mailbox, and of the others what clients draw their trees
from. With it (RFC 5465) exactly what was asked for, so that a view can fall behind; it is brought up to date
from the database where the client's own changes, or another NOTIFY, need it.
"""

from collections.abc import Sequence
from typing import Protocol

from mox.database import Connection
from mox.imapserver.dialect import Dialect
from mox.imapserver.mailboxnews import Audience, MailboxNews
from mox.imapserver.selected import Selected
from mox.imapserver.updates import apply_batches, reconcile
from mox.imapserver.watch import Watch
from mox.store import (
    Batch,
    Listener,
    MailboxRemoved,
    MessagesAdded,
    MessagesRemoved,
    changed_since,
    highest_modseq,
    live_uids,
)
from moxkit.imap import FetchItem, NotifyEvent

__all__ = ["News", "NewsSession"]

# Changes of the selected mailbox that SELECTED-DELAYED keeps back, at most.
_MOST_HELD = 1000


class NewsSession(Audience, Protocol):
    """What is asked of the session."""

    @property
    def dialect(self) -> Dialect:
        """How messages are told."""

    def write(self, octets: bytes, /) -> None:
        """Put octets behind those to be sent."""


class News:
    """The news for one session.

    Attributes:
        watch: What NOTIFY asked for; None before the first one.
        new_uids: New messages whose items (`items`) are still to be fetched and told.
    """

    def __init__(self, session: NewsSession, listener: Listener, reader: Connection) -> None:
        self._session = session
        self._listener = listener
        self._reader = reader
        self._held: list[Batch] = []
        self._held_changes = 0
        self.watch: Watch | None = None
        self.new_uids: list[int] = []

    @property
    def is_pushed(self) -> bool:
        """Whether news is told though no command is in progress (RFC 5465 §3.1)."""
        return self.watch is not None and not self.watch.is_deaf

    @property
    def items(self) -> tuple[FetchItem, ...]:
        """What to fetch of new messages; empty for what is known without fetching."""
        watch = self.watch
        return () if watch is None or watch.selected is None else watch.selected.items

    @property
    def is_behind(self) -> bool:
        """Whether something of the selected mailbox was not told yet that others did."""
        selected = self._session.selected
        return selected is not None and (
            bool(self._held) or selected.is_behind or self._listener.has_others(self._session)
        )

    def begin(self) -> None:
        """Forget what was kept back of the mailbox that was selected before."""
        self._drop_held()
        self.new_uids = []

    def _drop_held(self) -> None:
        self._held, self._held_changes = [], 0

    def tell(self, *, may_remove: bool = True) -> None:
        """Tell what is new.

        Args:
            may_remove: Removals may be told to clients that count in numbers (RFC 9051 §7.5.1).
        """
        listener = self._listener
        if not listener and not (self._held and may_remove):
            return
        missed, listener.overflowed = listener.overflowed, False
        batches = listener.take()
        if missed:
            self._on_missed()
        selected = self._session.selected
        if selected is not None:
            self._tell_selected(selected, batches, may_remove=may_remove)
        self._tell_others(batches)

    def watch_for(self, watch: Watch) -> None:
        """Change what is told; what happened before is told first (RFC 5465 §3.1)."""
        self.tell()
        selected = self._session.selected
        if selected is not None and selected.is_behind:
            self._catch_up(selected)
        self.watch = watch

    def be_silent(self) -> None:
        """Tell nothing more; what was kept back is dropped (RFC 5465 §3.1, NOTIFY NONE)."""
        selected = self._session.selected
        if selected is not None:
            # Also what was not looked at yet.
            selected.leave_untold(selected.modseq + 1)
        self._drop_held()
        self.watch = Watch(())

    # What was missed.

    def _on_missed(self) -> None:
        if self.watch is not None:
            self._overflow()
        elif self._session.selected is not None:
            self._catch_up(self._session.selected)

    def _overflow(self) -> None:
        """RFC 5465 §5.8: as if NOTIFY NONE had been received."""
        self._session.write(b"* OK [NOTIFICATIONOVERFLOW] too much happened, nothing more is told\r\n")
        self.be_silent()

    def _catch_up(self, selected: Selected) -> None:
        reader = self._reader
        with reader.snapshot():
            live = live_uids(reader, selected.mailbox_id)
            changed = changed_since(reader, selected.mailbox_id, selected.told_modseq)
            modseq = highest_modseq(reader)
        self._drop_held()
        dialect = self._session.dialect
        self._session.write(reconcile(selected, live, changed=changed, modseq=modseq, dialect=dialect))

    # The selected mailbox.

    def _tell_selected(self, selected: Selected, batches: Sequence[Batch], *, may_remove: bool) -> None:
        watch = self.watch
        if watch is not None and watch.selected is None:
            self._leave_untold(selected, batches)
        elif watch is not None and watch.is_delayed and not may_remove:
            self._hold(selected, batches)
        else:
            batches, self._held = [*self._held, *batches], []
            self._held_changes = 0
            if self.items:
                self._note_new(selected, batches)
            dialect = self._session.dialect
            self._session.write(apply_batches(selected, batches, origin=self._session, dialect=dialect))
        if any(
            isinstance(change, MailboxRemoved) and change.mailbox_id == selected.mailbox_id
            for batch in batches
            if batch.origin is not self._session
            for change in batch.changes
        ):
            # A warning (RFC 9051 §7.1.2): all its messages are gone, and nothing can be added.
            self._session.write(b"* NO [NONEXISTENT] the selected mailbox was deleted\r\n")

    def _leave_untold(self, selected: Selected, batches: Sequence[Batch]) -> None:
        """Others' changes are not wanted; but own ones have to be told in numbers that fit."""
        needs_all = False
        for batch in batches:
            is_own = batch.origin is self._session
            for change in batch.changes:
                if not selected.is_about(change):
                    continue
                if not is_own:
                    selected.leave_untold(change.modseq)
                elif isinstance(change, MessagesAdded | MessagesRemoved):
                    needs_all = True
        if needs_all:
            self._catch_up(selected)

    def _hold(self, selected: Selected, batches: Sequence[Batch]) -> None:
        for batch in batches:
            changes = tuple(change for change in batch.changes if selected.is_about(change))
            if changes:
                self._held.append(Batch(batch.origin, changes))
                self._held_changes += len(changes)
        if self._held_changes > _MOST_HELD:
            self._overflow()

    def _note_new(self, selected: Selected, batches: Sequence[Batch]) -> None:
        """RFC 5465 §5.2: what was asked for of new messages, but not of one's own."""
        for batch in batches:
            if batch.origin is not self._session:
                for change in batch.changes:
                    if isinstance(change, MessagesAdded) and selected.is_about(change):
                        self.new_uids += [uid for uid, _ in change.messages]

    # The others.

    def _tell_others(self, batches: Sequence[Batch]) -> None:
        if self.watch is not None and self.watch.is_deaf:
            return
        news = MailboxNews(self._session, self.watch, self._reader)
        for batch in batches:
            # RFC 5465 §5: not what this client did itself.
            if batch.origin is not self._session:
                for change in batch.changes:
                    news.note(change)
        if octets := news.octets():
            self._session.write(octets)

    @property
    def tells_flags(self) -> bool:
        """Whether changes of flags in the selected mailbox are told."""
        watch = self.watch
        if watch is None:
            return True
        return watch.selected is not None and NotifyEvent.FLAG_CHANGE in watch.selected.events
