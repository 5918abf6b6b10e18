"""Pictures of the pages, for people to look at: each section, desktop and phone, light and dark.

`make screenshots` runs it; the pictures are in build/screenshots.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from endtoend.accountworld import furnish
from endtoend.localserve import Localserve
from endtoend.pages import SIZES, AccountPage, Theme, account_page, chromium

SECTIONS = {
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
DIALOGS = {"Make a key": "make-key", "Add a certificate": "add-key", "Change password": "password"}
THEMES: tuple[Theme, ...] = ("light", "dark")


def take(page: AccountPage, directory: Path, name: str) -> None:
    """Take one picture."""
    page.page.screenshot(path=directory / f"{name}.png")
    print(f"{name}.png")


def take_more(page: AccountPage, directory: Path, prefix: str) -> None:
    """Take pictures of what appears after something was done."""
    shown = page.page
    shown.get_by_role("button", name="Make a key").click()
    shown.get_by_label("Name", exact=True).fill("Tablet")
    shown.get_by_role("button", name="Make key").click()
    shown.get_by_role("button", name="Done").wait_for()
    take(page, directory, f"{prefix}-made-key")
    shown.get_by_role("button", name="Done").click()
    shown.get_by_role("button", name="Remove Tablet").click()
    shown.locator(".toast-text").wait_for()
    take(page, directory, f"{prefix}-toast")
    shown.get_by_role("button", name=re.compile("Account menu")).click()
    take(page, directory, f"{prefix}-menu")
    shown.keyboard.press("Escape")
    page.go("address/mox@localhost", "mox@localhost")
    shown.get_by_role("button", name="Add rule").click()
    shown.get_by_label("From matches").fill("@lists\\.example$")
    take(page, directory, f"{prefix}-rule")


def main() -> None:
    """Take them all."""
    directory = Path(__file__).parent.parent / "build" / "screenshots"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as temporary:
        server = Localserve(Path(temporary)).start()
        try:
            furnish(server)
            with chromium() as browser:
                for size in SIZES:
                    for theme in THEMES:
                        with account_page(browser, server, size=size, theme=theme) as page:
                            page.page.get_by_role("heading", name="Sign in").wait_for()
                            take(page, directory, f"{size}-{theme}-sign-in")
                            page.sign_in()
                            for section, heading in SECTIONS.items():
                                page.go(section, heading)
                                take(page, directory, f"{size}-{theme}-{section.partition('/')[0]}")
                            page.go("devices", SECTIONS["devices"])
                            for button, name in DIALOGS.items():
                                page.page.get_by_role("button", name=button).click()
                                page.page.get_by_role("dialog").wait_for()
                                take(page, directory, f"{size}-{theme}-{name}")
                                page.page.get_by_role("button", name="Close").click()
                            take_more(page, directory, f"{size}-{theme}")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
