"""A Chromium that looks at the account pages of a server, as desktop or phone, light or dark."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from endtoend.localserve import PASSWORD, USER, Localserve

Theme = Literal["light", "dark"]
SIZES = {"desk": (1280, 860), "phone": (390, 844)}
# axe looks at what is shown; these are all that it can look at.
_AXE = {"resultTypes": ["violations"]}


@dataclass
class AccountPage:
    """A page, and what went wrong on it."""

    page: Page
    problems: list[str]
    base: str

    def open(self, section: str = "overview") -> "AccountPage":
        self.page.goto(f"{self.base}#/{section}")
        return self

    def sign_in(self, username: str = USER, password: str = PASSWORD) -> "AccountPage":
        self.page.get_by_label("Email address").fill(username)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        return self

    def go(self, section: str, heading: str) -> "AccountPage":
        self.open(section)
        self.page.get_by_role("heading", level=1, name=heading).wait_for()
        # Until nothing is being read any more.
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        return self

    def check_accessible(self) -> None:
        """Have axe look; and nothing on the page is wider than the page."""
        result = Axe().run(self.page, options=_AXE)
        told = [
            f"{each['id']}: {[node['html'] for node in each['nodes']][:3]}"
            for each in result.response["violations"]
        ]
        assert not told, told
        too_wide = self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not too_wide


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def account_page(
    browser: Browser,
    server: Localserve,
    *,
    size: str = "desk",
    theme: Theme = "light",
    is_tls: bool = False,
    port: int = 0,
) -> Iterator[AccountPage]:
    """Open the pages, maybe by another port; what the console complains about is a failure."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        ignore_https_errors=True,
        has_touch=size == "phone",
        is_mobile=size == "phone",
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/Amsterdam",
        permissions=["clipboard-write"],
    )
    context.set_default_timeout(10_000)
    page, problems = context.new_page(), list[str]()

    def complain(message: ConsoleMessage) -> None:
        # That there is no session yet is told by a status, which the console repeats.
        if message.type in {"error", "warning"} and "status of 4" not in message.text:
            problems.append(message.text)

    page.on("console", complain)
    page.on("pageerror", lambda error: problems.append(str(error)))
    base = f"https://localhost:{server.https}/" if is_tls else f"http://localhost:{port or server.http}/"
    shown = AccountPage(page, problems, base).open()
    page.locator("main").wait_for()
    yield shown
    context.close()
    assert not problems, problems
