"""The account pages in a real Chromium: every flow, desktop and phone, light and dark, and what axe says."""

import gzip
import re
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from endtoend.accountworld import furnish
from endtoend.localserve import PASSWORD, Localserve
from endtoend.pages import AccountPage, Theme, account_page, chromium

pytestmark = pytest.mark.endtoend

_SECTIONS = {
    "overview": "Overview",
    "identity": "Name and addresses",
    "address/mox@localhost": "mox@localhost",
    "devices": "Sign-in and devices",
    "sign-ins": "Sign-ins",
    "filtering": "Filtering",
    "sending": "Sending",
    "import": "Import and export",
    "developers": "Developers",
}
_DIALOGS = ("Make a key", "Add a certificate", "Change password", "New app password", "Sign out everywhere")
_FIRST_LOAD_OCTETS = 150_000


@pytest.fixture(scope="module")
def browser(program: Callable[[str, str], str]) -> Iterator[Browser]:
    program("chromium", "chromium")
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def furnished(server: Localserve) -> Localserve:
    furnish(server)
    return server


@pytest.fixture(params=["desk", "phone"])
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(browser: Browser, furnished: Localserve) -> Iterator[AccountPage]:
    """A browser that is signed in, on a desk, over TLS."""
    with account_page(browser, furnished, is_tls=True) as page:
        page.sign_in().page.get_by_role("heading", name="Overview").wait_for()
        yield page


def toast(page: Page) -> str:
    return page.locator(".toast-text").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_section_and_dialog_is_accessible(
    browser: Browser, furnished: Localserve, size: str, theme: Theme
) -> None:
    with account_page(browser, furnished, size=size, theme=theme, is_tls=True) as page:
        page.check_accessible()
        page.sign_in()
        for section, heading in _SECTIONS.items():
            page.go(section, heading).check_accessible()
        page.go("devices", _SECTIONS["devices"])
        for name in _DIALOGS:
            page.page.get_by_role("button", name=name).click()
            page.page.get_by_role("dialog").wait_for()
            page.check_accessible()
            page.page.keyboard.press("Escape")
            expect(page.page.get_by_role("dialog")).to_have_count(0)
        page.page.get_by_role("button", name=re.compile("Account menu")).click()
        page.check_accessible()
        page.open("nothing")
        page.page.get_by_text("There is no such page.").wait_for()
        page.check_accessible()


def test_signs_in_and_out(browser: Browser, furnished: Localserve, size: str) -> None:
    with account_page(browser, furnished, size=size) as page:
        page.sign_in(password="wrong password")
        expect(page.page.get_by_role("alert")).to_have_text("Wrong password or unknown address.")
        page.sign_in(password=PASSWORD)
        page.page.get_by_role("heading", name="Overview").wait_for()
        page.page.reload()
        page.page.get_by_role("heading", name="Overview").wait_for()
        page.page.get_by_role("button", name=re.compile("Account menu")).click()
        page.page.get_by_role("button", name="Sign out", exact=True).click()
        page.page.get_by_role("heading", name="Sign in").wait_for()
        assert page.page.context.cookies() == []


def test_a_session_that_ended_elsewhere_leads_to_the_way_in(browser: Browser, furnished: Localserve) -> None:
    with account_page(browser, furnished) as page:
        page.sign_in().page.get_by_role("heading", name="Overview").wait_for()
        page.page.context.clear_cookies()
        page.open("sending")
        page.page.get_by_role("heading", name="Sign in").wait_for()


def test_cookie_is_out_of_reach_of_scripts(desk: AccountPage) -> None:
    cookies = {each["name"]: each for each in desk.page.context.cookies()}
    session = cookies["webaccountsession"]
    assert (session["httpOnly"], session["secure"], session["sameSite"]) == (True, True, "Strict")
    assert desk.page.evaluate("document.cookie") == ""


def test_everything_can_be_done_by_keyboard(browser: Browser, furnished: Localserve) -> None:
    with account_page(browser, furnished) as page:
        keyboard = page.page.keyboard
        # A browser focuses what asks for it when it draws the next frame, not when it is there.
        expect(page.page.get_by_label("Email address")).to_be_focused()
        keyboard.type("mox@localhost")
        keyboard.press("Tab")
        keyboard.type(PASSWORD)
        keyboard.press("Enter")
        page.page.get_by_role("heading", name="Overview").wait_for()
        page.page.evaluate("document.body.focus()")
        keyboard.press("Tab")
        expect(page.page.get_by_role("link", name="Skip to content")).to_be_focused()
        for _ in range(3):
            keyboard.press("Tab")
        expect(page.page.get_by_role("link", name="Sign-in and devices").first).to_be_focused()
        keyboard.press("Enter")
        page.page.get_by_role("heading", level=1, name="Sign-in and devices").wait_for()
        # Reading goes on at the beginning of the new section.
        expect(page.page.locator("#main")).to_be_focused()
        # A dialog keeps the focus, and gives it back.
        button = page.page.get_by_role("button", name="Make a key")
        expect(button).to_be_enabled()
        button.focus()
        keyboard.press("Enter")
        expect(page.page.get_by_label("Name", exact=True)).to_be_focused()
        keyboard.press("Escape")
        expect(button).to_be_focused()


def test_changes_the_name_with_undo(desk: AccountPage) -> None:
    desk.go("identity", "Name and addresses")
    field = desk.page.get_by_label("Full name")
    expect(desk.page.get_by_role("button", name="Save")).to_have_count(0)
    field.fill("Mo Xavier")
    desk.page.get_by_role("button", name="Save").click()
    assert toast(desk.page) == "Name changed"
    desk.page.get_by_role("button", name="Undo").click()
    expect(field).to_have_value("")
    desk.page.reload()
    expect(desk.page.get_by_label("Full name")).to_have_value("")


def test_adds_and_removes_a_suppressed_address(desk: AccountPage) -> None:
    desk.go("sending", "Sending")
    desk.page.get_by_label("Address").fill("no address")
    desk.page.get_by_role("button", name="Add address").click()
    expect(desk.page.get_by_label("Address")).to_be_focused()
    expect(desk.page.get_by_text("That is not an address")).to_be_visible()
    desk.page.get_by_label("Address").fill("noisy@else.example")
    desk.page.get_by_label("Reason").fill("too much")
    desk.page.get_by_role("button", name="Add address").click()
    row = desk.page.get_by_role("row", name="noisy@else.example")
    expect(row).to_contain_text("too much")
    desk.page.get_by_role("button", name="Remove noisy@else.example").click()
    expect(row).to_have_count(0)
    desk.page.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("too much")


def test_changes_a_filter_setting(desk: AccountPage, furnished: Localserve) -> None:
    desk.go("filtering", "Filtering")
    part = desk.page.get_by_role("region", name="Introbox")
    part.get_by_label("Mailbox").fill("Inbox")
    part.get_by_role("button", name="Save").click()
    expect(part.get_by_role("alert")).to_contain_text("cannot be Inbox")
    part.get_by_label("Mailbox").fill("Strangers")
    part.get_by_role("button", name="Save").click()
    assert toast(desk.page) == "Introbox: saved"
    assert 'Introbox = "Strangers"' in (furnished.directory / "domains.toml").read_text()
    desk.page.get_by_role("button", name="Undo").click()
    expect(part.get_by_label("Mailbox")).to_have_value("")


def test_tells_how_a_device_is_set_up(desk: AccountPage) -> None:
    desk.go("devices", "Sign-in and devices")
    setup = desk.page.get_by_role("region", name="Set up a device")
    expect(setup.get_by_role("listitem")).to_have_count(4)
    expect(setup).to_contain_text("Reading mail, IMAP · TLS")
    link = setup.get_by_role("link", name="Download the profile").get_attribute("href")
    assert link is not None
    assert "/profile.mobileconfig?addresses=mox%40localhost" in link
    assert setup.get_by_role("img").evaluate("image => image.complete && image.naturalWidth > 100")


def test_changes_rules_of_an_address(desk: AccountPage, furnished: Localserve) -> None:
    desk.go("identity", "Name and addresses")
    desk.page.get_by_role("link", name="Settings of mox@localhost").click()
    desk.page.get_by_role("heading", level=1, name="mox@localhost").wait_for()
    desk.page.get_by_role("button", name="Add rule").click()
    rule = desk.page.get_by_role("group", name="Rule 1")
    rule.get_by_label("Goes to mailbox").fill("Lists")
    desk.page.get_by_role("button", name="Save").click()
    expect(desk.page.get_by_role("alert")).to_contain_text("Rule 1 has no condition")
    rule.get_by_label("From matches").fill("^lists@")
    rule.get_by_role("button", name="Header field").click()
    rule.get_by_label("Header field", exact=True).fill("^list-id$")
    rule.get_by_label("matches", exact=True).fill("mox")
    desk.page.get_by_role("button", name="Add rule").click()
    second = desk.page.get_by_role("group", name="Rule 2")
    second.get_by_label("Verified domain").fill("else.example")
    second.get_by_label("Goes to mailbox").fill("Friends")
    desk.page.get_by_role("button", name="Rule 2: earlier").click()
    desk.page.get_by_role("button", name="Save").click()
    assert toast(desk.page) == "Address: saved"
    stored = (furnished.directory / "domains.toml").read_text()
    assert stored.index('"Friends"') < stored.index('"Lists"')
    desk.page.reload()
    expect(desk.page.get_by_role("group", name="Rule 2").get_by_label("From matches")).to_have_value(
        "^lists@"
    )
    for _ in range(2):
        desk.page.get_by_role("button", name="Remove rule 1").click()
    desk.page.get_by_role("button", name="Save").click()
    expect(desk.page.get_by_text("No rules yet")).to_be_visible()


def test_asks_before_changes_are_lost(desk: AccountPage) -> None:
    desk.go("developers", "Developers")
    desk.page.get_by_label("Hidden capabilities").fill("uidonly")
    desk.page.get_by_label("Hidden capabilities").blur()
    desk.page.get_by_role("link", name="Sending").first.click()
    dialog = desk.page.get_by_role("dialog", name="Leave without saving?")
    expect(dialog.get_by_role("button", name="Stay here")).to_be_focused()
    dialog.get_by_role("button", name="Stay here").click()
    expect(desk.page.get_by_label("Hidden capabilities")).to_have_value("UIDONLY")
    desk.page.get_by_role("button", name="Save").click()
    assert toast(desk.page) == "IMAP: saved"
    desk.page.get_by_label("Hidden capabilities").fill("")
    desk.page.get_by_label("Hidden capabilities").blur()
    desk.page.get_by_role("link", name="Sending").first.click()
    dialog.get_by_role("button", name="Leave").click()
    desk.page.get_by_role("heading", level=1, name="Sending").wait_for()


def test_chooses_events_of_a_webhook(desk: AccountPage, furnished: Localserve) -> None:
    desk.go("developers", "Developers")
    part = desk.page.get_by_role("region", name="Calls about sent mail")
    part.get_by_label("URL").fill("ftp://else.example")
    part.get_by_label("failed").check()
    part.get_by_role("button", name="Save").click()
    expect(part.get_by_label("URL")).to_be_focused()
    part.get_by_label("URL").fill("https://else.example/hook")
    part.get_by_role("button", name="Save").click()
    assert toast(desk.page) == "Calls about sent mail: saved"
    assert "https://else.example/hook" in (furnished.directory / "domains.toml").read_text()


def test_makes_an_app_password_that_signs_in(desk: AccountPage, furnished: Localserve) -> None:
    desk.go("devices", "Sign-in and devices")
    desk.page.get_by_role("button", name="New app password").click()
    desk.page.get_by_label("Device or program").fill("Old phone")
    desk.page.get_by_role("button", name="Make password").click()
    secret = desk.page.get_by_label("App password", exact=True).inner_text()
    desk.page.get_by_role("button", name="Done").click()
    with furnished.imap_client(password=secret) as client:
        assert client.state == "AUTH"
    desk.page.get_by_role("button", name="Remove Old phone").click()
    dialog = desk.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    dialog.get_by_role("button", name="Remove").click()
    expect(desk.page.get_by_text("Old phone", exact=True)).to_have_count(0)


def test_makes_a_key_that_others_programs_read_and_that_signs_in(
    desk: AccountPage, furnished: Localserve, tmp_path: Path
) -> None:
    desk.go("devices", "Sign-in and devices")
    desk.page.get_by_role("button", name="Make a key").click()
    desk.page.get_by_label("Name", exact=True).fill("Møbel phone")
    passphrase = desk.page.get_by_label("Passphrase of the file").input_value()
    with desk.page.expect_download() as downloaded:
        desk.page.get_by_role("button", name="Make key").click()
    file = tmp_path / "key.p12"
    downloaded.value.save_as(file)
    assert downloaded.value.suggested_filename == "Møbel-phone.p12"
    desk.page.get_by_role("button", name="Done").click()
    expect(desk.page.get_by_role("row", name="Møbel phone")).to_contain_text("ECDSA P-256")
    told = openssl("pkcs12", "-in", str(file), "-passin", f"pass:{passphrase}", "-info", "-noout")
    assert "MAC: sha256" in told
    assert told.count("PBES2, PBKDF2, AES-256-CBC") == 2
    assert told.count("PRF hmacWithSHA256") == 2
    pem = tmp_path / "key.pem"
    openssl("pkcs12", "-in", str(file), "-passin", f"pass:{passphrase}", "-nodes", "-out", str(pem))
    text = openssl("x509", "-in", str(pem), "-noout", "-subject", "-dates", "-nameopt", "utf8")
    assert "CN=Møbel phone" in text.replace(" = ", "=")
    assert "notAfter=Dec 31 23:59:59 9999 GMT" in text
    assert "OK" in openssl("verify", "-CAfile", str(pem), "-partial_chain", str(pem))
    assert told_by_nss(file, passphrase, tmp_path).count("Møbel phone") >= 1
    assert greeting(furnished.imaps, pem).startswith(b"* PREAUTH")


def openssl(*arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def told_by_nss(file: Path, passphrase: str, directory: Path) -> str:
    """Bring the file into a database of NSS, as Firefox and Thunderbird do; return what is in it."""
    database = directory / "nss"
    database.mkdir()
    place = ["-d", f"sql:{database}"]
    subprocess.run(["certutil", "-N", *place, "--empty-password"], check=True)
    subprocess.run(["pk12util", "-i", str(file), "-W", passphrase, *place], check=True, capture_output=True)
    listed = subprocess.run(["certutil", "-K", *place], check=True, capture_output=True)
    return listed.stdout.decode()


def greeting(port: int, pem: Path) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(pem)

    with socket.create_connection(("127.0.0.1", port), 10) as plain, context.wrap_socket(plain) as tls:
        return tls.recv(1000)


def test_adds_a_certificate_made_by_the_commands_that_are_shown(desk: AccountPage, tmp_path: Path) -> None:
    desk.go("devices", "Sign-in and devices")
    desk.page.get_by_role("button", name="Add a certificate").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_text("No key yet?").click()
    commands = dialog.get_by_label("Commands").inner_text()
    subprocess.run(["sh", "-ec", commands], cwd=tmp_path, check=True, capture_output=True)
    dialog.get_by_label("Certificate").set_input_files(tmp_path / "laptop-mail.p256.key.pem")
    dialog.get_by_role("button", name="Add key").click()
    expect(dialog.get_by_text("That file holds a private key.")).to_be_visible()
    expect(dialog.get_by_label("Certificate")).to_be_focused()
    dialog.get_by_label("Certificate").set_input_files(tmp_path / "laptop-mail.p256.cert.pem")
    dialog.get_by_role("button", name="Add key").click()
    row = desk.page.get_by_role("row", name="laptop-mail")
    expect(row).to_contain_text("ECDSA P-256")
    desk.page.get_by_role("switch", name=re.compile("laptop-mail")).click()
    expect(row.get_by_role("switch")).not_to_be_checked()
    desk.page.get_by_role("button", name="Change laptop-mail").click()
    dialog.get_by_label("Name").fill("Kitchen")
    dialog.get_by_role("button", name="Save").click()
    desk.page.get_by_role("button", name="Remove Kitchen").click()
    expect(desk.page.get_by_role("row", name="Kitchen")).to_have_count(0)
    desk.page.get_by_role("button", name="Undo").click()
    expect(desk.page.get_by_role("row", name="Kitchen")).to_have_count(1)


def test_signs_another_browser_out(browser: Browser, desk: AccountPage, furnished: Localserve) -> None:
    with account_page(browser, furnished, size="phone") as other:
        other.sign_in().page.get_by_role("heading", name="Overview").wait_for()
        desk.go("devices", "Sign-in and devices")
        desk.page.get_by_role("button", name="Sign out Chrome on Linux").first.click()
        desk.page.locator(".toast-text").wait_for()
        other.open("sending")
        other.page.get_by_role("heading", name="Sign in").wait_for()


def test_changes_the_password(browser: Browser, new_server: Callable[[], Localserve]) -> None:
    server = new_server().start()
    with account_page(browser, server) as page:
        page.sign_in().go("devices", "Sign-in and devices")
        page.page.get_by_role("button", name="Change password").click()
        dialog = page.page.get_by_role("dialog")
        dialog.get_by_label("Current password").fill("wrong password")
        dialog.get_by_role("button", name="Suggest").click()
        chosen = dialog.get_by_label("New password", exact=True).input_value()
        assert len(chosen) == 16
        dialog.get_by_role("button", name="Change password").click()
        expect(dialog.get_by_text("That is not your password.")).to_be_visible()
        dialog.get_by_label("Current password").fill(PASSWORD)
        dialog.get_by_role("button", name="Change password").click()
        page.page.locator(".toast-text").wait_for()
    with account_page(browser, server) as page:
        page.sign_in(password=chosen).page.get_by_role("heading", name="Overview").wait_for()


def test_trouble_is_shown_with_another_try(desk: AccountPage) -> None:
    desk.page.route("**/api/suppressions", lambda route: route.abort())
    desk.open("sending")
    alert = desk.page.get_by_role("alert")
    expect(alert).to_contain_text("The server cannot be reached.")
    desk.page.unroute("**/api/suppressions")
    alert.get_by_role("button", name="Try again").click()
    desk.page.get_by_role("row", name="gone@else.example").wait_for()
    desk.problems.clear()


def test_first_load_is_small_and_fast(browser: Browser, furnished: Localserve) -> None:
    with account_page(browser, furnished, is_tls=True) as page:
        loaded = page.page.evaluate(
            "performance.getEntriesByType('resource').map(each => [each.name, each.encodedBodySize])"
        )
        assert len(loaded) > 10
        octets = sum(size for _, size in loaded)
        assert octets < _FIRST_LOAD_OCTETS, loaded
        began = time.monotonic()
        page.page.reload()
        page.page.get_by_role("heading", name="Sign in").wait_for()
        # A page that is here already; the slack is for a busy machine.
        assert time.monotonic() - began < 3


def test_files_are_kept_by_browsers_and_compressed(furnished: Localserve) -> None:
    page = urllib.request.urlopen(f"http://localhost:{furnished.http}/").read().decode()
    script = re.search(r'src="(assets/[^"]+)"', page)
    assert script is not None
    request = urllib.request.Request(
        f"http://localhost:{furnished.http}/{script[1]}", headers={"Accept-Encoding": "gzip"}
    )
    with urllib.request.urlopen(request) as answer:
        assert "immutable" in answer.headers["cache-control"]
        assert gzip.decompress(answer.read()).startswith(b"//")
