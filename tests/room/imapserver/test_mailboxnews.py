"""What is told of mailboxes that are not selected: each once, as it is when it is told (RFC 5465 §5)."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from mox import store
from mox.imapserver.mailboxnews import MailboxNews
from mox.imapserver.selected import Selected
from mox.imapserver.watch import Watch
from moxkit.imap import EventGroup, FilterKind, MailboxFilter, NotifyEvent
from room.deposits import Deposit

EVERYTHING = Watch((EventGroup(MailboxFilter(FilterKind.PERSONAL), frozenset(NotifyEvent)),))


@dataclass
class Listening:
    """A session, as far as it matters here."""

    enabled: set[str] = field(default_factory=set)
    condstore: bool = False
    selected: Selected | None = None
    is_rev2: bool = False
    utf8: bool = True


class Ear:
    """Hears an account, and says what a client would be told."""

    def __init__(self, account: store.Account) -> None:
        self.account = account
        self.listener = account.switchboard.listen()

    async def do(self, function: Callable[[store.Tx], object]) -> None:
        await self.account.write(function)

    def told(self, watch: Watch | None, audience: Listening | None = None) -> list[str]:
        news = MailboxNews(audience or Listening(), watch, self.account.reader)
        for batch in self.listener.take():
            for change in batch.changes:
                news.note(change)
        return news.octets().decode().splitlines()


@pytest.fixture
def ear(store: store.Store) -> Ear:
    return Ear(store.account("mox"))


async def test_many_changes_are_one_line(ear: Ear, deposit: Deposit) -> None:
    for _ in range(3):
        await deposit(ear.account, b"Subject: x\r\n\r\n", mailbox="Sent")
    assert ear.told(EVERYTHING) == ["* STATUS Sent (MESSAGES 3 UIDNEXT 4 UNSEEN 3)"]


async def test_selected_mailbox_is_told_elsewhere(ear: Ear, deposit: Deposit) -> None:
    inbox = store.get_mailbox(ear.account.reader, "Inbox")
    await deposit(ear.account, b"Subject: x\r\n\r\n")
    view = Selected(
        mailbox_id=inbox.id,
        name="Inbox",
        uids=store.live_uids(ear.account.reader, inbox.id),
        modseq=inbox.modseq,
        keywords=(),
        read_only=False,
    )
    assert ear.told(EVERYTHING, Listening(selected=view)) == []


async def test_nothing_of_messages_without_notify(ear: Ear, deposit: Deposit) -> None:
    await deposit(ear.account, b"Subject: x\r\n\r\n", mailbox="Sent")
    assert ear.told(None) == []


async def test_modseq_for_those_who_know_of_it(ear: Ear, deposit: Deposit) -> None:
    added = await deposit(ear.account, b"Subject: x\r\n\r\n", mailbox="Sent")
    assert ear.told(EVERYTHING, Listening(condstore=True)) == [
        f"* STATUS Sent (MESSAGES 1 UIDNEXT 2 UNSEEN 1 HIGHESTMODSEQ {added.modseq})"
    ]


async def test_chain_of_names_can_be_followed(ear: Ear) -> None:
    await ear.do(lambda tx: store.create_mailbox(tx, "a/b"))
    ear.told(None)
    await ear.do(lambda tx: store.rename_mailbox(tx, "a", "c"))
    await ear.do(lambda tx: store.rename_mailbox(tx, "c", "d"))
    assert ear.told(EVERYTHING) == [
        '* LIST (\\NonExistent) "/" c ("OLDNAME" (a))',
        '* LIST (\\HasChildren) "/" d ("OLDNAME" (c))',
    ]


async def test_child_renamed_by_itself_is_told(ear: Ear) -> None:
    await ear.do(lambda tx: store.create_mailbox(tx, "a/b"))
    ear.told(None)
    await ear.do(lambda tx: store.rename_mailbox(tx, "a", "c"))
    await ear.do(lambda tx: store.rename_mailbox(tx, "c/b", "c/x"))
    assert ear.told(EVERYTHING)[1:] == ['* LIST (\\HasNoChildren) "/" c/x ("OLDNAME" (c/b))']


@pytest.mark.parametrize("is_rev2", [False, True])
async def test_only_rev2_hears_of_what_is_not_there(ear: Ear, *, is_rev2: bool) -> None:
    """RFC 9051 §7.3.1."""
    await ear.do(lambda tx: store.create_mailbox(tx, "a"))
    await ear.do(lambda tx: store.delete_mailbox(tx, "a"))
    told = ear.told(None, Listening(is_rev2=is_rev2))
    assert told == (['* LIST (\\Subscribed \\NonExistent) "/" a'] if is_rev2 else [])


async def test_messages_of_a_mailbox_that_is_gone(ear: Ear, deposit: Deposit) -> None:
    await deposit(ear.account, b"Subject: x\r\n\r\n", mailbox="a")
    await ear.do(lambda tx: store.delete_mailbox(tx, "a"))
    assert ear.told(EVERYTHING) == ['* LIST (\\Subscribed \\NonExistent) "/" a']


@pytest.mark.parametrize(
    ("enabled", "told"),
    [
        (set(), []),
        ({"METADATA"}, ["* METADATA Inbox /private/a", '* METADATA "" /private/b']),
        ({"METADATA-SERVER"}, ['* METADATA "" /private/b']),
    ],
)
async def test_annotations_for_those_who_asked(ear: Ear, enabled: set[str], told: list[str]) -> None:
    inbox = store.get_mailbox(ear.account.reader, "Inbox")
    await ear.do(lambda tx: store.set_annotations(tx, inbox.id, [("/private/a", b"x")]))
    await ear.do(lambda tx: store.set_annotations(tx, inbox.id, [("/private/a", b"y")]))
    await ear.do(lambda tx: store.set_annotations(tx, None, [("/private/b", b"x")]))
    assert ear.told(None, Listening(enabled)) == told
