"""Changing flags: what changed, what did not, what another changed meanwhile."""

import pytest

from mox.store import (
    Account,
    FlagChange,
    FlagsAction,
    FlagsChanged,
    FlagsResult,
    KeywordInvalidError,
    Store,
    change_flags,
    check_consistency,
    get_mailbox,
    highest_modseq,
    message_rows,
    parse_flags,
)
from room.deposits import Deposit


@pytest.fixture
async def account(store: Store, deposit: Deposit) -> Account:
    account = store.account("mox")
    for _ in range(4):
        await deposit(account, b"x: y\r\n\r\n")
    return account


async def change(
    account: Account,
    ranges: list[tuple[int, int]],
    action: FlagsAction,
    flags: str,
    unchanged_since: int | None = None,
) -> FlagsResult:
    wanted = FlagChange(action, parse_flags(flags.split()))
    inbox = get_mailbox(account.reader, "Inbox").id
    return await account.write(
        lambda tx: change_flags(tx, inbox, ranges, wanted, unchanged_since=unchanged_since)
    )


async def test_tells_changed_from_unchanged_and_moves_the_modseq_only_where_it_changes(
    account: Account,
) -> None:
    await change(account, [(2, 2)], FlagsAction.ADD, "\\Seen")
    before = highest_modseq(account.reader)
    listener = account.switchboard.listen()
    done = await change(account, [(1, 2), (4, 10)], FlagsAction.ADD, "\\Seen")
    assert done == FlagsResult(before + 1, ((1, "\\Seen"), (4, "\\Seen")), ((2, "\\Seen", before),), ())
    rows = message_rows(account.reader, get_mailbox(account.reader, "Inbox").id, 1, 9)
    assert [row.modseq == before + 1 for row in rows] == [True, False, False, True]
    assert [row.is_seen for row in rows] == [True, True, False, True]
    inbox = get_mailbox(account.reader, "Inbox")
    assert inbox.unseen == 1
    assert inbox.modseq == before + 1
    [batch] = listener.take()
    assert batch.changes == (FlagsChanged(inbox.id, before + 1, done.changed),)
    assert check_consistency(account) == []


async def test_a_change_without_effect_is_silent(account: Account) -> None:
    listener = account.switchboard.listen()
    before = highest_modseq(account.reader)
    done = await change(account, [(1, 4)], FlagsAction.REMOVE, "\\Seen word")
    assert (done.modseq, done.changed, len(done.unchanged)) == (None, (), 4)
    assert not listener
    assert highest_modseq(account.reader) == before
    assert get_mailbox(account.reader, "Inbox").keywords == ()


async def test_leaves_alone_what_changed_since(account: Account) -> None:
    since = highest_modseq(account.reader)
    await change(account, [(3, 3)], FlagsAction.ADD, "\\Flagged")
    done = await change(account, [(1, 4)], FlagsAction.REPLACE, "\\Deleted a", since)
    assert done.conflicts == (3,)
    assert [uid for uid, _ in done.changed] == [1, 2, 4]
    assert get_mailbox(account.reader, "Inbox").deleted == 3
    assert check_consistency(account) == []


async def test_keywords_are_kept_in_lower_case_and_remembered_by_the_mailbox(account: Account) -> None:
    await change(account, [(1, 1)], FlagsAction.ADD, "Beta ALPHA beta")
    done = await change(account, [(1, 1)], FlagsAction.REPLACE, "gamma")
    assert done.changed == ((1, "gamma"),)
    assert get_mailbox(account.reader, "Inbox").keywords == ("alpha", "beta", "gamma")
    assert check_consistency(account) == []


@pytest.mark.parametrize(
    "name", ["\\Unknown", "a b", "a(b", 'a"', "a{", "a%", "a*", "a]", "é", "", "a\\b", "x" * 129]
)
def test_refuses_what_cannot_be_a_keyword(name: str) -> None:
    with pytest.raises(KeywordInvalidError):
        parse_flags([name])


def test_refuses_too_many_keywords() -> None:
    with pytest.raises(KeywordInvalidError):
        parse_flags([f"k{n}" for n in range(101)])


async def test_keywords_do_not_pile_up_on_a_message(account: Account) -> None:
    await change(account, [(1, 2)], FlagsAction.ADD, " ".join(f"k{n}" for n in range(100)))
    with pytest.raises(KeywordInvalidError, match="one of 101"):
        await change(account, [(1, 4)], FlagsAction.ADD, "more")
    done = await change(account, [(1, 4)], FlagsAction.REPLACE, "more")
    assert len(done.changed) == 4
    assert check_consistency(account) == []


def test_recent_is_ignored_and_names_are_written_in_their_usual_case() -> None:
    assert parse_flags(["\\RECENT", "\\seen", "$junk", "$FORWARDED"]).text == "\\Seen $Forwarded $Junk"
