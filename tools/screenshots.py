"""Pictures of the pages, for people to look at: each section, desktop and phone, light and dark.

`make screenshots` runs it; the pictures are in build/screenshots.
"""

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
    "developers": "Developers",
}
DIALOGS = {"Make a key": "make-key", "Add a certificate": "add-key", "Change password": "password"}
THEMES: tuple[Theme, ...] = ("light", "dark")


def take(page: AccountPage, directory: Path, name: str) -> None:
    """Take one picture."""
    page.page.screenshot(path=directory / f"{name}.png")
    print(f"{name}.png")


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
        finally:
            server.stop()


if __name__ == "__main__":
    main()
