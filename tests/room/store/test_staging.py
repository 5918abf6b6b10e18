"""Staged mail: seen by nobody, then filed all at once; gone without a trace when it is given up."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mox.config import compile_pattern
from mox.database import open_reader
from mox.store import (
    Account,
    Committed,
    Identity,
    IdentityKind,
    JunkFlagRules,
    MessagesAdded,
    OverQuotaError,
    Quota,
    StagedMessage,
    Staging,
    StagingExistsError,
    StagingOvertakenError,
    StagingPlace,
    Store,
    begin_staging,
    check_consistency,
    discard_staging,
    expunge_all,
    file_staged,
    find_mailbox,
    has_written_to,
    list_mailboxes,
    list_messages,
    live_uids,
    parse_flags,
    prepare,
    quota_usage,
    read_message,
    set_special_use,
    thread_staged,
)
from moxkit.testing import FakeClock
from room.deposits import Deposit

T = 1_700_000_000


def letter(number: int, *fields: str) -> bytes:
    head = "".join(f"{field}\r\n" for field in (f"Message-ID: <{number}@mox.example>", *fields))
    return f"{head}Subject: letter {number}\r\n\r\nhello\r\n".encode()


Staged = tuple[str, bytes, str, int]


def stage(account: Account, messages: Sequence[Staged], *mailboxes: str) -> StagingPlace:
    """Stage messages (mailbox, octets, flags, time), and mailboxes that stay empty."""
    place = begin_staging(account)
    staging = Staging(place)
    for name in mailboxes:
        staging.ensure_mailbox(name)
    for mailbox, octets, flags, received_at in messages:
        content = staging.write_later(octets)
        staging.add(
            StagedMessage(
                mailbox,
                content,
                prepare(octets),
                parse_flags(flags.split()),
                "",
                received_at,
                mailbox == "Sent",
            )
        )
    reader = open_reader(account.files.root.parent / "index.db")
    thread_staged(staging.connection, reader, lambda: False)
    reader.close()
    staging.finish()
    return place


async def file(account: Account, place: StagingPlace, messages: int) -> Committed:
    try:
        return await file_staged(account, place, messages)
    finally:
        await discard_staging(account)


def snapshot(account: Account, files_below: Callable[[Path], list[str]]) -> object:
    files = [name for name in files_below(account.files.root.parent) if not name.endswith(("-wal", "-shm"))]
    return (
        list_mailboxes(account.reader),
        list(list_messages(account.reader)),
        quota_usage(account.reader),
        files,
    )


async def test_files_everything_at_once_and_announces_it(
    store: Store, deposit: Deposit, clock: FakeClock
) -> None:
    account = store.account("mox")
    before = await deposit(account, letter(0), "Inbox")
    listener = account.switchboard.listen()
    messages = [
        ("Inbox", letter(1), "\\Seen", T),
        ("Old/2020", letter(2), "\\Flagged \\Deleted fun", T + 1),
        ("Inbox", letter(3), "", T + 2),
    ]
    place = stage(account, messages, "Empty/Below")
    assert [m.id for m in list_messages(account.reader)] == [before.id]
    meanwhile = await deposit(account, letter(9), "Inbox")
    done = await file(account, place, 3)
    assert done == Committed(3, sum(len(octets) for _, octets, _, _ in messages), 3)
    assert list(live_uids(account.reader, before.mailbox_id)) == [before.uid, meanwhile.uid, 3, 4]
    assert {m.name for m in list_mailboxes(account.reader)} > {"Empty/Below", "Empty", "Old", "Old/2020"}
    old = find_mailbox(account.reader, "Old/2020")
    assert old is not None
    assert (old.total, old.unseen, old.deleted, old.keywords) == (1, 1, 1, ("fun",))
    [shown] = [m for m in list_messages(account.reader) if m.mailbox == "Old/2020"]
    assert (shown.flags, shown.received_at, shown.subject) == ("\\Flagged \\Deleted fun", T + 1, "letter 2")
    found = read_message(account, shown.id)
    assert found is not None
    assert found[1] == letter(2)
    assert shown.id > meanwhile.id
    added = [c for batch in listener.take() for c in batch.changes if isinstance(c, MessagesAdded)]
    assert [tuple(each.messages) for each in added[1:]] == [
        ((3, "\\Seen"), (4, "")),
        ((1, "\\Flagged \\Deleted fun"),),
    ]
    assert len({each.modseq for each in added[1:]}) == 1
    assert check_consistency(account) == []
    # Ids go on behind, in the order of commits.
    assert (await deposit(account, letter(10))).id > shown.id
    assert check_consistency(account) == []


async def test_giving_up_leaves_the_account_as_it_was(
    store: Store, deposit: Deposit, files_below: Callable[[Path], list[str]]
) -> None:
    account = store.account("mox")
    await deposit(account, letter(0))
    before = snapshot(account, files_below)
    place = stage(account, [("New", letter(n), "", T) for n in range(20)])
    with pytest.raises(StagingExistsError):
        begin_staging(account)

    def give_up(done: int) -> None:
        if done == 20:
            raise LookupError

    with pytest.raises(LookupError):
        await file_staged(account, place, 20, check=give_up)
    assert account.reader.value("SELECT count(*) FROM content") == 21
    assert await discard_staging(account)
    assert snapshot(account, files_below) == before
    assert account.reader.value("SELECT count(*) FROM content") == 1
    assert not await discard_staging(account)
    assert check_consistency(account) == []


async def test_what_a_killed_commit_moved_is_removed_and_what_lasts_stays(
    store: Store, deposit: Deposit, files_below: Callable[[Path], list[str]]
) -> None:
    account = store.account("mox")
    await deposit(account, letter(0))
    before = snapshot(account, files_below)
    place = stage(account, [("New", letter(1), "", T)])
    # Killed between the rename and the COMMIT.
    directory = next(path for path in place.directory.iterdir() if path.is_dir())
    account.files.adopt(directory, directory.name)
    assert await discard_staging(account)
    assert snapshot(account, files_below) == before
    # Killed right after the COMMIT.
    await file_staged(account, stage(account, [("New", letter(1), "", T)]), 1)
    assert await discard_staging(account)
    assert len(list(list_messages(account.reader))) == 2
    assert check_consistency(account) == []


async def test_killed_before_it_had_ids(store: Store) -> None:
    account = store.account("mox")
    (account.files.root.parent / "import").mkdir()
    assert await discard_staging(account)
    assert not (account.files.root.parent / "import").exists()


async def test_quota_is_checked_again_at_the_commit(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor, files_below: Callable[[Path], list[str]]
) -> None:
    quota = Quota(messages=2)
    store = Store(directory=tmp_path, clock=clock, pool=pool, quota=lambda _: quota)
    account = store.account("mox")
    before = snapshot(account, files_below)
    place = stage(account, [("Inbox", letter(n), "", T) for n in range(3)])
    with pytest.raises(OverQuotaError):
        await file(account, place, 3)
    assert snapshot(account, files_below) == before
    await store.close()


async def test_refuses_when_its_ids_were_given(store: Store) -> None:
    account = store.account("mox")
    place = stage(account, [("Inbox", letter(1), "", T)])
    await account.write(lambda tx: tx.take_message_ids(1 << 21))
    with pytest.raises(StagingOvertakenError):
        await file(account, place, 1)
    assert list(list_messages(account.reader)) == []


async def test_a_commit_that_fails_late_gives_its_directories_back(store: Store) -> None:
    account = store.account("mox")
    place = stage(account, [("Inbox", letter(1), "", T)])
    (account.files.root / next(p.name for p in place.directory.iterdir() if p.is_dir())).mkdir()
    (account.files.root / next(p.name for p in place.directory.iterdir() if p.is_dir()) / "1").touch()
    with pytest.raises(OSError, match="not empty"):
        await file_staged(account, place, 1)
    assert place.file(place.first_id).exists()
    assert list(list_messages(account.reader)) == []


async def test_mailboxes_say_what_is_junk_and_late_flags_are_added(
    tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor
) -> None:
    rules = JunkFlagRules(junk=compile_pattern("^spam"), neutral=compile_pattern("^inbox"))
    store = Store(directory=tmp_path, clock=clock, pool=pool, junk_flag_rules=lambda _: rules)
    account = store.account("mox")
    staging = Staging(begin_staging(account))
    for mailbox, flags, letters in (
        ("Spam", "", ""),
        ("Inbox", "$Junk", ""),
        ("Work", "$Junk", ""),
        ("Inbox", "kept", "ab"),
        ("Inbox", "", "b"),
    ):
        content = staging.write_later(letter(1))
        staged = StagedMessage(
            mailbox, content, prepare(letter(1)), parse_flags(flags.split()), letters, T, False
        )
        staging.add(staged)
    assert staging.letters_left() == ["Inbox"]
    known = {"a": parse_flags(["$Junk"])}
    assert staging.resolve_letters("Inbox", known) == {"b"}
    assert staging.resolve_letters("Nowhere", known) == set()
    assert staging.letters_left() == []
    staging.finish()
    await file(account, staging.place, 5)
    found = [(m.mailbox, m.flags) for m in list_messages(account.reader)]
    assert found == [
        ("Inbox", ""),
        ("Inbox", "$Junk kept"),
        ("Work", "$NotJunk"),
        ("Inbox", ""),
        ("Spam", "$Junk"),
    ]
    assert check_consistency(account) == []
    await store.close()


async def test_recipients_of_sent_mail_become_known(store: Store, clock: FakeClock) -> None:
    account = store.account("mox")
    sent = find_mailbox(account.reader, "Sent")
    assert sent is not None
    await account.write(lambda tx: set_special_use(tx, sent.id, "\\Sent"))
    await file(account, stage(account, [("Sent", letter(1, "To: pat@else.example"), "", T)]), 1)
    known = Identity(IdentityKind.SENT_TO, "pat@else.example")
    assert has_written_to(account.reader, known, since=0)
    await account.write(lambda tx: expunge_all(tx, sent.id))
    assert not has_written_to(account.reader, known, since=0)


async def test_threads_join_staged_mail_and_what_is_there(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    there = await deposit(account, letter(1))
    messages = [
        # The answer stands before what it answers.
        ("Inbox", letter(5, "References: <4@mox.example>").replace(b"letter 5", b"Re: letter 4"), "", T + 9),
        ("Inbox", letter(4), "", T),
        ("Other", letter(2, "In-Reply-To: <1@mox.example>").replace(b"letter 2", b"Re: letter 1"), "", T),
        ("Other", letter(6).replace(b"letter 6", b"Re: letter 4"), "", T + 10),
        ("Inbox", letter(7).replace(b"letter 7", b"Re: letter 4"), "", T + 11),
        ("Inbox", letter(4), "\\Seen", T + 20),
    ]
    place = stage(account, messages)
    await file(account, place, len(messages))
    first = place.first_id
    threads: dict[int, int] = dict(account.reader.rows("SELECT id, thread_id FROM message"))
    assert threads == {
        there.id: there.id,
        first: first + 1,
        first + 1: first + 1,
        first + 2: there.id,
        first + 3: first + 3,
        first + 4: first + 1,
        first + 5: first + 1,
    }
    assert check_consistency(account) == []


async def test_copies_share_octets_and_their_identifier(store: Store) -> None:
    account = store.account("mox")
    staging = Staging(begin_staging(account))
    content = staging.write_later(letter(1))
    staged = StagedMessage("Inbox", content, prepare(letter(1)), parse_flags([]), "", T, False)
    id_ = staging.add(staged)
    staging.add_copy(staged, id_)
    staging.write([b"given up"])
    staging.finish()
    await file(account, staging.place, 2)
    assert account.files.path(id_).stat().st_ino == account.files.path(id_ + 1).stat().st_ino
    assert account.reader.rows("SELECT id, email_id FROM message") == [(id_, None), (id_ + 1, id_)]
    assert check_consistency(account) == []


async def test_large_contents_and_many_directories(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    staging = Staging(begin_staging(account))
    octets = letter(1)
    prepared, flags = prepare(octets), parse_flags([])
    content = staging.write([octets[:9], octets[9:]])
    assert content.octets is None
    assert content.size == len(octets)
    id_ = staging.add(StagedMessage("Inbox", content, prepared, flags, "", T, False))
    staged = StagedMessage("Inbox", content, prepared, flags, "", T, False)
    for _ in range(8192):
        staging.add_copy(staged, id_)
    assert staging.counts == {"Inbox": 8193}
    staging.finish()
    await asyncio.wait_for(file(account, staging.place, 8193), 30)
    assert (await deposit(account, letter(2))).id == id_ + 8193
    assert check_consistency(account) == []
