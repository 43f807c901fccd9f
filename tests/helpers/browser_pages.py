"""Reports in a real browser: opened from a file with the network refused, and watched for errors and requests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: reports are not opened in a browser"),
]
READY = "#questions[data-state=ready]"


@contextmanager
def chromium() -> Iterator[Any]:
    """The system's Chromium."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


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
