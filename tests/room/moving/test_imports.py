"""Imports from begin to end: all kinds of archives, problems, quota, cancelling, following, leftovers."""

import asyncio
import mailbox
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from mox.config import compile_pattern
from mox.moving import (
    Aborted,
    ArchiveError,
    Count,
    Done,
    Import,
    ImportRequest,
    ImportRunningError,
    Imports,
    ImportState,
    ImportUnknownError,
    Phase,
    Problem,
    SourceKind,
    Step,
    stage_in_thread,
)
from mox.moving.job import Job, Told
from mox.store import (
    Account,
    JunkFlagRules,
    Quota,
    Store,
    check_consistency,
    find_mailbox,
    list_mailboxes,
    list_messages,
    read_message,
    set_special_use,
)
from moxkit.testing import FakeClock
from room.deposits import Deposit
from room.moving.archives import WAYS, letter, make_archive, mbox_of

NOW = 1_600_000_000


@pytest.fixture
async def imports(store: Store, clock: FakeClock) -> AsyncIterator[Imports]:
    imports = Imports(store=store, clock=clock, stager=stage_in_thread)
    yield imports
    await imports.close()


async def end(begun: Import) -> ImportState:
    async with asyncio.timeout(60):
        state = begun.state
        while not state.is_over:
            state = await begun.wait(state.version)
    return state


async def bring(imports: Imports, source: Path, **options: object) -> ImportState:
    return await end(imports.begin(ImportRequest("mox", source, **options)))  # type: ignore[arg-type]  # a test's own


def contents(account: Account) -> list[tuple[str, str, int, bytes]]:
    """Return mailbox, flags, time and octets of all messages, in the order in which they came."""
    found = []
    for shown in reversed(list(list_messages(account.reader))):
        message = read_message(account, shown.id)
        assert message is not None
        found.append((shown.mailbox, shown.flags, shown.received_at, message[1]))
    return found


def crlf(octets: bytes) -> bytes:
    return octets.replace(b"\n", b"\r\n")


FILES: dict[str, bytes | None] = {
    "Work/cur/1500000001.a.b:2,S": letter(1),
    "Work/new/1500000002.a.b": letter(2),
    "Work/tmp": None,
    "Empty/cur": None,
    "Lists/python.mbox": mbox_of([letter(3, "Status: RO", "X-Status: A", "X-Keywords: Fun"), letter(4)]),
    "Work/cur/1500000003.a.b:2,Fab": letter(5),
    "Work/dovecot-keywords": b"0 $Forwarded\n1 home\n",
    "notes.txt": b"x",
    "one.eml": letter(6, "Date: Mon, 02 Jan 2006 15:04:05 +0000"),
}


@pytest.mark.parametrize("way", WAYS)
async def test_all_kinds_of_archives(imports: Imports, store: Store, tmp_path: Path, way: str) -> None:
    source = make_archive(tmp_path / "x", FILES, way)
    state = await bring(imports, source)
    assert state.phase is Phase.DONE
    assert state.problems == ("unrecognized file notes.txt (skipping)",)
    account = store.account("mox")
    assert sorted(contents(account)) == sorted(
        [
            ("Work", "\\Seen", 1500000001, crlf(letter(1))),
            ("Work", "", 1500000002, crlf(letter(2))),
            (
                "Lists/python",
                "\\Seen \\Answered fun",
                1136214245,
                crlf(letter(3, "Status: RO", "X-Status: A", "X-Keywords: Fun")),
            ),
            ("Lists/python", "", 1136214245, crlf(letter(4))),
            ("Work", "\\Flagged $Forwarded home", 1500000003, crlf(letter(5))),
            ("Inbox", "", 1136214245, crlf(letter(6, "Date: Mon, 02 Jan 2006 15:04:05 +0000"))),
        ]
    )
    assert state.counts == {"Work": 3, "Empty": 0, "Lists/python": 2, "Inbox": 1}
    assert find_mailbox(account.reader, "Empty") is not None
    assert check_consistency(account) == []
    assert not (account.files.root.parent / "import").exists()


async def test_one_maildir_or_one_mbox_file_of_the_command_line(
    imports: Imports, store: Store, tmp_path: Path
) -> None:
    source = make_archive(
        tmp_path / "m",
        {
            "cur/1500000001.a.b:2,Sa": letter(1),
            "new/odd": letter(2),
            ".Sub/cur/1": letter(3),
            "dovecot-keywords": b"0 x\n",
        },
        "directory",
    )
    os.utime(source / "new" / "odd", (1_400_000_000, 1_400_000_000))
    state = await bring(imports, source, kind=SourceKind.MAILDIR, mailbox="inbox/Old")
    assert state.counts == {"Inbox/Old": 2}
    (tmp_path / "box").write_bytes(mbox_of([letter(4)]))
    state = await bring(imports, tmp_path / "box", kind=SourceKind.MBOX, mailbox="B")
    assert state.counts == {"B": 1}
    assert [row[:3] for row in contents(store.account("mox"))] == [
        ("Inbox/Old", "", 1_400_000_000),
        ("Inbox/Old", "\\Seen x", 1500000001),
        ("B", "", 1136214245),
    ]
    for kind, wrong in ((SourceKind.MAILDIR, tmp_path), (SourceKind.MBOX, tmp_path)):
        assert (await bring(imports, wrong, kind=kind, mailbox="B")).phase is Phase.ABORTED
    with pytest.raises(ArchiveError, match="named"):
        imports.begin(ImportRequest("mox", source, kind=SourceKind.MAILDIR, mailbox="a//b"))


async def test_python_s_mailbox_module_writes_what_we_read(
    imports: Imports, store: Store, tmp_path: Path
) -> None:
    root = mailbox.Maildir(tmp_path / "Maildir")
    message = mailbox.MaildirMessage(letter(1))
    message.set_flags("RS")
    message.set_subdir("cur")
    root.add(message)
    folder = root.add_folder("Sent.2020")
    folder.add(mailbox.MaildirMessage(letter(2)))
    state = await bring(imports, tmp_path / "Maildir")
    assert state.problems == ()
    found = [row[:2] for row in contents(store.account("mox"))]
    assert found == [("Sent/2020", ""), ("Inbox", "\\Seen \\Answered")]


async def test_takeout_s_labels_are_mailboxes(imports: Imports, store: Store, tmp_path: Path) -> None:
    account = store.account("mox")
    sent = find_mailbox(account.reader, "Sent")
    assert sent is not None
    await account.write(lambda tx: set_special_use(tx, sent.id, "\\Sent"))
    source = make_archive(
        tmp_path / "x",
        {
            "Takeout/Mail/All mail Including Spam and Trash.mbox": mbox_of(
                [
                    letter(1, "X-Gmail-Labels: Inbox,Work,Unread"),
                    letter(2, "X-Gmail-Labels: Sent,Starred,Opened"),
                    letter(3, "X-Gmail-Labels: ../x,#y"),
                    letter(4),
                ],
                "Mon Jan 02 15:04:05 +0000 2006",
            ),
            "Takeout/archive_browser.html": b"<html>",
        },
        "zip",
    )
    state = await bring(imports, source)
    all_mail = "Takeout/Mail/All mail Including Spam and Trash"
    assert [row[:3] for row in contents(account)] == [
        ("Inbox", "", 1136214245),
        ("Work", "", 1136214245),
        ("Sent", "\\Seen \\Flagged", 1136214245),
        (all_mail, "\\Seen", 1136214245),
        (all_mail, "", 1136214245),
    ]
    assert len(state.problems) == 3
    assert check_consistency(account) == []


async def test_mailboxes_say_what_is_junk(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> None:
    rules = JunkFlagRules(junk=compile_pattern("^spam"), neutral=compile_pattern("^inbox"))
    store = Store(directory=tmp_path / "data", clock=clock, pool=pool, junk_flag_rules=lambda _: rules)
    imports = Imports(store=store, clock=clock, stager=stage_in_thread)
    files = {
        "Spam/cur/1.a.b": letter(1),
        "Work/cur/1.a.b": letter(2),
        "inbox.mbox": mbox_of([letter(3, "X-Keywords: junk")]),
    }
    await bring(imports, make_archive(tmp_path / "x", files, "tar"))
    assert [row[:2] for row in contents(store.account("mox"))] == [
        ("Spam", "$Junk"),
        ("Work", "$NotJunk"),
        ("Inbox", ""),
    ]
    await imports.close()
    await store.close()


async def test_messages_that_are_there_can_be_left_out(
    imports: Imports, store: Store, deposit: Deposit, tmp_path: Path
) -> None:
    account = store.account("mox")
    await deposit(account, crlf(letter(1)), "Elsewhere")
    await deposit(account, b"x: of no id\r\n\r\n")
    await deposit(account, crlf(letter(5)), prefix=b"Received: x\r\n")
    files = {
        "a.mbox": mbox_of([letter(1), letter(1, body="other\n"), b"x: of no id\n\n"]),
        "b.mbox": mbox_of([letter(1, "Status: R"), letter(2), letter(2), b"Received: x\n" + letter(5)]),
        "c.mbox": mbox_of([letter(2)]),
    }
    state = await bring(imports, make_archive(tmp_path / "x", files, "tar"), skip_present=True)
    assert (state.phase, state.skipped) == (Phase.DONE, 5)
    assert state.counts == {"a": 1, "b": 1, "c": 1}
    state = await bring(imports, tmp_path / "x", skip_present=True)
    assert (state.messages, state.skipped) == (0, 8)
    # Without the option everything comes again.
    assert (await bring(imports, tmp_path / "x")).messages == 8


async def test_prefixes(imports: Imports, tmp_path: Path) -> None:
    source = make_archive(
        tmp_path / "x", {"me/Maildir/cur/1.a.b": letter(1), "me/Maildir/.Sent/cur/1.a.b": letter(2)}, "tgz"
    )
    state = await bring(imports, source, skip_prefix="me/Maildir", mailbox="Old")
    assert state.counts == {"Old/Inbox": 1, "Old/Sent": 1}


BROKEN = [
    ({"../x.mbox": mbox_of([letter(1)])}, "no mailbox can be named '../x'"),
    ({"good.mbox": mbox_of([letter(1)]), "x.mbox": b"hello\n"}, "x.mbox: line 1 does not begin with From"),
    ({"a/#b/cur/1": letter(1), "#c/cur/1": b""}, "namespaces"),
]


@pytest.mark.parametrize(("files", "reason"), BROKEN)
async def test_what_aborts_changes_nothing(
    imports: Imports,
    store: Store,
    deposit: Deposit,
    tmp_path: Path,
    files: dict[str, bytes | None],
    reason: str,
    files_below: Callable[[Path], list[str]],
) -> None:
    account = store.account("mox")
    await deposit(account, crlf(letter(9)))

    def look() -> object:
        return list_mailboxes(account.reader), contents(account), files_below(account.files.root)

    before = look()
    state = await bring(imports, make_archive(tmp_path / "x", files, "tar"))
    assert state.phase is Phase.ABORTED
    assert reason in state.reason
    assert state.problems[-1] == f"{state.reason} (aborting)"
    assert look() == before


async def test_what_is_passed_over_is_told(imports: Imports, store: Store, tmp_path: Path) -> None:
    files: dict[str, bytes | None] = {
        ".mbox": mbox_of([letter(1)]),
        "a/cur/1.a.b:2,ab": letter(2),
        "a/dovecot-keywords": b"0 $Junk\nx\n",
        "b/cur/1.a.b:2,c": letter(3),
        "c.mbox": mbox_of([letter(4, "X-Keywords: a(b)")]),
    }
    state = await bring(imports, make_archive(tmp_path / "x", files, "tar"))
    assert state.phase is Phase.DONE
    assert state.problems == (
        ".mbox: no name of a mailbox (skipping)",
        "a/dovecot-keywords: line 2 is not a number and a keyword (continuing)",
        "c.mbox:1: keywords that cannot be kept: a(b) (continuing)",
        "a: unspecified dovecot message flag 'b' (continuing)",
        "b: there is no dovecot-keywords to explain its keywords (continuing)",
    )
    assert state.messages == 3


async def test_quota_is_told_early(tmp_path: Path, clock: FakeClock, pool: ThreadPoolExecutor) -> None:
    quota = Quota(octets=500)
    store = Store(directory=tmp_path / "data", clock=clock, pool=pool, quota=lambda _: quota)
    imports = Imports(store=store, clock=clock, stager=stage_in_thread)
    source = make_archive(tmp_path / "x", {"a.mbox": mbox_of(letter(n) for n in range(20))}, "tar")
    assert (await bring(imports, source)).reason == "account over maximum total size"
    quota = Quota(messages=3)
    assert (await bring(imports, source)).reason == "account over maximum number of messages"
    quota = Quota(mailboxes=6)
    assert (await bring(imports, source)).reason == "1 mailboxes wanted, 0 free"
    assert contents(store.account("mox")) == []
    await imports.close()
    await store.close()


async def test_a_disk_that_is_nearly_full_ends_it(
    imports: Imports, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_archive(tmp_path / "x", FILES, "zip")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=200 << 20))
    state = await bring(imports, source)
    assert state.phase is Phase.ABORTED
    assert state.reason == (
        "the server's disk is nearly full: 200 MiB are free, and 256 MiB are kept for mail that arrives"
    )
    assert contents(store.account("mox")) == []
    assert not (store.account("mox").files.root.parent / "import").exists()


async def test_everybody_who_follows_is_told_all(imports: Imports, tmp_path: Path) -> None:
    source = make_archive(tmp_path / "x", {"a.mbox": mbox_of(letter(n) for n in range(250)), "x": b""}, "tar")
    begun = imports.begin(ImportRequest("mox", source))
    during = [event async for event in begun.follow()]
    after = [event async for event in begun.follow()]
    for events in (during, after):
        assert [each for each in events if isinstance(each, Count)][-1] == Count("a", 250)
        assert Problem("unrecognized file x (skipping)") in events
        assert events[-1] == Done(250, 0)
    assert Step("matching messages with threads") in during
    assert imports.find(begun.token) is begun


async def test_one_at_a_time_for_an_account_and_forgotten_later(
    imports: Imports, clock: FakeClock, tmp_path: Path
) -> None:
    source = make_archive(tmp_path / "x", {"a.mbox": mbox_of([letter(1)])}, "tar")
    begun = imports.begin(ImportRequest("mox", source))
    with pytest.raises(ImportRunningError):
        imports.begin(ImportRequest("mox", source))
    other = imports.begin(ImportRequest("other", source))
    await end(other)
    await end(begun)
    assert not begun.cancel()
    await clock.advance(59)
    assert imports.find(begun.token) is begun
    await clock.advance(2)
    with pytest.raises(ImportUnknownError):
        imports.find(begun.token)


class Held:
    """Stages when it is let, so that something can happen before."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def __call__(self, job: Job, tell: Callable[[Told], None]) -> None:
        await self.go.wait()
        await stage_in_thread(job, tell)


async def test_cancelled_while_it_reads(store: Store, clock: FakeClock, tmp_path: Path) -> None:
    imports = Imports(store=store, clock=clock, stager=Held())
    source = make_archive(tmp_path / "x", {"a.mbox": mbox_of([letter(1)])}, "tar")
    begun = imports.begin(ImportRequest("mox", source, removes_source=True))
    await asyncio.sleep(0)
    assert begun.cancel()
    events = [event async for event in begun.follow()]
    assert events == [Aborted("cancelled")]
    assert not source.exists()
    assert contents(store.account("mox")) == []
    assert not (store.account("mox").files.root.parent / "import").exists()
    await imports.close()


async def test_deliveries_go_on_meanwhile(
    store: Store, clock: FakeClock, deposit: Deposit, tmp_path: Path
) -> None:
    held = Held()
    imports = Imports(store=store, clock=clock, stager=held)
    source = make_archive(tmp_path / "x", {"Inbox/cur/1.a.b": letter(1)}, "tar")
    begun = imports.begin(ImportRequest("mox", source))
    await asyncio.sleep(0)
    account = store.account("mox")
    await deposit(account, crlf(letter(2)))
    held.go.set()
    assert (await end(begun)).phase is Phase.DONE
    await deposit(account, crlf(letter(3)))
    assert [octets for *_, octets in contents(account)] == [crlf(letter(n)) for n in (2, 1, 3)]
    assert check_consistency(account) == []
    await imports.close()


async def test_the_end_of_the_server_is_the_end_of_imports(
    store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    imports = Imports(store=store, clock=clock, stager=Held())
    begun = imports.begin(ImportRequest("mox", make_archive(tmp_path / "x", {"a.mbox": b""}, "tar")))
    await asyncio.sleep(0)
    await imports.close()
    assert begun.state.phase is Phase.ABORTED
    assert begun.state.reason == "the server is stopping"


async def test_what_a_killed_server_left_is_removed(imports: Imports, store: Store, tmp_path: Path) -> None:
    (store.account("mox").files.root.parent / "import").mkdir()
    (tmp_path / "data" / "accounts" / "un:known" / "import").mkdir(parents=True)
    await imports.discard_left()
    assert not (store.account("mox").files.root.parent / "import").exists()


async def test_a_stager_that_crashes(store: Store, clock: FakeClock, tmp_path: Path) -> None:
    async def crash(_job: Job, _tell: Callable[[Told], None]) -> None:
        raise ZeroDivisionError

    async def stop_early(_job: Job, _tell: Callable[[Told], None]) -> None:
        pass

    source = make_archive(tmp_path / "x", {"a.mbox": b""}, "tar")
    for stager, reason in ((crash, "internal error"), (stop_early, "ended early")):
        imports = Imports(store=store, clock=clock, stager=stager)
        state = await bring(imports, source)
        assert state.phase is Phase.ABORTED
        assert reason in state.reason
        await imports.close()


async def test_in_a_process_of_its_own(store: Store, clock: FakeClock, tmp_path: Path) -> None:
    imports = Imports(store=store, clock=clock)
    source = make_archive(tmp_path / "x", FILES, "tar.zst")
    assert (await bring(imports, source)).messages == 6
    assert check_consistency(store.account("mox")) == []
    for way in ("cancel", "kill"):
        big = tmp_path / "big.mbox"
        big.write_bytes(mbox_of(letter(n, body="x" * 500 + "\n") for n in range(40_000)))
        begun = imports.begin(ImportRequest("mox", big))
        state = begun.state
        while not state.counts:
            state = await asyncio.wait_for(begun.wait(state.version), 30)
        if way == "cancel":
            assert begun.cancel()
        else:
            kill_stagers()
        state = await end(begun)
        assert state.phase is Phase.ABORTED
        assert way == "cancel" or "exit status -9" in state.reason
        assert len(contents(store.account("mox"))) == 6
        assert not (store.account("mox").files.root.parent / "import").exists()
    await imports.close()


def kill_stagers() -> None:
    me = os.getpid()
    for child in Path(f"/proc/{me}/task/{me}/children").read_text().split():
        if b"mox.moving" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(int(child), signal.SIGKILL)
