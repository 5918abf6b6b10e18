"""The pages' first load in a real Chromium: octets on the way, and the time until a person can do something.

Each load has a browser context of its own, so nothing is there from before. Needs Debian's chromium; without
it this is left out.
"""

import shutil
import statistics
from pathlib import Path

from bench.server import PASSWORD, USER, LocalServer, Report
from playwright.sync_api import Browser, sync_playwright

_LOADS = 9
# Of a browser, whose machine has no way to its maker.
_ARGUMENTS = ["--no-sandbox", "--disable-background-networking"]
_READY = """heading => new Promise(resolve => {
    const look = () => [...document.querySelectorAll("h1")].some(each => each.textContent.trim() === heading)
        ? resolve(performance.now()) : requestAnimationFrame(look)
    look()
})"""
_OCTETS = """() => performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
    .reduce((all, each) => all + each.transferSize, 0)"""


def measure_pages(server: LocalServer, report: Report, scale: float) -> None:
    """Load the account page, as somebody who has to sign in, and as one who is signed in."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("pages: no chromium, left out")
        return
    address = f"http://localhost:{server.offset + 80}/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=Path(chromium), args=_ARGUMENTS)
        for name, state in (("sign_in", None), ("overview", _signed_in(browser, address))):
            heading = {"sign_in": "Sign in", "overview": "Overview"}[name]
            loads = [_load(browser, address, heading, state) for _ in range(max(3, round(_LOADS * scale)))]
            report(f"pages_{name}_octets", loads[0][1] / 1000, "kB")
            report(f"pages_{name}_ready", statistics.median(ready for ready, _ in loads), "ms")
            report(f"pages_{name}_ready_slowest", max(ready for ready, _ in loads), "ms")
        browser.close()


def _signed_in(browser: Browser, address: str) -> object:
    """Sign in; return the cookies."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Email address").fill(USER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Overview").wait_for()
    state = context.storage_state()
    context.close()
    return state


def _load(browser: Browser, address: str, heading: str, state: object) -> tuple[float, float]:
    """Return milliseconds from the beginning of the navigation until the heading is there, and octets."""
    context = browser.new_context(storage_state=state)  # type: ignore[arg-type]  # what it made itself
    page = context.new_page()
    page.goto(address, wait_until="commit")
    ready, octets = float(page.evaluate(_READY, heading)), float(page.evaluate(_OCTETS))
    context.close()
    return ready, octets
