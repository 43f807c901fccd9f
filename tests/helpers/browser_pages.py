"""Reports in a real browser: opened from a file with the network refused, and watched for errors and requests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FIREFOX = os.environ.get("PROCTOR_FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
BROWSERS = ("chromium", "firefox")
"""In each of them every test marked so is run; where one is not there, its tests are skipped with the reason."""
READY = "#questions[data-state=ready]"
needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: pages are not opened in it"),
]
"""Of files whose tests are of Chromium alone."""
_OVER_BIDI: list[Any] = []


@contextmanager
def chromium() -> Iterator[Any]:
    """The system's Chromium."""
    with opened_browser("chromium") as browser:
        yield browser


@contextmanager
def opened_browser(name: str) -> Iterator[Any]:
    """A browser of the system, by Playwright.

    Firefox as its makers build it is spoken to by WebDriver BiDi, which Playwright has for trial: whether a release of
    one goes with a release of the other is found by opening a page. Where Playwright's own Firefox is installed, it is
    taken.

    Args:
        name: Of :data:`BROWSERS`.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = _chromium(playwright) if name == "chromium" else _firefox(playwright)
        yield browser
        browser.close()


def _chromium(playwright: Any) -> Any:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: pages are not opened in it")
    return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


def _firefox(playwright: Any) -> Any:
    if Path(playwright.firefox.executable_path).is_file():
        return playwright.firefox.launch()
    if FIREFOX is None:
        pytest.skip("there is no Firefox: pages are not opened in it")
    try:
        browser = playwright.firefox.launch(executable_path=FIREFOX, channel="moz-firefox")
        browser.new_page().close()
    except playwright_error() as error:
        reason = str(error).strip().split("\n")[-1]
        pytest.skip(f"this Playwright and this Firefox do not go together, pages are not opened in it: {reason}")
    _OVER_BIDI.append(browser)
    return browser


def needs_more_than_bidi(browser: Any, what: str) -> None:
    """Skip a test of what Playwright does not do over WebDriver BiDi.

    Args:
        browser: The browser.
        what: What the test needs.
    """
    if any(browser is one for one in _OVER_BIDI):
        pytest.skip(f"Playwright has no {what} over WebDriver BiDi, by which it speaks to this Firefox")


def playwright_error() -> type[Exception]:
    """What Playwright raises."""
    from playwright.sync_api import Error

    return Error


class Opened:
    """A page and what happened in it: requests that left, errors of its console."""

    def __init__(self, browser: Any, file: Path, address: str = "", **options: Any) -> None:
        self.context = browser.new_context(offline=True, **options)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(file.as_uri() + address)

    def ready(self) -> Any:
        """The page, once its list is there."""
        self.page.locator(READY).wait_for()
        return self.page

    def count(self) -> int:
        """How many questions the view has."""
        self.ready()
        return int(self.page.locator("#questions").get_attribute("data-count"))

    def shown(self) -> list[str]:
        """The questions in the list's window, in their order."""
        return [row.get_attribute("data-key") for row in self.page.locator("#q-list [data-key]").all()]

    def left(self) -> list[str]:
        """Requests that were not for the file itself."""
        return [url for url in self.requests if not url.startswith(("file:", "blob:", "data:"))]

    def close(self) -> None:
        """Close the page."""
        self.context.close()
