"""Random histories of an account against a plain model, as two sessions with a mailbox open see them."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from hypothesis import settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from mox.imapserver.dialect import Dialect
from mox.imapserver.selected import Selected
from mox.imapserver.updates import apply_batches, reconcile
from mox.store import (
    Account,
    Content,
    FlagChange,
    FlagsAction,
    Listener,
    MailboxExistsError,
    MailboxHasChildrenError,
    NewMessage,
    Prepared,
    Store,
    Tx,
    add_message,
    change_flags,
    check_consistency,
    copy_messages,
    create_mailbox,
    delete_mailbox,
    erase_due,
    expunge_deleted,
    expunge_messages,
    find_mailbox,
    get_mailbox,
    highest_modseq,
    list_mailboxes,
    live_uids,
    message_rows,
    move_messages,
    parse_flags,
    rename_mailbox,
    stored_messages,
)
from moxkit.testing import FakeClock

T = TypeVar("T")

OCTETS = b"Subject: x\r\n\r\nbody\r\n"
NAMES = ("a", "a/b", "c", "c/d/e")
FLAGS = ("\\Seen", "\\Deleted", "word", "\\Seen \\Flagged", "other word", "")


@dataclass
class Message:
    """What the model knows of a message."""

    flags: set[str]
    modseq: int


@dataclass
class Box:
    """What the model knows of a mailbox."""

    uidnext: int = 1
    messages: dict[int, Message] = field(default_factory=dict)
    gone: dict[int, int] = field(default_factory=dict)


class Session:
    """A client that believes what it is told, octet by octet."""

    def __init__(self, account: Account, mailbox: str, *, condstore: bool) -> None:
        self.listener: Listener = account.switchboard.listen()
        found = get_mailbox(account.reader, mailbox)
        self.selected = Selected(
            mailbox_id=found.id,
            name=mailbox,
            uids=live_uids(account.reader, found.id),
            modseq=highest_modseq(account.reader),
            keywords=found.keywords,
            read_only=False,
        )
        self.condstore = condstore
        self.count = len(self.selected.uids)

    def hear(self) -> None:
        """Take what was announced, and follow it as a client would: by numbers only."""
        dialect = Dialect(condstore=self.condstore)
        told = apply_batches(self.selected, self.listener.take(), origin=self, dialect=dialect)
        for line in told.split(b"\r\n"):
            match line.split(b" ")[1:3]:
                case [number, b"EXISTS"]:
                    assert int(number) >= self.count, "EXISTS must not shrink"
                    self.count = int(number)
                case [number, b"EXPUNGE"]:
                    assert 1 <= int(number) <= self.count, "EXPUNGE of a number nobody knows"
                    self.count -= 1
                case [number, b"FETCH"]:
                    assert 1 <= int(number) <= self.count, "FETCH of a number nobody knows"
                case _:
                    pass


class StoreMachine(RuleBasedStateMachine):
    """The account, the model, and two sessions on the Inbox."""

    boxes = Bundle("boxes")

    def __init__(self) -> None:
        super().__init__()
        self._directory = tempfile.TemporaryDirectory()
        self._pool = ThreadPoolExecutor(2)
        self._loop = asyncio.new_event_loop()
        self.clock = FakeClock()
        self.store = Store(directory=Path(self._directory.name), clock=self.clock, pool=self._pool)
        self.account = self.store.account("mox")
        self.model: dict[str, Box] = {m.name: Box() for m in list_mailboxes(self.account.reader)}
        self.modseq = highest_modseq(self.account.reader)
        self.content, self.prepared = self.run(self._prepare())
        self.sessions = [Session(self.account, "Inbox", condstore=c) for c in (True, False)]

    async def _prepare(self) -> tuple[Content, Prepared]:
        spool = self.store.spools.new()
        spool.write(OCTETS)
        return await self.store.prepare(spool)

    def run(self, awaitable: Awaitable[T]) -> T:
        async def wait() -> T:
            return await awaitable

        return self._loop.run_until_complete(wait())

    def write(self, function: Callable[[Tx], T], session: int | None = None) -> T:
        origin = None if session is None else self.sessions[session]
        return self.run(self.account.write(function, origin))

    def bump(self) -> int:
        self.modseq += 1
        return self.modseq

    def id_of(self, name: str) -> int:
        return get_mailbox(self.account.reader, name).id

    def ranges(self, box: Box, picks: list[int]) -> tuple[list[tuple[int, int]], list[int]]:
        """Turn any numbers into ranges of one UID each, and those of them that live."""
        uids = sorted({1 + pick % max(1, box.uidnext) for pick in picks})
        return [(uid, uid) for uid in uids], [uid for uid in uids if uid in box.messages]

    def teardown(self) -> None:
        assert check_consistency(self.account) == []
        self.clock.jump(2 * 24 * 3600)
        for id_ in self.write(erase_due):
            self.account.files.remove(id_)
        assert check_consistency(self.account) == []
        self.run(self.store.close())
        self._loop.close()
        self._pool.shutdown()
        self._directory.cleanup()

    @initialize(target=boxes)
    def begin(self) -> str:
        return "Inbox"

    names = st.one_of(boxes, st.just("Inbox"), st.just("Archive"))
    picks = st.lists(st.integers(0, 30), min_size=1, max_size=4)
    who = st.sampled_from([0, 1, None])

    @rule(target=boxes, name=st.sampled_from(NAMES))
    def create(self, name: str) -> str:
        parts = name.split("/")
        paths = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        if name in self.model:
            try:
                self.write(lambda tx: create_mailbox(tx, name))
            except MailboxExistsError:
                return name
            raise AssertionError("created twice")
        self.write(lambda tx: create_mailbox(tx, name))
        self.bump()
        for path in paths:
            self.model.setdefault(path, Box())
        return name

    @rule(name=names, flags=st.sampled_from(FLAGS), count=st.integers(1, 3), who=who)
    def add(self, name: str, flags: str, count: int, who: int | None) -> None:
        if (box := self.model.get(name)) is None:
            return
        id_, parsed = self.id_of(name), parse_flags(flags.split())

        def job(tx: Tx) -> list[int]:
            new = NewMessage(id_, self.content, self.prepared, b"", parsed)
            return [add_message(tx, new).uid for _ in range(count)]

        uids = self.write(job, who)
        modseq = self.bump()
        assert uids == list(range(box.uidnext, box.uidnext + count))
        for uid in uids:
            box.messages[uid] = Message(set(flags.split()), modseq)
        box.uidnext += count

    @rule(
        name=names,
        picks=picks,
        action=st.sampled_from(FlagsAction),
        flags=st.sampled_from(FLAGS),
        behind=st.one_of(st.none(), st.integers(0, 5)),
        who=who,
    )
    def flag(
        self,
        name: str,
        picks: list[int],
        action: FlagsAction,
        flags: str,
        behind: int | None,
        who: int | None,
    ) -> None:
        if (box := self.model.get(name)) is None:
            return
        ranges, uids = self.ranges(box, picks)
        id_, change = self.id_of(name), FlagChange(action, parse_flags(flags.split()))
        since = None if behind is None else self.modseq - behind
        done = self.write(lambda tx: change_flags(tx, id_, ranges, change, unchanged_since=since), who)
        wanted, changed, conflicts = set(flags.split()), [], []
        for uid in uids:
            message = box.messages[uid]
            after = {
                FlagsAction.ADD: message.flags | wanted,
                FlagsAction.REMOVE: message.flags - wanted,
                FlagsAction.REPLACE: wanted,
            }[action]
            if since is not None and message.modseq > since:
                conflicts.append(uid)
            elif after != message.flags:
                message.flags = set(after)
                changed.append(uid)
        if changed:
            modseq = self.bump()
            for uid in changed:
                box.messages[uid].modseq = modseq
        assert [uid for uid, _ in done.changed] == changed
        assert list(done.conflicts) == conflicts
        assert done.modseq == (self.modseq if changed else None)

    @rule(name=names, target_name=names, picks=picks, moves=st.booleans(), who=who)
    def transfer(self, name: str, target_name: str, picks: list[int], moves: bool, who: int | None) -> None:
        box, target = self.model.get(name), self.model.get(target_name)
        if box is None or target is None:
            return
        ranges, uids = self.ranges(box, picks)
        id_, transfer = self.id_of(name), move_messages if moves else copy_messages
        done = self.write(lambda tx: transfer(tx, id_, ranges, target_name), who)
        if not uids:
            assert done is None
            return
        assert done is not None
        modseq = self.bump()
        assert list(done.from_uids) == uids
        assert list(done.uids) == list(range(target.uidnext, target.uidnext + len(uids)))
        for from_uid, uid in zip(done.from_uids, done.uids, strict=True):
            flags = set(box.messages[from_uid].flags)
            target.messages[uid] = Message(flags, modseq)
            if moves:
                del box.messages[from_uid]
                box.gone[from_uid] = modseq
        target.uidnext += len(uids)

    @rule(name=names, picks=picks, who=who)
    def remove(self, name: str, picks: list[int], who: int | None) -> None:
        if (box := self.model.get(name)) is None:
            return
        id_, (ranges, uids) = self.id_of(name), self.ranges(box, picks)
        self._gone(box, self.write(lambda tx: expunge_messages(tx, id_, [r[0] for r in ranges]), who), uids)

    @rule(name=names, who=who)
    def expunge(self, name: str, who: int | None) -> None:
        if (box := self.model.get(name)) is None:
            return
        id_, uids = self.id_of(name), [u for u, m in box.messages.items() if "\\Deleted" in m.flags]
        self._gone(box, self.write(lambda tx: expunge_deleted(tx, id_, lambda _: True), who), uids)

    def _gone(self, box: Box, done: tuple[int, ...], uids: list[int]) -> None:
        assert list(done) == uids
        if uids:
            modseq = self.bump()
            for uid in uids:
                del box.messages[uid]
                box.gone[uid] = modseq

    @rule(target=boxes, old=st.sampled_from(NAMES), new=st.sampled_from([*NAMES, "x", "a/b/y"]))
    def rename(self, old: str, new: str) -> str:
        if old not in self.model:
            return "Inbox"
        try:
            self.write(lambda tx: rename_mailbox(tx, old, new))
        except MailboxExistsError:
            assert new in self.model
            return new
        assert new not in self.model
        self.bump()
        moved = {n: b for n, b in self.model.items() if n == old or n.startswith(old + "/")}
        for name in moved:
            del self.model[name]
        parts = new.split("/")
        for n in range(1, len(parts)):
            self.model.setdefault("/".join(parts[:n]), Box())
        self.model.update({new + name[len(old) :]: box for name, box in moved.items()})
        return new

    @rule(name=boxes)
    def delete(self, name: str) -> None:
        if name == "Inbox" or name not in self.model:
            return
        try:
            self.write(lambda tx: delete_mailbox(tx, name))
        except MailboxHasChildrenError:
            assert any(n.startswith(name + "/") for n in self.model)
            return
        self.bump()
        del self.model[name]
        assert find_mailbox(self.account.reader, name) is None

    @rule()
    def time_passes(self) -> None:
        self.clock.jump(24 * 3600)
        for id_ in self.write(erase_due):
            self.account.files.remove(id_)

    @rule(session=st.sampled_from([0, 1]))
    def a_session_listens(self, session: int) -> None:
        listener = self.sessions[session]
        listener.hear()
        assert list(listener.selected.uids) == list(self.model["Inbox"].messages)
        assert listener.count == len(self.model["Inbox"].messages)

    @rule(session=st.sampled_from([0, 1]))
    def a_session_missed_everything(self, session: int) -> None:
        listener = self.sessions[session]
        listener.listener.take()
        reconcile(listener.selected, live_uids(self.account.reader, listener.selected.mailbox_id))
        listener.count = len(listener.selected.uids)
        assert list(listener.selected.uids) == list(self.model["Inbox"].messages)

    @rule(session=st.sampled_from([0, 1]))
    def a_session_that_has_not_heard_can_still_read(self, session: int) -> None:
        for uid in self.sessions[session].selected.uids:
            rows = stored_messages(self.account, self.sessions[session].selected.mailbox_id, [uid])
            for row, content in rows:
                if row.expunged_at is None or row.moved_to is not None:
                    assert Path(content.file).read_bytes() == OCTETS

    @invariant()
    def agrees_with_the_model(self) -> None:
        reader = self.account.reader
        assert highest_modseq(reader) == self.modseq
        found = {m.name: m for m in list_mailboxes(reader)}
        assert set(found) == set(self.model)
        for name, box in self.model.items():
            mailbox = found[name]
            deleted = [m for m in box.messages.values() if "\\Deleted" in m.flags]
            unseen = [m for m in box.messages.values() if "\\Seen" not in m.flags]
            assert (mailbox.total, mailbox.unseen, mailbox.deleted, mailbox.octets, mailbox.uidnext) == (
                len(box.messages),
                len(unseen),
                len(deleted),
                len(box.messages) * len(OCTETS),
                box.uidnext,
            ), name
            rows = message_rows(reader, mailbox.id, 1, 2**32, with_removed=True)
            live = {r.uid: (set(r.flags_text.split()), r.modseq) for r in rows if r.expunged_at is None}
            assert live == {uid: (m.flags, m.modseq) for uid, m in box.messages.items()}
            assert {r.uid: r.modseq for r in rows if r.expunged_at is not None} == box.gone


StoreMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestStore = StoreMachine.TestCase
