"""Moving in and out on the account page, in Chromium: progress, reload, lost lines, aborting, export."""

import contextlib
import os
import random
import re
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from endtoend.brittleline import BrittleLine, brittle_line
from endtoend.localserve import Localserve
from endtoend.pages import AccountPage, account_page, chromium
from endtoend.workers import children_of
from room.moving.archives import letter, make_archive, mbox_of

pytestmark = pytest.mark.endtoend

_MESSAGES = 6000


@pytest.fixture(scope="module")
def browser(program: Callable[[str, str], str]) -> Iterator[Browser]:
    program("chromium", "chromium")
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that takes some seconds, with some files that are no mail."""
    dice = random.Random(7)
    files: dict[str, bytes | None] = {
        f"Maildir/Box{number * 4 // _MESSAGES}/cur/{1_000_000_000 + number}.a.b:2,S": letter(
            number, body=f"{dice.randbytes(600).hex()}\n"
        )
        for number in range(_MESSAGES)
    }
    files = {"Maildir/first/thumbs.db": b"x", **files, "Maildir/last/notes.txt": b"x"}
    return make_archive(tmp_path_factory.mktemp("archive") / "backup.tgz", files, "tgz")


@pytest.fixture
def desk(browser: Browser, server: Localserve) -> Iterator[AccountPage]:
    with account_page(browser, server) as page:
        page.sign_in().page.get_by_role("heading", name="Overview").wait_for()
        page.go("import", "Import and export")
        yield page


def begin(page: Page, file: Path, prefix: str = "Maildir") -> None:
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_label("Leave out of names").fill(prefix)
    page.get_by_role("button", name="Upload and import").click()


def begin_below(page: Page, file: Path, mailbox: str) -> None:
    page.get_by_label("Put it below").fill(mailbox)
    begin(page, file)


@contextlib.contextmanager
def held(server: Localserve) -> Iterator[None]:
    """Hold the process that reads the archive."""
    pid = _reader_of(server)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _reader_of(server: Localserve) -> int:
    assert server.process is not None
    end = time.monotonic() + 20
    while True:
        servers = (server.process.pid, *children_of(server.process.pid))
        found = subprocess.run(
            ["pgrep", "-P", ",".join(map(str, servers)), "-f", "mox.moving"],
            capture_output=True,
            text=True,
            check=False,
        )
        if found.stdout:
            return int(found.stdout.split()[0])
        assert time.monotonic() < end, "nothing reads an archive"
        time.sleep(0.005)


def mailboxes(server: Localserve) -> set[str]:
    client = server.imap_client()
    found = {bytes(line).decode().rpartition(" ")[2].strip('"') for line in client.list()[1]}  # type: ignore[arg-type]  # it is bytes
    client.logout()
    return found


def test_all_of_it_is_shown_until_the_end(desk: AccountPage, server: Localserve, archive: Path) -> None:
    page = desk.page
    begin(page, archive)
    with held(server):
        expect(page.get_by_text("running", exact=True)).to_be_visible()
        expect(page.get_by_text("Reading messages")).to_be_visible()
        expect(page.get_by_role("button", name="Upload and import")).to_be_disabled()
        desk.check_accessible()
    # What can be known is known from the title and the navigation, on every page.
    expect(page).to_have_title(re.compile(r"^\d+ % . Import . mox$"))
    expect(page.locator(".nav .n")).to_have_text(re.compile(r"^(\d+ %|…)$"))
    expect(page.get_by_text("messages imported")).to_have_text(
        re.compile(r"^6.000 messages imported$"), timeout=60_000
    )
    expect(page.locator(".counts li")).to_have_count(4)
    expect(page.locator(".counts b").first).to_have_text(re.compile(r"^1.500$"))
    page.get_by_text("2 problems").click()
    expect(page.get_by_text("unrecognized file Maildir/first/thumbs.db (skipping)")).to_be_visible()
    expect(page.get_by_text("It can be searched, and the junk filter has learned")).to_be_visible(
        timeout=60_000
    )
    desk.check_accessible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_text("messages imported")).to_have_count(0)
    assert page.evaluate("sessionStorage.getItem('ImportToken')") is None
    desk.go("overview", "Overview")
    expect(page.get_by_text(re.compile(r"\d.\d{3} messages, no limit"))).to_be_visible()


def test_a_reload_a_lost_line_and_another_browser_see_the_same(
    browser: Browser, server: Localserve, archive: Path
) -> None:
    with brittle_line(server.http) as line, account_page(browser, server, port=line.port) as desk:
        desk.sign_in().page.get_by_role("heading", name="Overview").wait_for()
        look_from_everywhere(browser, desk.go("import", "Import and export"), server, archive, line)
    assert "Lost" not in mailboxes(server)


def look_from_everywhere(
    browser: Browser, desk: AccountPage, server: Localserve, archive: Path, line: BrittleLine
) -> None:
    page = desk.page
    begin_below(page, archive, "Lost")
    page.locator(".counts li").first.wait_for()
    with held(server):
        page.reload()
        expect(page.locator(".counts li").first).to_be_visible()
        expect(page.get_by_role("button", name="Upload and import")).to_be_disabled()
        line.cut()
        expect(page.get_by_text("reconnecting", exact=True)).to_be_visible(timeout=30_000)
        line.mend()
        expect(page.get_by_text("running", exact=True)).to_be_visible(timeout=30_000)
        with account_page(browser, server, size="phone") as other:
            other.sign_in()
            expect(other.page.locator(".counts li").first).to_be_visible()
            other.check_accessible()
            other.page.get_by_role("button", name="Abort import").click()
            other.page.get_by_role("dialog").get_by_role("button", name="Abort import").click()
    expect(page.get_by_text("Nothing was imported")).to_be_visible(timeout=30_000)
    desk.check_accessible()
    desk.problems.clear()  # The console tells of the line that was cut.


def test_what_a_stopped_server_gave_up_is_told(desk: AccountPage, server: Localserve, archive: Path) -> None:
    page = desk.page
    begin_below(page, archive, "Given up")
    page.locator(".counts li").first.wait_for()
    server.kill()
    server.start()
    expect(page.get_by_text("The server does not know this import any more.")).to_be_visible(timeout=30_000)
    desk.check_accessible()
    page.reload()
    expect(page.get_by_text("The server does not know this import any more.")).to_be_visible()
    page.get_by_role("button", name="Forget it").click()
    expect(page.get_by_role("button", name="Upload and import")).to_be_enabled()
    desk.problems.clear()  # The console tells of the line that was cut.
    assert "Given up" not in mailboxes(server)


def test_the_upload_shows_how_far_it_is_and_can_be_given_up(
    desk: AccountPage, server: Localserve, archive: Path
) -> None:
    page = desk.page
    line = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 300_000}
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", slow)
    begin_below(page, archive, "Slow")
    expect(page.get_by_text(re.compile(r"^\d+ % uploaded, .+ a second, about \d+ s left$"))).to_be_visible()
    expect(page.get_by_text("Keep this page open until the file is uploaded.")).to_be_visible()
    desk.check_accessible()
    page.get_by_role("button", name="Abort import").click()
    page.get_by_role("dialog").get_by_role("button", name="Abort import").click()
    expect(page.get_by_role("button", name="Upload and import")).to_be_enabled()
    expect(page.get_by_role("button", name="Abort import")).to_have_count(0)
    line.send("Network.emulateNetworkConditions", {**slow, "uploadThroughput": -1})
    until_nothing_is_left(server)


def until_nothing_is_left(server: Localserve) -> None:
    """Wait until the server has noticed that nobody sends any more."""
    end = time.monotonic() + 10
    while left := list((server.directory / "data" / "tmp").glob("upload-*")):
        assert time.monotonic() < end, left
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("name", "octets", "text"),
    [
        ("photo.zip", b"\x89PNG not an archive" * 40, "It is not an archive of mail"),
        ("cut.tgz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "The gzip file is truncated"),
        ("empty.zip", b"", "The file is empty, or none was sent."),
    ],
)
def test_what_is_no_archive_is_told_at_the_field(
    desk: AccountPage, tmp_path: Path, name: str, octets: bytes, text: str
) -> None:
    (tmp_path / name).write_bytes(octets)
    begin(desk.page, tmp_path / name)
    field = desk.page.get_by_label("File", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(desk.page.locator(".error")).to_contain_text(text)
    desk.check_accessible()


def test_a_broken_archive_changes_nothing_and_says_why(
    desk: AccountPage, server: Localserve, archive: Path, tmp_path: Path
) -> None:
    octets = archive.read_bytes()
    (tmp_path / "cut.tgz").write_bytes(octets[: len(octets) // 2])
    begin_below(desk.page, tmp_path / "cut.tgz", "Broken")
    expect(desk.page.get_by_role("alert")).to_have_text(
        "Nothing was imported: the gzip file is truncated.", timeout=30_000
    )
    desk.check_accessible()
    assert "Broken" not in mailboxes(server)


def test_mail_is_taken_along_as_a_file(desk: AccountPage, server: Localserve, tmp_path: Path) -> None:
    page = desk.page
    (tmp_path / "two.mbox").write_bytes(mbox_of([letter(1), letter(2)]))
    begin_below(page, tmp_path / "two.mbox", "Export me")
    expect(page.get_by_text("2 messages imported")).to_be_visible(timeout=30_000)
    desk.go("overview", "Overview").go("import", "Import and export")
    page.get_by_label("Mailbox", exact=True).select_option("Export me/two")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert re.fullmatch(
        r"mailexport-Export me-two-\d{8}-\d{6}\.maildir\.tgz", download.value.suggested_filename
    )
    with tarfile.open(download.value.path()) as found:
        assert len([each for each in found if each.isfile() and "/new/" in each.name]) == 2
    page.get_by_label("With the mailboxes below it").uncheck()
    page.get_by_label("mbox").check()
    page.get_by_label("none").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert download.value.path().read_bytes().count(b"\nSubject: letter ") == 2
    expect(page.get_by_role("heading", name="Take mail along")).to_be_visible()
