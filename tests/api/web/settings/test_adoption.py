"""A unit that an edge node reports and nobody has assigned is adopted in the browser: real broker, real collector."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from sukusuku_api.app import follow
from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.db import Operations
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.watching import Watch
from tests.api.applications import create_app
from tests.api.http_server import serving
from tests.collector.fake_edge import FakeEdge
from tests.collector.running_collector import UNIT, check_stored, readings
from tests.collector.small_facility import facility_file
from tests.collector.test_changing_settings import Running, delivering, watched
from tests.support.patience import PATIENCE

NEW = readings("unit-3", 0, 40)


@dataclass
class Backstage:
    """The collector and an edge node, beside the thread of the browser."""

    path: Path
    port: int
    loop: asyncio.AbstractEventLoop = field(init=False)
    edge: FakeEdge = field(init=False)
    running: Running = field(init=False)
    thread: threading.Thread = field(init=False)
    begun: threading.Event = field(default_factory=threading.Event)
    end: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.edge = FakeEdge(self.port, {"unit-3": UNIT})
        self.edge.add(NEW)
        async with watched(self.path) as self.running:
            with delivering(self.edge):
                self.begun.set()
                await self.end.wait()

    def stop(self) -> None:
        """End both; what they have written is whole then."""
        self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join()

    def wait(self, what: Coroutine[Any, Any, None]) -> None:
        """Wait for something that happens there."""
        asyncio.run_coroutine_threadsafe(what, self.loop).result(PATIENCE)


@pytest.fixture
def backstage(broker: int, tmp_path: Path) -> Iterator[Backstage]:
    made = Backstage(facility_file(tmp_path, broker), broker)
    made.thread = threading.Thread(target=lambda: asyncio.run(made.run()), name="collector")
    made.thread.start()
    assert made.begun.wait(PATIENCE)
    yield made
    if made.thread.is_alive():
        made.stop()


def test_an_unassigned_unit_is_adopted_and_its_waiting_readings_are_stored(
    browser: Browser, backstage: Backstage, tmp_path: Path
) -> None:
    backstage.wait(backstage.edge.reached(len(NEW)))
    source = FacilityFile(backstage.path)
    document = source.read()
    facility = source.check(document.text)
    store, operations = LazyStore(tmp_path / "readings.db"), Operations(facility.operations.url)
    app = create_app(facility, store, operations)
    follow(app, Watch(source, document.version))
    with serving(app) as url:
        page = browser.new_page(base_url=url, viewport={"width": 1280, "height": 900})
        page.goto("/settings?lang=ja")
        page.get_by_role("link", name="未登録の機器 1").click()
        device = page.locator(".device")
        expect(device).to_contain_text("unit-3")
        expect(device.get_by_role("row", name="充填率")).to_contain_text("0.39 %")
        device.get_by_role("link", name="登録する").click()
        page.get_by_role("button", name="変更内容を確認").click()
        expect(page.locator(".field", has=page.locator("[name=site]")).locator(".mistake")).to_have_text(
            "入力してください。"
        )
        page.select_option("[name=site]", "tobu")
        page.fill("[name='name.ja']", "圧縮機 3号")
        page.get_by_role("button", name="変更内容を確認").click()
        expect(page.locator(".changes")).to_contain_text("圧縮機 3号")
        page.fill("[name=by]", "鈴木")
        page.get_by_role("button", name="保存").click()
        expect(page.get_by_text("圧縮機 3号")).to_be_visible()
        backstage.wait(backstage.running.until("SELECT count(*) FROM unassigned", [(0,)]))
        page.goto("/settings/devices?lang=ja")
        expect(page.get_by_text("未登録の機器はありません。")).to_be_visible()
        page.close()
    store.close()
    operations.close()
    backstage.stop()
    check_stored(tmp_path / "readings.db", NEW)
