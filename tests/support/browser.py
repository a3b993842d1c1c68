"""A headless Chromium that remembers every request and every complaint of its pages."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, expect, sync_playwright

from tests.support.patience import PATIENCE

ARGUMENTS = (
    "--no-sandbox",  # the tests also run as root in a container
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The shell has no windows, extensions or services around its pages: a page costs a third of the processor's time."""


def program() -> str:
    """Where Chromium is."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    return found or pytest.fail("a browser is needed: apt-get install chromium-headless-shell")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; it is closed on exit."""
    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def profile(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """A new profile: no cookies, no cache. Options are Playwright's."""
    with browser.new_context(**options) as made:
        made.set_default_timeout(1000 * PATIENCE)
        yield made


@dataclass
class Visit:
    """A page with what it asked for and what it complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def hosts(self) -> set[str]:
        """Every host and port that was asked for anything."""
        return {urlsplit(url).netloc for url in self.requests}


@contextlib.contextmanager
def visit(browser: Browser, url: str, width: int = 1920, height: int = 1080) -> Iterator[Visit]:
    """Open a page of its own; requests and complaints are recorded from the very first."""
    with profile(browser, viewport={"width": width, "height": height}) as context:
        visited = Visit(context.new_page())

        def on_request(request: Request) -> None:
            visited.requests.append(request.url)

        def on_console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                visited.complaints.append(message.text)

        def on_error(error: Error) -> None:
            visited.complaints.append(str(error))

        context.on("request", on_request)
        visited.page.on("console", on_console)
        visited.page.on("pageerror", on_error)
        visited.page.goto(url)
        yield visited
