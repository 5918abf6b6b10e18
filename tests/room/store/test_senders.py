"""What is remembered of senders and recipients, and how it goes with their messages."""

import pytest

from mox.store import (
    Account,
    Arrival,
    Flag,
    FlagChange,
    Flags,
    FlagsAction,
    Identity,
    IdentityKind,
    Store,
    change_flags,
    copy_messages,
    erase_due,
    expunge_messages,
    get_mailbox,
    has_written_to,
    judged_messages,
    move_messages,
    recent_arrivals,
)
from moxkit.testing import FakeClock
from room.deposits import Deposit

ANN = Identity(IdentityKind.FROM_VALIDATED, "ann@x.example")
DOMAIN = Identity(IdentityKind.FROM_DOMAIN_VALIDATED, "x.example")
NET = Identity(IdentityKind.NETWORK_1, "192.0.2.1")


def arrival(*identities: Identity) -> Arrival:
    return Arrival("ann@x.example", "mox@mox.example", "192.0.2.1", identities=identities)


@pytest.fixture
async def account(store: Store, deposit: Deposit, clock: FakeClock) -> Account:
    """Inbox with four messages of a sender: not junk, junk, both and neither, a day apart."""
    account = store.account("mox")
    for flags in ("$NotJunk", "$Junk", "$Junk $NotJunk", ""):
        await deposit(account, b"\r\n", flags=flags, arrival=arrival(ANN, DOMAIN, NET))
        clock.jump(24 * 3600)
    return account


def judged(
    account: Account, identity: Identity = ANN, *, since: int = 0, limit: int = 50
) -> list[tuple[int, bool]]:
    inbox = get_mailbox(account.reader, "Inbox").id
    found = judged_messages(account.reader, identity, mailbox_id=inbox, since=since, limit=limit)
    assert all(each.sender == "ann@x.example" for each in found)
    return [(each.id, each.is_junk) for each in found]


async def test_only_what_was_judged_counts_newest_first(account: Account, clock: FakeClock) -> None:
    assert judged(account) == judged(account, DOMAIN) == [(2, True), (1, False)]
    assert judged(account, limit=1) == [(2, True)]
    assert judged(account, since=int(clock.now().timestamp()) - 3 * 24 * 3600 - 1) == [(2, True)]
    assert judged(account, Identity(IdentityKind.FROM, "ann@x.example")) == []


async def test_a_change_of_mind_counts_at_once(account: Account) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    clear = FlagChange(FlagsAction.REMOVE, Flags(Flag.NOTJUNK))
    await account.write(lambda tx: change_flags(tx, inbox, [(1, 4)], clear))
    assert judged(account) == [(3, True), (2, True)]


async def test_a_message_counts_where_it_was_delivered_to(account: Account) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    await account.write(lambda tx: move_messages(tx, inbox, [(1, 1)], "Archive"))
    assert judged(account) == [(2, True), (1, False)]
    archive = get_mailbox(account.reader, "Archive").id
    assert judged_messages(account.reader, ANN, mailbox_id=archive, since=0, limit=9) == []


async def test_copies_count_and_what_is_removed_does_not(account: Account, clock: FakeClock) -> None:
    inbox = get_mailbox(account.reader, "Inbox").id
    await account.write(lambda tx: copy_messages(tx, inbox, [(1, 2)], "Archive"))
    assert judged(account) == [(6, True), (5, False), (2, True), (1, False)]
    await account.write(lambda tx: expunge_messages(tx, inbox, [1, 2, 3, 4]))
    assert judged(account) == [(6, True), (5, False)]
    clock.jump(2 * 24 * 3600)
    await account.write(erase_due)
    assert judged(account) == [(6, True), (5, False)]
    assert account.reader.rows("SELECT DISTINCT id FROM identity") == [(5,), (6,)]


async def test_arrivals_are_counted_for_a_day(account: Account, deposit: Deposit, clock: FakeClock) -> None:
    await deposit(account, b"x" * 10, arrival=arrival(NET))
    await deposit(account, b"\r\n", arrival=arrival(ANN))
    await deposit(account, b"\r\n")
    now = int(clock.now().timestamp())
    assert recent_arrivals(account.reader, NET, now) == ((1, 10), (1, 10))
    # The one of yesterday is not a day old then.
    assert recent_arrivals(account.reader, NET, now - 60) == ((1, 10), (2, 12))
    assert recent_arrivals(account.reader, NET, now + 120) == ((0, 0), (1, 10))
    assert recent_arrivals(account.reader, NET, now + 25 * 3600) == ((0, 0), (0, 0))
    nobody = Identity(IdentityKind.NETWORK_1, "192.0.2.2")
    assert recent_arrivals(account.reader, nobody, now) == ((0, 0), (0, 0))
    assert account.reader.value("SELECT count(*) FROM arrival") == 2


async def test_whom_the_account_wrote_to(store: Store, deposit: Deposit, clock: FakeClock) -> None:
    account = store.account("mox")
    header = b"To: Ann <Ann@a.X.example>, b@y.example\r\nCc: friends: c@z.co.uk;\r\nBcc: d@w.example\r\n\r\n"
    added = await deposit(account, header, "Sent")
    await deposit(account, b"To: e@v.example\r\n\r\n", "Inbox")
    for kind, value, known in (
        (IdentityKind.SENT_TO, "ann@a.x.example", True),
        (IdentityKind.SENT_TO_DOMAIN, "a.x.example", True),
        (IdentityKind.SENT_TO_ORG, "x.example", True),
        (IdentityKind.SENT_TO_DOMAIN, "x.example", False),
        (IdentityKind.SENT_TO_ORG, "z.co.uk", True),
        (IdentityKind.SENT_TO, "d@w.example", True),
        (IdentityKind.SENT_TO, "e@v.example", False),
    ):
        assert has_written_to(account.reader, Identity(kind, value), since=0) is known, value
    now = int(clock.now().timestamp())
    sent = Identity(IdentityKind.SENT_TO, "b@y.example")
    assert not has_written_to(account.reader, sent, since=now)
    await account.write(lambda tx: expunge_messages(tx, added.mailbox_id, [added.uid]))
    assert not has_written_to(account.reader, sent, since=0)
