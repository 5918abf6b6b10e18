"""Export, import, export: the same messages, flags, keywords, dates and mailboxes, in every form."""

import asyncio
import io
import mailbox
import tarfile
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from mox.moving import (
    Exporter,
    ExportFormat,
    ExportRequest,
    ImportRequest,
    Imports,
    Packing,
    Phase,
    export_name,
    pack,
    stage_in_thread,
    write_directory,
)
from mox.moving.zipwriting import ZipWriter
from mox.store import Account, MailboxUnknownError, Store, ensure_mailbox, list_mailboxes
from moxkit.imap import MailboxNameError, check_mailbox_name
from moxkit.testing import FakeClock
from room.deposits import Deposit, depositor
from room.moving.test_imports import contents, end

NOW = 1_600_000_000

Message = tuple[str, bytes, str, int]


def directory_of(account: Account) -> Path:
    return account.files.root.parent


def export(account: Account, packing: Packing, request: ExportRequest) -> bytes:
    with closing(Exporter(account=directory_of(account), request=request, now=NOW)) as exporter:
        return b"".join(pack(exporter.files(), packing))


def is_name(name: str) -> bool:
    try:
        return check_mailbox_name(name) == name
    except MailboxNameError:
        return False


LEVELS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=8)
NAMES = st.one_of(
    st.sampled_from(
        [
            "Inbox",
            "Inbox/cur",
            "cur",
            "new/tmp",
            "a.mbox",
            ".Sent.2020",
            "a/.b",
            "._x",
            "R&D",
            ".R&D",
            "subscriptions",
        ]
    ),
    LEVELS,
).filter(is_name)
LINES = st.lists(
    st.sampled_from(
        ["hello", "From here", ">From there", ">>From", "", "From", " From x", "x\ry", "ünï", "."]
    ),
    max_size=8,
)
FIELDS = st.lists(
    st.sampled_from(
        [
            "Subject: x",
            "X-Long: a\r\n b",
            "From: me@mox.example",
            "Date: Mon, 02 Jan 2006 15:04:05 +0000",
            "X: ü",
        ]
    ),
    max_size=4,
)
OCTETS = st.builds(
    lambda fields, lines: "".join(f"{line}\r\n" for line in (*fields, "", *lines)).encode(), FIELDS, LINES
)
# Both say nothing in mbox files.
FLAGS = st.lists(
    st.sampled_from(
        [
            "\\Seen",
            "\\Answered",
            "\\Flagged",
            "\\Deleted",
            "\\Draft",
            "$Forwarded",
            "$Junk",
            "$MDNSent",
            "work",
            "$x/y",
        ]
    ),
    unique=True,
)
MESSAGES = st.lists(st.tuples(NAMES, OCTETS, FLAGS.map(" ".join), st.integers(1, 4_000_000_000)), max_size=8)


async def move(
    directory: Path, messages: list[Message], names: list[str], request: ExportRequest, packing: Packing
) -> None:
    with ThreadPoolExecutor(4) as pool:
        clock = FakeClock()
        store = Store(directory=directory, clock=clock, pool=pool)
        first, second = store.account("first"), store.account("second")
        for name in names:
            await first.write(lambda tx, name=name: ensure_mailbox(tx, name))  # type: ignore[misc]  # bound now
        for mailbox_, octets, flags, received_at in messages:
            await depositor(store)(first, octets, mailbox_, flags, received_at=received_at)
        once = export(first, packing, request)
        (directory / "x").write_bytes(once)
        imports = Imports(store=store, clock=clock, stager=stage_in_thread)
        state = await end(imports.begin(ImportRequest("second", directory / "x")))
        assert state.phase is Phase.DONE, state
        assert [each for each in state.problems if "malformed" not in each and "continuing" not in each] == []
        if request.format is ExportFormat.MAILDIR:
            assert sorted(contents(second)) == sorted(contents(first))
        else:
            assert sorted(row[:3] for row in contents(second)) == sorted(row[:3] for row in contents(first))
        assert [box.name for box in list_mailboxes(second.reader)] == [
            box.name for box in list_mailboxes(first.reader)
        ]
        twice = export(second, packing, request)
        assert unpacked(twice, packing) == unpacked(once, packing)
        await imports.close()
        await store.close()


def unpacked(octets: bytes, packing: Packing) -> list[tuple[str, bytes]]:
    """Return names and octets; of names, not the numbers that messages have in one account."""
    if packing is Packing.ZIP:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            assert archive.testzip() is None
            found = [(name, archive.read(name)) for name in archive.namelist()]
    else:
        with tarfile.open(fileobj=io.BytesIO(octets)) as tar:
            found = [(m.name, (tar.extractfile(m) or io.BytesIO()).read()) for m in tar]
    return [(without_number(name), content) for name, content in found]


def without_number(name: str) -> str:
    head, dot, tail = name.rpartition(".mox:2,")
    return f"{head.rpartition('.')[0]}{dot}{tail}"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(MESSAGES, st.lists(NAMES, max_size=3), st.sampled_from(ExportFormat), st.sampled_from(Packing))
@example([("Inbox", b"\r\n", "", 1), ("Inbox", b"", "", 2)], [], ExportFormat.MAILDIR, Packing.TAR)
@example([("Inbox", b"\r\n", "", 1), ("Inbox", b"", "", 2)], [], ExportFormat.MBOX, Packing.TAR)
def test_a_round_trip_changes_nothing(
    messages: list[Message], names: list[str], form: ExportFormat, packing: Packing
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(move(Path(directory), messages, names, ExportRequest(form), packing))


@pytest.mark.parametrize("form", ExportFormat)
@pytest.mark.parametrize("packing", Packing)
async def test_large_messages(
    store: Store, deposit: Deposit, tmp_path: Path, form: ExportFormat, packing: Packing
) -> None:
    account = store.account("mox")
    large = b"Subject: x\r\n\r\n" + b"From line\r\n" * 300_000
    line = b"Subject: y\r\n\r\n" + b"From " + b"z" * 2_500_000 + b"\r\nFrom x\r\n"
    for octets in (large, line):
        await deposit(account, octets, "Big")
    (tmp_path / "x").write_bytes(export(account, packing, ExportRequest(form)))
    imports = Imports(store=store, clock=FakeClock(), stager=stage_in_thread)
    assert (await end(imports.begin(ImportRequest("other", tmp_path / "x")))).messages == 2
    assert [row[3] for row in contents(store.account("other"))] == [large, line]
    await imports.close()


async def test_one_mailbox_with_and_without_those_below(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    for name in ("Work", "Work/a", "Work/a/b", "Workshop"):
        await deposit(account, b"x: y\r\n\r\n", name)

    def names(request: ExportRequest) -> list[str]:
        return [name for name, _ in unpacked(export(account, Packing.TAR, request), Packing.TAR)]

    mbox = ExportFormat.MBOX
    assert names(ExportRequest(mbox, "Work/a")) == ["a.mbox"]
    assert names(ExportRequest(mbox, "Work", is_recursive=True)) == [
        "Work.mbox",
        "Work/a.mbox",
        "Work/a/b.mbox",
    ]
    assert names(ExportRequest(mbox, message_ids=(1, 3, 99))) == ["Export.mbox"]
    with pytest.raises(MailboxUnknownError):
        export(account, Packing.TAR, ExportRequest(mbox, "Nowhere"))


def test_names_of_exports() -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    form = ExportFormat.MBOX
    for request, name in (
        (ExportRequest(form), "mailexport-all-20260102-030405.mbox.tgz"),
        (ExportRequest(form, "a/b"), "mailexport-a-b-20260102-030405.mbox.tgz"),
        (ExportRequest(form, message_ids=(1, 2)), "mailexport-selection-20260102-030405.mbox.tgz"),
        (ExportRequest(form, message_ids=(1,)), "mailexport-20260102-030405.mbox.tgz"),
    ):
        assert export_name(request, ".tgz", now) == name


async def test_what_mbox_files_say(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    octets = b"Status: O\r\nSubject: x\r\nContent-Length: 5\r\n\r\nStatus: here\r\nFrom a\r\n>From b\r\n\r\n"
    await deposit(
        account, octets, flags="\\Seen \\Answered \\Draft $Junk $NotJunk $Forwarded fun", received_at=NOW
    )
    [(_, content)] = unpacked(
        export(account, Packing.ZIP, ExportRequest(ExportFormat.MBOX, "Inbox")), Packing.ZIP
    )
    assert content == (
        b"From mox Sun Sep 13 12:26:40 2020\nStatus: R\nX-Status: AT\nX-Keywords: $Forwarded,fun\n"
        b"Subject: x\n\nStatus: here\n>From a\n>>From b\n\n\n"
    )


async def test_what_maildirs_say(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    await deposit(account, b"x: y\r\n\r\n", flags="\\Seen \\Answered \\Draft fun $Junk", received_at=NOW)
    await deposit(account, b"x: y\r\n\r\n", flags="\\Flagged fun $Forwarded", received_at=NOW)
    found = unpacked(export(account, Packing.TAR, ExportRequest(ExportFormat.MAILDIR, "Inbox")), Packing.TAR)
    assert found == [
        ("Inbox/new", b""),
        ("Inbox/cur", b""),
        ("Inbox/tmp", b""),
        (f"Inbox/cur/{NOW}.mox:2,DRSab", b"x: y\n\n"),
        (f"Inbox/new/{NOW}.mox:2,Fbc", b"x: y\n\n"),
        ("Inbox/dovecot-keywords", b"0 $Junk\n1 fun\n2 $Forwarded\n"),
    ]


async def test_messages_that_cannot_be_read_are_named(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    gone, short, _ = [await deposit(account, b"x: y\r\n\r\n%d\r\n" % n) for n in range(3)]
    account.files.remove(gone.id)
    account.files.path(short.id).write_bytes(b"x: y\r\n\r\n")
    found = dict(unpacked(export(account, Packing.TAR, ExportRequest(ExportFormat.MBOX)), Packing.TAR))
    assert found["Inbox.mbox"].count(b"From mox") == 2
    assert found["errors.txt"].decode().splitlines() == [
        f"message {gone.id} cannot be read: No such file or directory",
        f"message {short.id}: its file is not as large as it should be",
    ]


async def test_more_keywords_than_letters(store: Store, deposit: Deposit) -> None:
    account = store.account("mox")
    await deposit(account, b"x: y\r\n\r\n", flags=" ".join(f"k{n:02}" for n in range(28)))
    found = dict(unpacked(export(account, Packing.TAR, ExportRequest(ExportFormat.MAILDIR)), Packing.TAR))
    assert found["errors.txt"] == b"Inbox: keywords for which there is no letter: k26, k27\n"


async def test_python_reads_what_we_write(store: Store, deposit: Deposit, tmp_path: Path) -> None:
    account = store.account("mox")
    octets = b"Subject: x\r\n\r\nFrom here\r\n"
    await deposit(account, octets, flags="\\Seen \\Flagged")
    for form in ExportFormat:
        with closing(
            Exporter(account=directory_of(account), request=ExportRequest(form), now=NOW)
        ) as exporter:
            write_directory(exporter.files(), tmp_path / form)
            assert exporter.done == exporter.total == 1
    [kept] = mailbox.Maildir(tmp_path / "maildir" / "Inbox")
    assert kept.get_flags() == "FS"
    assert kept.as_bytes() == octets.replace(b"\r\n", b"\n")
    box = mailbox.mbox(tmp_path / "mbox" / "Inbox.mbox")
    [(_, message)] = box.items()
    assert message.get_flags() == "RF"
    box.close()
    # Nothing is overwritten.
    with (
        closing(
            Exporter(account=directory_of(account), request=ExportRequest(ExportFormat.MBOX), now=NOW)
        ) as exporter,
        pytest.raises(FileExistsError),
    ):
        write_directory(exporter.files(), tmp_path / "mbox")


def test_zip_files_with_many_entries_and_large_ones(tmp_path: Path) -> None:
    with closing(ZipWriter()) as writer, (tmp_path / "x.zip").open("wb") as file:
        for n in range(66_000):
            file.writelines(writer.small(f"{n}", NOW, b""))
        file.writelines(writer.large("large", NOW, (bytes([n]) * 1000 for n in range(200))))
        file.writelines(writer.directory("ü", NOW))
        file.writelines(writer.end())
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert len(archive.namelist()) == 66_002
        assert archive.namelist()[-1] == "ü/"
        assert len(archive.read("large")) == 200_000
