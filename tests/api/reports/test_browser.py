"""A month report is issued, differs after late readings, and is issued again corrected, in a real Chromium."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from sukusuku_api.lazy_store import LazyStore
from sukusuku_api.reports.generate import WRITERS
from sukusuku_server.settings import Language
from tests.api.applications import create_app
from tests.api.http_server import serving
from tests.api.reports import report_cases
from tests.api.reports.test_issue import late
from tests.support.browser import visit

WORDS: dict[Language, tuple[str, ...]] = {
    "en": (
        "Your name",
        "Issue",
        "What would differ?",
        "Issue a corrected report",
        "replaces No. 1",
        "replaced by No. 2",
    ),
    "ja": ("お名前", "発行", "変わる箇所", "訂正版を発行", "第1号の訂正版", "第2号に訂正済み"),
}


@pytest.mark.parametrize(("language", "width"), [("ja", 390), ("en", 1280)])
def test_a_report_is_issued_corrected_and_issued_again(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: Language, width: int
) -> None:
    monkeypatch.setitem(WRITERS, "pdf", lambda _: b"%PDF-1.7")
    facility, store, operations = report_cases.write(tmp_path)
    name, issue, differ, correct, replaces, replaced = WORDS[language]
    lazy = LazyStore(tmp_path / "readings.db")
    with (
        serving(create_app(facility, lazy, operations, lambda: report_cases.MADE)) as url,
        visit(browser, f"{url}/reports?lang={language}", width, 900) as seen,
    ):
        page = seen.page
        page.get_by_label(name).fill("佐藤")
        page.get_by_role("button", name=issue, exact=True).click()
        expect(page.locator("#no-1")).to_contain_text("佐藤")
        with page.expect_download() as downloaded:
            page.locator("#no-1").get_by_role("link", name="ZIP").click()
        first = Path(downloaded.value.path()).read_bytes()

        late(store)
        page.locator("#no-1").get_by_role("link", name=differ).click()
        changes = page.locator("#changes")
        expect(changes.get_by_role("row").filter(has_text="+9.0").first).to_be_visible()
        listed = changes.locator(".scroll")
        assert listed.evaluate("element => element.scrollWidth <= element.clientWidth"), "all of it is seen at once"
        assert listed.locator("td").first.evaluate("element => element.clientWidth") > 90, "no column of single letters"

        changes.get_by_label(name).fill("高橋")
        changes.get_by_role("button", name=correct).click()
        expect(page.locator("#no-2")).to_contain_text(replaces)
        expect(page.locator("#no-1")).to_contain_text(replaced)

        with page.expect_download() as downloaded:
            page.locator("#no-1").get_by_role("link", name="ZIP").click()
        assert Path(downloaded.value.path()).read_bytes() == first, "to the byte"
        with page.expect_download() as downloaded:
            page.locator("#no-2").get_by_role("link", name="ZIP").click()
        assert Path(downloaded.value.path()).read_bytes() != first
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert seen.complaints == []
    lazy.close()
    store.close()
    operations.close()
